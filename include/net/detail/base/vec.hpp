// A row of things in one block of memory that grows. Internal; each std::vector<T> costs some sixty functions.
#ifndef NET_DETAIL_BASE_VEC_HPP
#define NET_DETAIL_BASE_VEC_HPP

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <net/detail/base/abi.hpp>
#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

/// What the library does with a std::vector, and no more. A span of it is made by hand, from `begin()` and `size()`.
template <class T>
class Vec {
  static_assert(noexcept(T(std::declval<T>())));

 public:
  Vec() noexcept = default;
  Vec(Vec&& other) noexcept { swap(other); }
  Vec& operator=(Vec&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Vec() {
    clear();
    ::operator delete(items_);
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t at) noexcept { return items_[at]; }
  const T& operator[](std::size_t at) const noexcept { return items_[at]; }
  T* begin() noexcept { return items_; }
  T* end() noexcept { return items_ + size_; }
  const T* begin() const noexcept { return items_; }
  const T* end() const noexcept { return items_ + size_; }
  T& back() noexcept { return items_[size_ - 1]; }
  std::size_t capacity() const noexcept { return capacity_; }

  /// To exactly so much, if it is more than there is.
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push(T value) {
    if (size_ == capacity_) [[unlikely]]
      grow(capacity_ ? capacity_ * 2 : 4);
    ::new (static_cast<void*>(items_ + size_)) T(std::move(value));
    ++size_;
  }
  void insert(std::size_t at, T value) {
    if (at == size_) return push(std::move(value));
    push(std::move(back()));
    for (std::size_t i = size_ - 2; i > at; --i) items_[i] = std::move(items_[i - 1]);
    items_[at] = std::move(value);
  }
  void pop() noexcept { items_[--size_].~T(); }
  void erase(std::size_t begin, std::size_t end) noexcept {
    if (begin == end) return;
    for (; end < size_; ++begin, ++end) items_[begin] = std::move(items_[end]);
    while (size_ > begin) pop();
  }
  /// A copy of those from `begin` to before `end`.
  Vec part(std::size_t begin, std::size_t end) const {
    Vec copy;
    copy.reserve(end - begin);
    for (; begin < end; ++begin) copy.push(items_[begin]);
    return copy;
  }
  void clear() noexcept {
    while (size_ > 0) pop();
  }
  void swap(Vec& other) noexcept {
    items_ = detail::exchange(other.items_, items_);
    size_ = detail::exchange(other.size_, size_);
    capacity_ = detail::exchange(other.capacity_, capacity_);
  }

 private:
  NET_GNU(noinline) void grow(std::size_t larger) {
    T* items = static_cast<T*>(::operator new(larger * sizeof(T)));
    for (std::size_t i = 0; i < size_; ++i) {
      ::new (static_cast<void*>(items + i)) T(std::move(items_[i]));
      items_[i].~T();
    }
    ::operator delete(items_);
    items_ = items;
    capacity_ = larger;
  }

  T* items_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif

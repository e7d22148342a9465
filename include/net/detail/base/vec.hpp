// A row of things in one block of memory that grows. Internal; each std::vector<T> costs some sixty functions.
#ifndef NET_DETAIL_BASE_VEC_HPP
#define NET_DETAIL_BASE_VEC_HPP

#include <cstddef>
#include <new>
#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// What a Vec is, whatever it holds.
class VecSpace {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }

 protected:
  VecSpace() noexcept = default;
  VecSpace(VecSpace&& other) noexcept { swap(other); }
  VecSpace& operator=(VecSpace&& other) noexcept {
    swap(other);
    return *this;
  }
  ~VecSpace() { ::operator delete(items_); }

  void swap(VecSpace& other) noexcept {
    void* const items = items_;
    const std::size_t size = size_, capacity = capacity_;
    items_ = other.items_, size_ = other.size_, capacity_ = other.capacity_;
    other.items_ = items, other.size_ = size, other.capacity_ = capacity;
  }
  std::size_t larger() const noexcept { return capacity_ ? capacity_ * 2 : 4; }

  void* items_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

/// What the library does with a std::vector, and no more. A span of it is made by hand, from `begin()` and `size()`.
template <class T>
class Vec : public VecSpace {
  static_assert(noexcept(T(std::declval<T>())));

 public:
  Vec() noexcept = default;
  Vec(Vec&& other) noexcept = default;
  Vec& operator=(Vec&& other) noexcept = default;
  ~Vec() { shrink(0); }

  T& operator[](std::size_t at) noexcept { return static_cast<T*>(items_)[at]; }
  const T& operator[](std::size_t at) const noexcept { return static_cast<const T*>(items_)[at]; }
  T* begin() noexcept { return static_cast<T*>(items_); }
  T* end() noexcept { return static_cast<T*>(items_) + size_; }
  const T* begin() const noexcept { return static_cast<const T*>(items_); }
  const T* end() const noexcept { return static_cast<const T*>(items_) + size_; }
  T& back() noexcept { return static_cast<T*>(items_)[size_ - 1]; }

  /// To exactly so much, if it is more than there is.
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push(T value) {
    if (size_ == capacity_) [[unlikely]]
      grow(larger());
    ::new (static_cast<void*>(static_cast<T*>(items_) + size_)) T(static_cast<T&&>(value));
    ++size_;
  }
  void insert(std::size_t at, T value) {
    if (at == size_) return push(static_cast<T&&>(value));
    push(static_cast<T&&>(back()));
    T* const items = static_cast<T*>(items_);
    for (std::size_t i = size_ - 2; i > at; --i) items[i] = static_cast<T&&>(items[i - 1]);
    items[at] = static_cast<T&&>(value);
  }
  void pop() noexcept { shrink(size_ - 1); }
  void erase(std::size_t begin, std::size_t end) noexcept {
    if (begin == end) return;
    T* const items = static_cast<T*>(items_);
    for (; end < size_; ++begin, ++end) items[begin] = static_cast<T&&>(items[end]);
    shrink(begin);
  }
  /// A copy of those from `begin` to before `end`.
  Vec part(std::size_t begin, std::size_t end) const {
    Vec copy;
    copy.reserve(end - begin);
    for (; begin < end; ++begin) copy.push((*this)[begin]);
    return copy;
  }
  void clear() noexcept { shrink(0); }
  void swap(Vec& other) noexcept { VecSpace::swap(other); }

 private:
  void shrink(std::size_t size) noexcept {
    while (size_ > size) static_cast<T*>(items_)[--size_].~T();
  }

  NET_GNU(noinline) void grow(std::size_t larger) {
    T* const from = static_cast<T*>(items_);
    T* const to = static_cast<T*>(::operator new(larger * sizeof(T)));
    for (std::size_t i = 0; i < size_; ++i) {
      ::new (static_cast<void*>(to + i)) T(static_cast<T&&>(from[i]));
      from[i].~T();
    }
    ::operator delete(items_);
    items_ = to;
    capacity_ = larger;
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

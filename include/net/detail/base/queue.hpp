// First in, first out, in one block of memory that is kept. Internal.
#ifndef NET_DETAIL_BASE_QUEUE_HPP
#define NET_DETAIL_BASE_QUEUE_HPP

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// What a Queue is, whatever waits in it.
class QueueSpace {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// As `Queue::expect`, without memory: only if there is space. So it is when the last one was just taken.
  bool expect_if_space() noexcept {
    if (size_ == limit_) return false;
    ++expected_;
    --limit_;
    return true;
  }
  void expect_no_more() noexcept {
    --expected_;
    ++limit_;
  }

 protected:
  QueueSpace() noexcept = default;
  QueueSpace(const QueueSpace&) = delete;
  QueueSpace& operator=(const QueueSpace&) = delete;
  ~QueueSpace() { ::operator delete(ring_); }

  /// Where the one stands that is taken after so many others.
  std::size_t place_of(std::size_t at) const noexcept { return (first_ + at) & (capacity_ - 1); }

  void swap_items(QueueSpace& other) noexcept {
    void* const ring = ring_;
    const std::size_t capacity = capacity_, first = first_, size = size_;
    ring_ = other.ring_, capacity_ = other.capacity_, first_ = other.first_, size_ = other.size_;
    other.ring_ = ring, other.capacity_ = capacity, other.first_ = first, other.size_ = size;
  }
  void swap(QueueSpace& other) noexcept {
    swap_items(other);
    const std::size_t limit = limit_, expected = expected_;
    limit_ = other.limit_, expected_ = other.expected_;
    other.limit_ = limit, other.expected_ = expected;
  }

  void* ring_ = nullptr;
  std::size_t capacity_ = 0, first_ = 0, size_ = 0;
  std::size_t limit_ = 0;     // of the size, so that there is space for what is expected
  std::size_t expected_ = 0;  // pushes that must not fail
};

/// A ring that grows. In steady state pushing and taking allocate nothing.
template <class T>
class Queue : public QueueSpace {
  static_assert(noexcept(T(std::declval<T>())));

 public:
  Queue() noexcept = default;
  Queue(Queue&& other) noexcept { swap(other); }
  Queue& operator=(Queue&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Queue() { clear(); }

  void push(T&& value) {
    if (size_ == limit_) [[unlikely]]
      grow();
    place(static_cast<T&&>(value));
  }

  /// Space for so many more, so that pushing them cannot fail.
  void reserve(std::size_t more) {
    while (limit_ - size_ < more) grow();
  }

  /// One will be pushed when there may be no memory: there is space for it from now on, whatever else is pushed.
  void expect() {
    reserve(1);
    ++expected_;
    --limit_;
  }
  void push_expected(T&& value) noexcept {
    expect_no_more();
    place(static_cast<T&&>(value));
  }
  /// A callable, which has to need no memory either.
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, T>) && requires { T::template fits<F>; }
  void push_expected(F&& callable) noexcept {
    static_assert(T::template fits<std::decay_t<F>>, "what was promised a place is larger than the place");
    push_expected(T(static_cast<F&&>(callable)));
  }

  template <class... Args>
  void emplace(Args&&... args) {
    if (size_ == limit_) [[unlikely]]
      grow();
    place(static_cast<Args&&>(args)...);
  }

  /// What was pushed last goes again.
  void take_back() noexcept { ring()[place_of(--size_)].~T(); }

  /// At the other end: the next one that is taken.
  void push_front(T&& value) {
    if (size_ == limit_) [[unlikely]]
      grow();
    const std::size_t at = place_of(capacity_ - 1);
    ::new (static_cast<void*>(ring() + at)) T(static_cast<T&&>(value));
    first_ = at;
    ++size_;
  }
  T& first() noexcept { return ring()[first_]; }
  const T& first() const noexcept { return ring()[first_]; }

  /// The one that is taken after so many others.
  const T& operator[](std::size_t at) const noexcept { return ring()[place_of(at)]; }

  T pop_front() noexcept {
    T* front = ring() + first_;
    T value(static_cast<T&&>(*front));
    front->~T();
    first_ = place_of(1);
    --size_;
    return value;
  }

  void clear() noexcept {
    while (size_ > 0) (void)pop_front();
  }
  void swap(Queue& other) noexcept { QueueSpace::swap(other); }
  /// Takes all that is in the other one, when this one is empty. Each keeps the space for what it expects.
  void take_all(Queue& other) {
    reserve(other.expected_);
    swap_items(other);
    limit_ = capacity_ - expected_;
    other.limit_ = other.capacity_ - other.expected_;
  }

 private:
  T* ring() const noexcept { return static_cast<T*>(ring_); }

  template <class... Args>
  void place(Args&&... args) {
    ::new (static_cast<void*>(ring() + place_of(size_))) T(static_cast<Args&&>(args)...);
    ++size_;
  }

  NET_GNU(noinline) void grow() {
    const std::size_t larger = capacity_ ? capacity_ * 2 : 16;
    T* to = static_cast<T*>(::operator new(larger * sizeof(T)));
    const std::size_t count = size_;
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(to + i)) T(pop_front());
    ::operator delete(ring_);
    ring_ = to;
    capacity_ = larger;
    first_ = 0;
    size_ = count;
    limit_ = larger - expected_;
  }
};

/// A place in a queue for what has to come even without memory; given back if it is not used. Making one right after
/// something was taken from the queue needs no memory.
template <class T>
class Place {
 public:
  explicit Place(Queue<T>& queue) : queue_(queue) { queue.expect(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!used_) queue_.expect_no_more();
  }
  void push(T&& value) noexcept {
    used_ = true;
    queue_.push_expected(static_cast<T&&>(value));
  }
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, T>) && requires { T::template fits<F>; }
  void push(F&& callable) noexcept {
    static_assert(T::template fits<std::decay_t<F>>, "what was promised a place is larger than the place");
    push(T(static_cast<F&&>(callable)));
  }

 private:
  Queue<T>& queue_;
  bool used_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif

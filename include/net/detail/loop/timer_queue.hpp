// Which timer is due next. Internal; knows no clock.
#ifndef NET_DETAIL_LOOP_TIMER_QUEUE_HPP
#define NET_DETAIL_LOOP_TIMER_QUEUE_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/vec.hpp>

namespace net::inline NET_ABI::detail {

/// What a timer must have to stand in the queue.
struct TimerNode {
  static constexpr std::size_t absent = ~std::size_t{};

  std::uint64_t due = 0;    // ms of the loop's clock
  std::uint64_t order = 0;  // among equal times, the one made first comes first
  std::size_t place = absent;

  bool queued() const noexcept { return place != absent; }
};

/// A binary heap; every node knows its place, so that any can be taken out.
class TimerQueue {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  TimerNode* first() const noexcept { return heap_[0]; }

  /// Space for one more, beside those that are kept.
  void reserve_one();

  /// The place of a timer that is being called, so that it can be started again when there is no memory.
  class Place {
   public:
    explicit Place(TimerQueue& queue) : queue_(queue) {
      queue.reserve_one();
      ++queue.kept_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }
    void leave() noexcept {
      if (detail::exchange(held_, false)) --queue_.kept_;
    }

   private:
    TimerQueue& queue_;
    bool held_ = true;
  };

  void insert(TimerNode& node, std::uint64_t due);

  void remove(TimerNode& node) noexcept;

 private:
  static bool before(const TimerNode& a, const TimerNode& b) noexcept {
    return a.due != b.due ? a.due < b.due : a.order < b.order;
  }
  void put(std::size_t at, TimerNode* node) noexcept {
    heap_[at] = node;
    node->place = at;
  }
  void rise(std::size_t at) noexcept;
  void sink(std::size_t at) noexcept;

  Vec<TimerNode*> heap_;
  std::size_t kept_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/loop/timer_queue.ipp>

#endif

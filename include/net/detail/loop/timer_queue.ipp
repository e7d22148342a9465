// The bodies of timer_queue.hpp. Internal.
#ifndef NET_DETAIL_LOOP_TIMER_QUEUE_IPP
#define NET_DETAIL_LOOP_TIMER_QUEUE_IPP

#include <net/detail/loop/timer_queue.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void TimerQueue::reserve_one() {
  const std::size_t needed = heap_.size() + kept_ + 1;
  if (needed > heap_.capacity()) [[unlikely]]
    heap_.reserve(needed < 8 ? 8 : 2 * needed);
}

NET_API void TimerQueue::insert(TimerNode& node, std::uint64_t due) {
  node.due = due;
  node.order = ++made_;
  heap_.push(&node);
  node.place = heap_.size() - 1;
  rise(node.place);
}

NET_API void TimerQueue::remove(TimerNode& node) noexcept {
  const std::size_t hole = node.place;
  node.place = TimerNode::absent;
  TimerNode* last = heap_.back();
  heap_.pop();
  if (last == &node) return;
  put(hole, last);
  rise(hole);
  sink(last->place);
}

NET_API void TimerQueue::rise(std::size_t at) noexcept {
  TimerNode* node = heap_[at];
  while (at > 0 && before(*node, *heap_[(at - 1) / 2])) {
    put(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  put(at, node);
}

NET_API void TimerQueue::sink(std::size_t at) noexcept {
  TimerNode* node = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *node)) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, node);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of listeners.hpp. Internal.
#ifndef NET_DETAIL_EVENTS_LISTENERS_IPP
#define NET_DETAIL_EVENTS_LISTENERS_IPP

#include <net/detail/events/listeners.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

NET_API std::size_t Listeners::count(unsigned event) const noexcept {
  std::size_t found = 0;
  for (const ListenerRecord* r = first_; r; r = r->next) found += r->event == event && !r->is(ListenerRecord::removed);
  return found;
}

NET_API int Listeners::remove(std::uint64_t id) noexcept {
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->id != id || r->is(ListenerRecord::removed)) continue;
    const int event = r->event;
    retire(*r);
    if (depth_ == 0) settle();
    return event;
  }
  return -1;
}

NET_API std::uint32_t Listeners::remove_own(std::uint64_t first, std::uint64_t last) noexcept {
  std::uint32_t events = 0;
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->id < first || r->id > last || !r->is(ListenerRecord::own) || r->is(ListenerRecord::removed)) continue;
    events |= 1u << r->event;
    retire(*r);
  }
  if (depth_ == 0) settle();
  return events;
}

NET_API void Listeners::remove_all(unsigned event) noexcept {
  for (ListenerRecord* r = first_; r; r = r->next) {
    if (r->event == event) mark_removed(*r);
  }
  present_ &= ~(1u << event);
  if (depth_ == 0) settle();
}

NET_API void Listeners::mark_removed(ListenerRecord& r) noexcept {
  if (r.is(ListenerRecord::removed)) return;
  r.mark(ListenerRecord::removed);
  r.gone = depth_;
  present_ |= unsettled;
}

NET_API void Listeners::retire(ListenerRecord& r) noexcept {
  mark_removed(r);
  for (const ListenerRecord* other = first_; other; other = other->next) {
    if (other->event == r.event && !other->is(ListenerRecord::removed)) return;
  }
  present_ &= ~(1u << r.event);
}

NET_GNU(noinline) NET_API Listeners::Turn Listeners::turn_of(ListenerRecord& r) noexcept {
  if (r.is(ListenerRecord::removed) && (r.is(ListenerRecord::own) || depth_ > r.gone)) return Turn::none;
  if (!r.is(ListenerRecord::once)) return Turn::call;
  if (r.is(ListenerRecord::fired)) return Turn::none;
  r.mark(ListenerRecord::fired);
  if (r.is(ListenerRecord::removed)) return Turn::call;
  retire(r);
  return Turn::last;
}

NET_GNU(noinline) NET_API void Listeners::settle() noexcept {
  if ((present_ & unsettled) == 0) return;
  if (depth_ > 0) {
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->gone > depth_) r->gone = depth_;
    }
    return;
  }
  present_ &= ~unsettled;
  ListenerRecord* dead = nullptr;
  ListenerRecord** end = &dead;
  last_ = nullptr;
  for (ListenerRecord** link = &first_; *link;) {
    ListenerRecord* const r = *link;
    if (r->is(ListenerRecord::removed)) {
      *link = r->next;
      r->next = nullptr;
      *end = r;
      end = &r->next;
    } else {
      last_ = r;
      link = &r->next;
    }
  }
  while (dead) destroy(*detail::exchange(dead, dead->next));
}

NET_API void Listeners::link(ListenerRecord* record, bool front) noexcept {
  if (front || !first_) {
    record->next = first_;
    first_ = record;
    if (!last_) last_ = record;
  } else {
    record->next = nullptr;
    last_->next = record;
    last_ = record;
  }
}

NET_API void* Listeners::allocate(std::size_t size) {
  size = rounded(size);
  if (blocks_) {
    for (ListenerRecord** at = &blocks_->spare; *at; at = &(*at)->next) {
      if ((*at)->size * unit == size) return detail::exchange(*at, (*at)->next);
    }
    if (blocks_->size - blocks_->used >= size) {
      void* place = reinterpret_cast<char*>(blocks_ + 1) + blocks_->used;
      blocks_->used += static_cast<std::uint32_t>(size);
      return place;
    }
  }
  std::size_t place = blocks_ ? std::size_t{blocks_->size} * 2 : first_block;
  if (place > largest_block) place = largest_block;
  if (place < size) place = size;
  auto* block =
      ::new (::operator new(sizeof(Block) + place)) Block{blocks_, nullptr, 0, static_cast<std::uint32_t>(place)};
  if (blocks_) block->spare = detail::exchange(blocks_->spare, nullptr);
  blocks_ = block;
  block->used = static_cast<std::uint32_t>(size);
  return block + 1;
}

NET_API void Listeners::recycle(void* place, std::size_t size) noexcept {
  auto* spare = ::new (place) ListenerRecord;
  spare->size = static_cast<std::uint16_t>(rounded(size) / unit);
  spare->next = detail::exchange(blocks_->spare, spare);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of promise.hpp. Internal.
#ifndef NET_PROMISE_IPP
#define NET_PROMISE_IPP

#include <net/promise.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Behind the others: who waits first goes on first.
NET_API void PromiseWait::link_to(PromiseWait*& first) noexcept {
  PromiseWait** at = &first;
  while (*at) at = &(*at)->next;
  *at = this;
  link = at;
}

NET_API void PromiseWait::unlink() noexcept {
  if (!link) return;
  *link = next;
  if (next) next->link = link;
  link = nullptr;
  next = nullptr;
}

NET_API void PromiseState::settle() {
  if (first && loop) loop->ticks().push([self = Ref<PromiseState>(this)] { self->resume_all(); });
  settled = true;
}

/// One of a foreign type may throw: the others go on all the same.
NET_API void PromiseState::resume_all() {
  Place<Callback> place(loop->ticks());  // from which this step has just come
  CallOnThrow again([&] { place.push([self = Ref<PromiseState>(this)] { self->resume_all(); }); });
  while (PromiseWait* const waiting = first) {
    waiting->unlink();
    if (waiting->place) waiting->place.resume();
  }
  again.passed = true;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

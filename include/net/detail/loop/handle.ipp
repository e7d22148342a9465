// The bodies of handle.hpp. Internal.
#ifndef NET_DETAIL_LOOP_HANDLE_IPP
#define NET_DETAIL_LOOP_HANDLE_IPP

#include <net/detail/loop/handle.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void give_up(Handle& who) noexcept {
  if (who.operations->give_up) who.operations->give_up(who);
}

NET_API TimerState::TimerState(LoopCore& core) noexcept : Handle(core, plain_operations<TimerState>) {}

NET_API Ref<TimerState> TimerState::of(Handle& owner, void (*expired)(Handle&)) {
  Ref<TimerState> timer(new TimerState(*owner.loop));
  timer->refd = false;
  timer->callback = [&owner, expired] {
    const Ref<Handle> alive(&owner);
    or_give_up(owner, [&] { expired(owner); });
  };
  return timer;
}

NET_API ImmediateState::ImmediateState(LoopCore& core) noexcept : Handle(core, plain_operations<ImmediateState>) {}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of steps.hpp. Internal.
#ifndef NET_DETAIL_STREAM_STEPS_IPP
#define NET_DETAIL_STREAM_STEPS_IPP

#include <net/detail/stream/steps.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// A step is made in its place in the queue: it comes several times with each connection, and moving it there costs
// more.
NET_API void SocketState::tick(void (*step)(SocketState&)) {
  if (loop) loop->ticks().emplace(CurrentStep<SocketState>{Owing<SocketState>(*this), step, generation});
}

NET_API void SocketState::tick_always(void (*step)(SocketState&)) {
  if (loop) loop->ticks().emplace(CurrentStep<SocketState>{Owing<SocketState>(*this), step, any_generation});
}

NET_API OnThrow::~OnThrow() {
  if (!passed && self.loop && same) undo_or_give_up(self, [this] { undo(self); });
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

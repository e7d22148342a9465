// Whether a socket or a server keeps its loop alive: what the user says, and what is counted. Internal.
#ifndef NET_DETAIL_LOOP_KEEPS_ALIVE_HPP
#define NET_DETAIL_LOOP_KEEPS_ALIVE_HPP

#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct KeepsAlive {
  bool refd : 1 = true;      // ref()
  bool counted : 1 = false;  // by the loop

  void count(LoopCore& loop, bool busy) noexcept {
    if (busy == counted) return;
    counted = busy;
    loop.keep_alive(busy);
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

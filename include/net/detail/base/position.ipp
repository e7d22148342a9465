// The bodies of position.hpp. Internal.
#ifndef NET_DETAIL_BASE_POSITION_IPP
#define NET_DETAIL_BASE_POSITION_IPP

#include <net/detail/base/position.hpp>

#if NET_BODIES

#include <cstdio>
#include <cstdlib>

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void wrong_step(int from, int to) noexcept {
  std::fprintf(stderr, "net: internal error: a transition from state %d to %d is not allowed\n", from, to);
  std::abort();
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

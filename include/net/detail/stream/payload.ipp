// The bodies of payload.hpp. Internal.
#ifndef NET_DETAIL_STREAM_PAYLOAD_IPP
#define NET_DETAIL_STREAM_PAYLOAD_IPP

#include <net/detail/stream/payload.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API int explicit_port(int port) {
  if (port < 0) throw_error(bad_port("Port", port));
  return port;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

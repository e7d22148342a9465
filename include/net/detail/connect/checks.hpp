// What can be wrong with what a socket is asked to connect to, thrown before anything has changed. Internal.
#ifndef NET_DETAIL_CONNECT_CHECKS_HPP
#define NET_DETAIL_CONNECT_CHECKS_HPP

#include <string>
#include <string_view>

#include <net/detail/sys/machine.hpp>
#include <net/error.hpp>
#include <net/ip.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// S22.4, S3.14: what can be wrapped is a stream.
NET_API void require_stream(NativeHandle fd);

NET_API int require_port(int port, std::string_view name);

NET_API void require_attempt_timeout(Duration delay, std::string_view name);

/// S3.13: what is wrong with the options is thrown before anything has changed.
NET_API void require_connectable(const ConnectOptions& options);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/connect/checks.ipp>

#endif

// The headers of a POSIX system, and slices as it takes them, for the bodies that call it. Internal.
#ifndef NET_DETAIL_SYS_POSIX_HEADERS_HPP
#define NET_DETAIL_SYS_POSIX_HEADERS_HPP

#include <cstddef>

#include <net/detail/base/abi.hpp>
#include <net/detail/text/endpoint.hpp>

#if !defined(_WIN32)

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace net::inline NET_ABI::detail::os {

#if defined(MSG_NOSIGNAL)
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;  // SO_NOSIGPIPE does it there
#endif

/// The first slices in the system's form, as many as one call takes.
struct Pieces {
  iovec each[max_slices];
  std::size_t count;

  NET_GNU(always_inline) Pieces(const IoSlice* slices, std::size_t offered) noexcept
      : count(offered < max_slices ? offered : max_slices) {
    for (std::size_t i = 0; i < count; ++i) each[i] = {const_cast<char*>(slices[i].data), slices[i].size};
  }
};

/// Whether one call makes a descriptor that is non-blocking and closed on exec: of a socket, a connection, a pipe.
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC) && !defined(__APPLE__)
#define NET_HAS_ACCEPT4 1
#else
#define NET_HAS_ACCEPT4 0
#endif

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

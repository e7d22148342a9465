// Which machine this program runs on: the poller, and the name that is part of every type above it. Internal.
#ifndef NET_DETAIL_SYS_MACHINE_HPP
#define NET_DETAIL_SYS_MACHINE_HPP

#include <net/detail/sys/linux/epoll.hpp>
#include <net/detail/sys/posix/acceptor.hpp>
#include <net/detail/sys/posix/channel.hpp>
#include <net/detail/sys/posix/poll.hpp>

// NET_POLLER: epoll or poll.
#if !defined(NET_POLLER)
#if defined(__linux__)
#define NET_POLLER epoll
#else
#define NET_POLLER poll
#endif
#endif

#define NET_JOIN_NOW(a, b) a##b
#define NET_JOIN(a, b) NET_JOIN_NOW(a, b)

// Tests set NET_MACHINE, before this, to a machine of their own: net::detail::NET_MACHINE::Machine.
#if !defined(NET_MACHINE)
#define NET_MACHINE NET_JOIN(on_, NET_POLLER)

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What the loop stands on. Two files built for different machines have different types, and so never share one.
struct Machine {
  using Poller = NET_JOIN(NET_POLLER, _poller);
  using Channel = fd_channel;
  using Acceptor = fd_acceptor;
  static std::uint64_t now_ms() noexcept { return os::now_ms(); }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE
#endif

#endif

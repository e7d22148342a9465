// Which poller this program waits with. Internal.
#ifndef NET_DETAIL_SYS_POLLER_HPP
#define NET_DETAIL_SYS_POLLER_HPP

#include <net/detail/sys/bsd/kqueue.hpp>
#include <net/detail/sys/linux/epoll.hpp>
#include <net/detail/sys/posix/poll.hpp>
#include <net/detail/sys/windows/port_poller.hpp>

/// NET_POLLER: what the loop waits with, `epoll`, `kqueue` or `poll`, for who does not want the best one of the
/// system: `-DNET_POLLER=poll`. On Windows it is `port`. After the include it is defined. Files with different ones
/// have different types.
#if !defined(NET_POLLER)
#if defined(__linux__)
#define NET_POLLER epoll
#elif defined(_WIN32)
#define NET_POLLER port
#elif NET_HAS_KQUEUE
#define NET_POLLER kqueue
#else
#define NET_POLLER poll
#endif
#endif

#define NET_JOIN_NOW(a, b) a##b
#define NET_JOIN(a, b) NET_JOIN_NOW(a, b)

#define NET_POLLER_IS_epoll 1
#define NET_POLLER_IS_poll 2
#define NET_POLLER_IS_port 3
#define NET_POLLER_IS_kqueue 4
#if NET_JOIN(NET_POLLER_IS_, NET_POLLER) == 0
#error "net.hpp: NET_POLLER is epoll, kqueue or poll"
#endif

#endif

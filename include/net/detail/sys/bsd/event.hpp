// Whether the system has kqueue(2), with an event that any thread may trigger. Internal.
#ifndef NET_DETAIL_SYS_BSD_EVENT_HPP
#define NET_DETAIL_SYS_BSD_EVENT_HPP

// Where it is not the system's, as in tests, it is asked for by name.
#if !defined(NET_HAS_KQUEUE) && !defined(__linux__) && __has_include(<sys/event.h>)
#include <sys/types.h>

#include <sys/event.h>
#if defined(EVFILT_USER)  // older versions of NetBSD and OpenBSD lack it
#define NET_HAS_KQUEUE 1
#endif
#endif

#if !defined(NET_HAS_KQUEUE)
#define NET_HAS_KQUEUE 0
#elif NET_HAS_KQUEUE
#include <sys/event.h>
#endif

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail::os {

/// Whether the poller takes the error of a socket from the system, and notes it in the watcher.
inline constexpr bool poller_takes_errors = NET_HAS_KQUEUE;

}  // namespace net::inline NET_ABI::detail::os

#endif

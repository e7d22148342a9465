// What fork() does with the locks of those that know of no system. Internal.
#ifndef NET_DETAIL_SYS_FORK_HPP
#define NET_DETAIL_SYS_FORK_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// From now on fork() of any thread takes every SharedLock, also where there is no loop.
NET_API void take_shared_locks_at_fork() noexcept;

}  // namespace net::inline NET_ABI::detail

#include <net/detail/sys/fork.ipp>

#endif

// The bodies of fork.hpp. Internal.
#ifndef NET_DETAIL_SYS_FORK_IPP
#define NET_DETAIL_SYS_FORK_IPP

#include <net/detail/sys/fork.hpp>

#if NET_BODIES

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/shared_lock.hpp>
#include <net/detail/sys/posix/thread.hpp>
#include <net/detail/sys/windows/thread.hpp>

namespace net::inline NET_ABI::detail {

NET_API void take_shared_locks_at_fork() noexcept {
  static constinit Atomic<int> noted{0};
  if (noted.load() != 0 || noted.exchange(1) != 0) return;
  os::at_fork(SharedLock::lock_all, SharedLock::unlock_all, SharedLock::unlock_all);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

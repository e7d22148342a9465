// The bodies of task.hpp. Internal.
#ifndef NET_TASK_IPP
#define NET_TASK_IPP

#include <net/task.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API void spawn(Loop& loop, Task<>&& task) {
  if (!detail::TaskUse::spawn(detail::Access::core(loop), std::move(task), {})) detail::throw_moved_away();
}

NET_API void spawn(Task<>&& task) { spawn(Loop::current(), std::move(task)); }

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

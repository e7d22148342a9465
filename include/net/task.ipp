// The bodies of task.hpp. Internal.
#ifndef NET_TASK_IPP
#define NET_TASK_IPP

#include <net/task.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API void spawn(Loop& loop, Task<> task) {
  if (!task.frame_) return;
  auto* const spawned =
      new detail::Spawned(detail::Access::core(loop), task.frame_);  // if this fails the task goes as it came
  const auto frame = std::exchange(task.frame_, {});
  frame.promise().spawned = spawned;
  frame.resume();
}

NET_API void spawn(Task<> task) { spawn(Loop::current(), std::move(task)); }

NET_API detail::ConnectAwaiter connected(Loop& loop, const ConnectOptions& options) {
  return detail::ConnectAwaiter(createConnection(loop, options));
}

NET_API detail::ConnectAwaiter connected(const ConnectOptions& options) { return connected(Loop::current(), options); }

NET_API detail::ConnectAwaiter connected(int port, std::string_view host) {
  return detail::ConnectAwaiter(createConnection(port, host));
}

NET_API detail::ConnectAwaiter connected(std::string_view path) {
  return detail::ConnectAwaiter(createConnection(path));
}

NET_API detail::SleepAwaiter sleep(Duration length) { return detail::SleepAwaiter(Loop::current(), length); }

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

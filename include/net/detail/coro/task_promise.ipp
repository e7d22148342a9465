// The bodies of task_promise.hpp. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_IPP
#define NET_DETAIL_CORO_TASK_PROMISE_IPP

#include <net/detail/coro/task_promise.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations Spawned::table{
    [](Handle& handle) noexcept { delete static_cast<Spawned*>(&handle); },
    [](Handle& handle) noexcept { static_cast<Spawned&>(handle).abandon(); }};

NET_API void Spawned::finish(std::exception_ptr thrown) {
  std::exchange(frame, {}).destroy();
  if (thrown) {
    loop->ticks().push_expected([thrown = std::move(thrown)] { std::rethrow_exception(thrown); });
  } else {
    loop->ticks().expect_no_more();
  }
  release();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

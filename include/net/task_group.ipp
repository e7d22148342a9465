// The bodies of task_group.hpp. Internal.
#ifndef NET_TASK_GROUP_IPP
#define NET_TASK_GROUP_IPP

#include <net/task_group.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API bool TaskGroup::Awaiter::await_ready() {
  waiting_.require_wanted();
  if (joined_->waiter) {
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this group already"));
  }
  return joined_->running == 0 && !joined_->resuming;
}

NET_API void TaskGroup::Awaiter::await_resume() {
  joining_.end();
  waiting_.require_kept();
  joined_->decided = false;
  joined_->winner = nullptr;
  if (joined_->failure) std::rethrow_exception(detail::exchange(joined_->failure, {}));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// A wait as a task, to stand beside others. Internal.
#ifndef NET_DETAIL_CORO_TASK_OF_HPP
#define NET_DETAIL_CORO_TASK_OF_HPP

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

#include <net/chunk.hpp>
#include <net/task.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <class Wait>
concept HasAwaiter = requires(Wait&& wait) {
  static_cast<Wait&&>(wait).operator co_await();
  requires !std::same_as<decltype(static_cast<Wait&&>(wait).operator co_await()), NoWait>;
};

template <class Wait>
concept IsAwaiter = requires(Wait& wait, std::coroutine_handle<> task) {
  wait.await_ready();
  wait.await_suspend(task);
  wait.await_resume();
};

/// What can be waited for beside others: it has no name, or can be copied.
template <class Given>
concept Awaited = (HasAwaiter<std::remove_cvref_t<Given>> || IsAwaiter<std::remove_cvref_t<Given>>) &&
                  std::constructible_from<std::remove_cvref_t<Given>, Given>;

/// One among the arguments shows that the library's function is meant, and not another one of its name.
template <class Given>
concept MeansWait = TaskLike<std::remove_cvref_t<Given>> || HasAwaiter<std::remove_cvref_t<Given>> ||
                    IsAwaiter<std::remove_cvref_t<Given>> || ReturnsTask<Given>;

template <class Wait>
auto result_type_of() {
  if constexpr (HasAwaiter<Wait>) {
    return std::type_identity<decltype(std::declval<Wait>().operator co_await().await_resume())>{};
  } else {
    return std::type_identity<decltype(std::declval<Wait&>().await_resume())>{};
  }
}
template <class Given>
using AwaitResult = typename decltype(result_type_of<std::remove_cvref_t<Given>>())::type;

/// A view that is gone when the task that waits for all goes on, which is later.
template <class Result>
inline constexpr bool is_momentary = std::is_same_v<Result, Chunk>;
template <class... Args>
inline constexpr bool is_momentary<EventArguments<Args...>> = true;

template <class Result, class Wait>
Task<Result> wait_as_task(Wait wait) {
  co_return co_await std::move(wait);
}

template <class Given>
constexpr bool require_wait() {
  constexpr bool awaited = Awaited<Given>;
  static_assert(awaited,
                "all, race and any take tasks and waits: f(), net::sleep(5), promise; a task with a name is moved: "
                "std::move(task)");
  return awaited;
}

/// The task that waits for it; a task is one already.
template <class Given>
Task<AwaitResult<Given>> task_of(Given&& wait) {
  constexpr bool lasts = !is_momentary<AwaitResult<Given>>;
  static_assert(lasts, "what this event gives is gone by then: take it in a task, or from a net::Reader");
  if constexpr (TaskLike<std::remove_cvref_t<Given>>) {
    return std::forward<Given>(wait);
  } else {
    return wait_as_task<AwaitResult<Given>>(std::remove_cvref_t<Given>(std::forward<Given>(wait)));
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Tasks side by side: all, race, any, and TaskGroup.
#ifndef NET_TASK_GROUP_HPP
#define NET_TASK_GROUP_HPP

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/coro/joined_tasks.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/results.hpp>
#include <net/detail/coro/task_of.hpp>
#include <net/task.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <class Outcome>
using JoinedResult = decltype(std::declval<Outcome&>().take(std::declval<JoinedTasks&>()));

/// What waits for joined tasks: `Outcome` makes the result of them.
template <class Outcome>
class [[nodiscard("write co_await before it")]] JoinAwaiter : public NeedsCoAwait<JoinedResult<Outcome>> {
 public:
  template <class... Tasks>
  explicit JoinAwaiter(JoinRule rule, Tasks&&... tasks)
      : joined_(new JoinedTasks(Access::core(Loop::current()), rule)), outcome_(std::forward<Tasks>(tasks)...) {}

  bool await_ready() {
    outcome_.begin(*joined_);
    if (!joined_->settled()) return false;
    joined_->cancel();
    return true;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> task) {
    joined_->wait(waiting_, task);
    joining_.begin(task, *joined_);
  }
  auto await_resume() {
    joining_.end();
    return outcome_.take(*joined_);
  }

 private:
  Ref<JoinedTasks> joined_;
  Outcome outcome_;
  WaitingTask waiting_;
  Joining joining_;
};

template <class First, class... More>
auto one_of(JoinRule rule, std::remove_reference_t<First>& first, std::remove_reference_t<More>&... waits) {
  if constexpr ((require_wait<First>() && ... && require_wait<More>())) {
    using T = AwaitResult<First>;
    constexpr bool alike = (... && std::same_as<T, AwaitResult<More>>);
    static_assert(alike,
                  "race and any give one type of result; a limit of time stands in the wait: reader.readLine(100, "
                  "{.timeout = 5s})");
    if constexpr (alike) {
      return JoinAwaiter<OneResult<T>>(
          rule, vector_of<T>(task_of(static_cast<First&&>(first)), task_of(static_cast<More&&>(waits))...));
    }
  }
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// `auto [a, b] = co_await all(first(), second())`: runs tasks, and waits such as `reader.readLine(100)`, side by side,
/// and gives all results; of a vector of tasks, a vector. The first error is thrown, and then the others are destroyed
/// where they stand (S34.7). A result of void is left out if there are no others.
template <class... Waits>
  requires(sizeof...(Waits) == 0 || (... || detail::MeansWait<Waits>))
auto all(Waits&&... waits) {
  if constexpr ((... && detail::require_wait<Waits>())) {
    return detail::JoinAwaiter<detail::AllResults<detail::AwaitResult<Waits>...>>(
        detail::JoinRule::all, detail::task_of(std::forward<Waits>(waits))...);
  }
}
template <class T>
auto all(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::AllOfVector<T>>(detail::JoinRule::all, std::move(tasks));
}

/// The result of the task or wait that ends first, or what it has thrown; the others are destroyed. All give the same
/// type. Of none it never ends.
template <class First, class... More>
  requires(detail::MeansWait<First> || (... || detail::MeansWait<More>))
auto race(First&& first, More&&... waits) {
  return detail::one_of<First, More...>(detail::JoinRule::race, first, waits...);
}
template <class T>
auto race(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::OneResult<T>>(detail::JoinRule::race, std::move(tasks));
}

/// The result of the task or wait that succeeds first; the others are destroyed. If all fail, their errors as one
/// (`errors()`).
template <class First, class... More>
  requires(detail::MeansWait<First> || (... || detail::MeansWait<More>))
auto any(First&& first, More&&... waits) {
  return detail::one_of<First, More...>(detail::JoinRule::any, first, waits...);
}
template <class T>
auto any(std::vector<Task<T>>&& tasks) {
  return detail::JoinAwaiter<detail::OneResult<T>>(detail::JoinRule::any, std::move(tasks));
}

/// Tasks that belong together. An error of one destroys the others where they stand, and leaves `join()`; one that
/// nobody joins for is dropped. The destructor destroys what still runs.
class TaskGroup {
 public:
  /// On this thread's loop, or on `loop`.
  TaskGroup() : TaskGroup(Loop::current()) {}
  explicit TaskGroup(Loop& loop)
      : joined_(new detail::JoinedTasks(detail::Access::core(loop), detail::JoinRule::group)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { joined_->close(); }

  /// Runs the task: at once, up to its first wait. One that comes after an error, before that was joined, never runs.
  void spawn(Task<>&& task) { joined_->add(std::move(task)); }
  /// The same with what returns a task: `spawn([=]() -> Task<> { … })`. The callable lives until the task has ended.
  template <detail::ReturnsTask F>
  void spawn(F&& callable) {
    const detail::Ref<detail::Kept<std::decay_t<F>>> kept(new detail::Kept<std::decay_t<F>>(std::forward<F>(callable)));
    joined_->add(kept->call(), kept);
  }
  /// Refused: what is no task, or one that has a name and is not moved.
  template <class F, class... Args>
    requires(detail::NoTask<F, Args...> && !std::same_as<F, Task<>>)
  void spawn(F&&, Args&&...) {
    detail::require_task<F, Args...>();
  }
  /// How many run.
  std::size_t size() const noexcept { return joined_->running; }

  /// Refused: what is awaited is its end.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a group is nothing to wait for: co_await group.join()");
    return {};
  }

  class [[nodiscard("write co_await before it")]] Awaiter {
   public:
    bool await_ready();
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> task) {
      joined_->wait(waiting_, task);
      joining_.begin(task, *joined_);
    }
    void await_resume();

   private:
    friend class TaskGroup;
    template <class Options>
    Awaiter(detail::JoinedTasks& joined, const Options& options) : joined_(&joined), waiting_(options) {}

    detail::Ref<detail::JoinedTasks> joined_;
    detail::WaitingTask waiting_;
    detail::Joining joining_;
  };

  /// Until all have ended, also those that are added meanwhile; throws the first error, and the group can be used
  /// again. If the wait is given up the tasks go on. One task waits at a time.
  template <class Options = detail::WaitBraces>
  Awaiter join(Options&& options = detail::without_limit) {
    return {*joined_, detail::limit_of<Options>(options)};
  }

 private:
  detail::Ref<detail::JoinedTasks> joined_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/task_group.ipp>

// Refused: `auto [a, b] = all(…)` takes a wait apart.
template <class Outcome>
struct std::tuple_size<net::detail::JoinAwaiter<Outcome>> {
  static constexpr bool awaited = std::is_void_v<Outcome>;
  static_assert(awaited, "write co_await before it: auto [a, b] = co_await net::all(first(), second())");
  static constexpr std::size_t value = 0;
};

#endif

// What the frame of a Task carries: its result, and who goes on when it has ended. Internal.
#ifndef NET_DETAIL_CORO_TASK_PROMISE_HPP
#define NET_DETAIL_CORO_TASK_PROMISE_HPP

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/maybe.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/coro/kept_arguments.hpp>
#include <net/detail/coro/running_task.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A callable that lives as long as one of the tasks that it began (S34.1).
struct KeptCallable {
  std::size_t owners = 0;
  void (*destroy)(KeptCallable&) noexcept = nullptr;

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) destroy(*this);
  }
};

template <class F>
struct Kept : KeptCallable {
  F call;

  template <class G>
  explicit Kept(G&& g) : call(std::forward<G>(g)) {
    destroy = [](KeptCallable& self) noexcept { delete static_cast<Kept*>(&self); };
  }
};

/// A task on its own. The loop keeps it, so that one that is never resumed is destroyed with the loop.
struct Spawned : Handle, TaskEnd {
  static const Operations table;

  Spawned(LoopCore& core, std::coroutine_handle<> task, Ref<KeptCallable> kept);

  /// The task has ended. The exception leaves run() from a tick, when the frame and all that it held is gone.
  void finish(std::exception_ptr thrown);
  void abandon();

  std::coroutine_handle<> frame;
  Ref<KeptCallable> callable;  // what the frame may refer to
};

struct TaskPromiseBase : TaskLinks {
  /// Whoever waits goes on behind the call that resumed this frame, so that a chain of tasks needs no stack to end; here,
  /// if that call was not the library's. No symmetric transfer, which only optimised builds turn into a jump. It may
  /// destroy this frame: nothing here may be touched afterwards.
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> frame) const noexcept {
      TaskPromiseBase& its = frame.promise();
      if (!its.awaited) {
        if (its.end) its.end->ended(*its.end, its);
      } else if (its.caller) {
        RunningTask::resume_after(frame, std::coroutine_handle<>::from_address(its.caller));
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
  template <class Promise>
  static std::coroutine_handle<Promise> note_frame(Promise& promise) noexcept {
    const auto own = std::coroutine_handle<Promise>::from_promise(promise);
    promise.frame = own;
    return own;
  }

  std::exception_ptr thrown;
};

[[noreturn]] NET_API void throw_awaited();
[[noreturn]] NET_API void throw_moved_away();
/// Runs a task on its own; the loop keeps it, and the task keeps the callable.
NET_API void spawn_task(LoopCore& core, std::coroutine_handle<> frame, TaskPromiseBase& promise,
                        Ref<KeptCallable> callable);

template <class T, class Task>
struct TaskPromise : TaskPromiseBase {
  Task get_return_object() noexcept { return Task(note_frame(*this)); }
  template <class U = T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (thrown) std::rethrow_exception(detail::exchange(thrown, {}));
    return std::move(*value);
  }

  Maybe<T> value;
};

template <class Task>
struct TaskPromise<void, Task> : TaskPromiseBase {
  Task get_return_object() noexcept { return Task(note_frame(*this)); }
  void return_void() const noexcept {}
  void take() {
    if (thrown) std::rethrow_exception(detail::exchange(thrown, {}));
  }
};

template <class R>
concept TaskLike =
    requires { typename R::promise_type; } && std::derived_from<typename R::promise_type, TaskPromiseBase>;

template <class F>
concept ReturnsTask = requires(std::decay_t<F>& callable) {
  { callable() } -> TaskLike;
};

/// What somebody may have taken for one: a callable beside its arguments, or anything alone.
template <class F, class... Args>
concept NoTask = (sizeof...(Args) == 0 && !ReturnsTask<F>) ||
                 (sizeof...(Args) > 0 && requires(std::decay_t<F>& callable, Args&&... args) {
                   { callable(static_cast<Args&&>(args)...) } -> TaskLike;
                 });

/// What nobody else's function of the name takes beside the library's types: a task, a wait, or something to call.
template <class F>
concept MeansTask = TaskLike<std::remove_cvref_t<F>> || std::invocable<std::decay_t<F>&> ||
                    requires(std::remove_reference_t<F>& wait) { wait.await_ready(); };

/// For what is none: the compiler says what to write.
template <class F, class... Args>
constexpr void require_task() {
  constexpr bool called = sizeof...(Args) == 0;
  static_assert(called, "spawn takes no arguments of a task: call it, net::spawn(f(socket))");
  if constexpr (called && TaskLike<std::remove_cvref_t<F>>) {
    constexpr bool moved = !std::is_lvalue_reference_v<F>;
    static_assert(moved, "a task that has a name is moved: std::move(task)");
    constexpr bool gives_nothing = std::is_void_v<F>;
    static_assert(!moved || gives_nothing, "spawn takes a Task<>: nobody gets the result of this one");
  } else if constexpr (called) {
    constexpr bool is_task = std::is_void_v<F>;
    static_assert(is_task, "spawn takes a Task<>, or what returns one: net::spawn([=]() -> net::Task<> { ... })");
  }
}

/// The library's own way to the frame of a task.
struct TaskUse {
  /// Throws for one that runs already, or has ended: it has to go on where it was awaited, or not at all.
  template <class Task>
  static auto take(Task& task) {
    if (task.frame_ && task.frame_.promise().awaited) throw_awaited();
    return detail::exchange(task.frame_, {});
  }
  /// False: it is no task, or one that was moved away.
  template <TaskLike Task>
  static bool spawn(LoopCore& core, Task&& task, Ref<KeptCallable> callable) {
    const auto frame = take(task);
    if (frame) spawn_task(core, frame, frame.promise(), std::move(callable));
    return static_cast<bool>(frame);
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::detail {

/// What a task refers to of the listener that began it: the callable, and copies of what it was given.
template <class F, class Arguments>
struct KeptWithArguments : KeptCallable {
  Ref<Kept<F>> callable;
  Arguments given;

  KeptWithArguments(Ref<Kept<F>> called, void* const* args) : callable(std::move(called)), given(args) {
    destroy = [](KeptCallable& self) noexcept { delete static_cast<KeptWithArguments*>(&self); };
  }
};

/// S34.1: a listener that returns a task has it spawned, and lives as long as the last of them, as what it is given
/// does.
template <TaskLike Task>
struct ListenerResult<Task> {
  template <class F, class Call>
  static constexpr bool lasts = refer_to_no_others(typename Parameters<F>::Types{}, Call::given());

  template <class F>
  class Held {
   public:
    template <class G>
    explicit Held(G&& g) : kept_(new Kept<F>(std::forward<G>(g))) {}
    const Ref<Kept<F>>& kept() const noexcept { return kept_; }

   private:
    Ref<Kept<F>> kept_;
  };

  template <class Listener, class F>
  static void call(const Held<F>& held, void* state, void* const* args) {
    const Ref<Kept<F>> kept = held.kept();
    LoopCore* loop = nullptr;
    Listener::each_handle(state, args, [&loop](const auto& handle) {
      if (!loop) loop = Access::state(handle).loop;
      give_to_task(handle);
    });
    using Arguments = typename Listener::template TakenIn<KeptArguments>;
    constexpr typename Listener::Indices taken;
    if constexpr (Arguments::any) {
      const Ref<KeptWithArguments<F, Arguments>> both(new KeptWithArguments<F, Arguments>(kept, args));
      TaskUse::spawn(*loop, Listener::call_with(kept->call, state, both->given.at, taken), both);
    } else {
      TaskUse::spawn(*loop, Listener::call_with(kept->call, state, args, taken), kept);
    }
  }
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/coro/task_promise.ipp>

#endif

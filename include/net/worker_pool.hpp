// Work off the loop: functions that compute run on threads, and their results come back.
#ifndef NET_WORKER_POOL_HPP
#define NET_WORKER_POOL_HPP

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include <net/detail/base/vec.hpp>
#include <net/detail/coro/braced_options.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/work/job.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct FileState;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A result that is being computed. A handle: copies are the same job, and it belongs to the loop that asked.
template <class T>
class Job : public detail::NeedsCoAwait<T> {
 public:
  explicit Job(detail::Ref<detail::JobState<T>> state) noexcept : state_(std::move(state)) {}

  /// Calls back on the loop that called `exec`, never inside this call: `callback(T)`, or `callback()`. It is not
  /// called if the job failed: the failure leaves `run()`, as does one that nobody has waited for.
  template <class F>
  Job& then(F&& callback) {
    require_result_for<std::decay_t<F>>();
    return add([call = std::decay_t<F>(std::forward<F>(callback))](Outcome& outcome, bool last) mutable {
      if (!outcome.ok()) outcome.throw_failure();
      give(call, outcome, last);
    });
  }
  /// The same, and `onError(const Error&)` is called if the job threw or was dropped. Of an exception that
  /// is no `net::Error` the error has the text. Both throw `ERR_INVALID_STATE` if a task has taken the result.
  template <class F, class OnError>
  Job& then(F&& callback, OnError&& onError) {
    require_result_for<std::decay_t<F>>();
    return add([call = std::decay_t<F>(std::forward<F>(callback)),
                refuse = std::decay_t<OnError>(std::forward<OnError>(onError))](Outcome& outcome, bool last) mutable {
      if (outcome.ok()) {
        give(call, outcome, last);
      } else {
        detail::call_back(refuse, outcome.error());
      }
    });
  }

  /// `co_await job`: the result, which is moved out, or the exception. One task waits, once; another one gets
  /// `ERR_INVALID_STATE`, unless what was moved out can be had again, as a number can.
  auto operator co_await() const noexcept { return Awaiter{state_}; }

 private:
  using Outcome = detail::JobOutcome<T>;

  struct Awaiter {
    detail::Ref<detail::JobState<T>> state;
    bool waits = false;

    explicit Awaiter(const detail::Ref<detail::JobState<T>>& job) noexcept : state(job) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (!waits) return;
      state->waiter = {};
      state->waiter_gone = true;
    }
    bool await_ready() const {
      if (state->waiter)
        detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this job already"));
      state->require_result();
      return state->done;
    }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      state->waiter = waiter;
      waits = true;
    }
    T await_resume() {
      waits = false;
      if (!state->outcome.ok()) state->outcome.throw_failure();
      if constexpr (std::is_copy_constructible_v<T>) {
        if (state->calling > 0) return *state->outcome.result;  // others get it too
      }
      if constexpr (!std::is_void_v<T>) {
        state->taken = !std::is_trivially_copyable_v<T>;
        return std::move(*state->outcome.result);
      }
    }
  };

  template <class F>
  void require_result_for() const {
    if constexpr (!std::is_void_v<T>) {
      if constexpr (std::is_invocable_v<F&, T&&> || std::is_invocable_v<F&, T&>) state_->require_result();
    }
  }
  template <class F>
  Job& add(F&& callback) {
    if (state_->loop) state_->ask(std::forward<F>(callback));
    return *this;
  }

  template <class F>
  static void give(F& call, Outcome& outcome, bool last) {
    if constexpr (std::is_void_v<T>) {
      detail::call_back(call);
    } else if constexpr (std::is_invocable_v<F&, T&&>) {
      if constexpr (std::is_copy_constructible_v<T> && std::is_invocable_v<F&, T&>) {
        if (!last) {
          detail::call_back(call, *outcome.result);
          return;
        }
      }
      detail::call_back(call, std::move(*outcome.result));
    } else if constexpr (std::is_invocable_v<F&, T&>) {
      detail::call_back(call, *outcome.result);
    } else {
      detail::call_back(call);
    }
  }

  detail::Ref<detail::JobState<T>> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What g++ 12 gets from exec() of a lambda with captures. It is awaited by a name.
template <class T, class... Given>
struct JobOfLambda : net::Job<T> {
  using net::Job<T>::Job;
  auto operator co_await() const& noexcept { return net::Job<T>::operator co_await(); }
  auto operator co_await() && noexcept {
    (require_named_lambda<Given>(), ...);
    return net::Job<T>::operator co_await();
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Threads that compute, so that loops stay responsive. Any thread that has a loop may call `exec`.
class WorkerPool {
 public:
  /// Threads start when there is work for them; 0 counts as 1.
  explicit WorkerPool(std::size_t threads = detail::Machine::processors()) : max_threads_(threads == 0 ? 1 : threads) {
    threads_.reserve(max_threads_);
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// Waits for what runs. What has not begun is dropped: those who asked get `ERR_ABORTED`. If the process ends by
  /// `exit()`, nobody is told, and loops of other threads run on (S31.6).
  ~WorkerPool();

  /// Runs `f(args…)` on a thread of the pool; its result or its exception comes back to this thread's loop, which
  /// lives until then. The function and its arguments are moved there and back: they must not share anything with
  /// the loop that is not made for threads, handles of the library included. Throws EAGAIN if no thread can start.
  template <class F, class... A>
    requires(std::is_invocable_v<std::decay_t<F>, std::decay_t<A>...>)
  auto exec(F&& f, A&&... args) {
    using T = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;
    static_assert(!std::is_reference_v<T>, "a job gives back a value");
    constexpr bool computes = !detail::GivesTask<T>;
    static_assert(computes, "a task runs on its loop, not on a thread of the pool: spawn it, and await exec() in it");
    detail::Ref<detail::JobState<T>> state(new detail::JobState<T>(detail::Access::core(Loop::current())));
    const bool begun = begin(
        *state,
        [f = std::decay_t<F>(std::forward<F>(f)), ... args = std::decay_t<A>(std::forward<A>(args))]() mutable -> T {
          return std::move(f)(std::move(args)...);
        });
    if (!begun) detail::throw_error(detail::system_failure(EAGAIN, "pthread_create"));
    constexpr bool refused = (detail::is_lambda_destroyed_twice<F>() || ... || detail::is_lambda_destroyed_twice<A>());
    using Result = std::conditional_t<refused, detail::JobOfLambda<T, F, A...>, Job<T>>;
    return Result(std::move(state));
  }
  /// Refused: what cannot be called with these.
  template <class F, class... A>
  void exec(F&&, A&&...) {
    constexpr bool callable = std::is_void_v<F>;
    static_assert(callable, "exec takes what can be called with the arguments behind it, which are moved: exec(f, 1)");
  }

 private:
  friend struct detail::FileState;

  /// False: no thread can start.
  template <class T, class F>
  bool begin(detail::JobState<T>& state, F&& call) {
    if (!submit(detail::WorkRef(new detail::Work<T, std::decay_t<F>>(state, std::forward<F>(call))))) return false;
    state.begin();
    return true;
  }

  void drop(detail::WorkRef work) noexcept;

  /// Whether `exit()` has been called, for destructors of pools that are static.
  struct Exit {
    detail::Atomic<int> begun{0};
    detail::Atomic<int> marks{0};

    static Exit& of_process() noexcept;
  };
  void note_exit() noexcept;

  /// Under the lock: the threads stayed in the parent (S31.3), and what waited for them is the parent's.
  void begin_again_in_child() noexcept;
  /// Under the lock: what comes next will find a thread.
  bool has_thread();

  bool submit(detail::WorkRef work);
  static bool take_over(detail::WorkItem& item);
  static void withdraw(detail::WorkItem& item) noexcept;
  static constexpr detail::WorkItem::Pool for_child{take_over, withdraw};

  /// The process or the loop ends: brings the result into the mailbox. A quick item that waits for a thread is run
  /// here, and one that runs is waited for. One that is not quick is waited for a moment. False: it is not done.
  bool bring_home(detail::WorkItem& item, bool quick) noexcept;

  detail::WorkRef take_dropped() noexcept;
  void run();

  detail::Machine::Mutex mutex_;
  detail::Machine::Condition wake_, came_home_;
  detail::WorkList waiting_;
  detail::WorkList left_;  // in a child of fork(): what waited in the parent
  detail::Vec<detail::Machine::Thread> threads_;
  std::size_t max_threads_;
  std::size_t idle_ = 0;
  std::size_t awaited_ = 0;
  std::uint32_t made_in_ = detail::Machine::fork_count();
  bool closing_ = false;
  int marks_before_ = Exit::of_process().marks.load();
  /// Made beforehand: the destructor needs no memory.
  const Error dropped_ = detail::make_error(Errc::ERR_ABORTED, "The worker pool was destroyed before this job began");
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/worker_pool.ipp>

#endif

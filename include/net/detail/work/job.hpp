// A piece of work for another thread, and those who wait for it on the loop. Internal; net::Job is the face.
#ifndef NET_DETAIL_WORK_JOB_HPP
#define NET_DETAIL_WORK_JOB_HPP

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/function.hpp>
#include <net/detail/base/maybe.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/coro/running_task.hpp>
#include <net/detail/loop/core.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct JobNothing {};

/// What came of a job: a result, an exception of its own, or an error of the pool.
template <class T>
struct JobOutcome {
  Maybe<std::conditional_t<std::is_void_v<T>, JobNothing, T>> result;
  std::exception_ptr thrown;
  Error failure;

  bool ok() const noexcept { return static_cast<bool>(result); }
  [[noreturn]] void throw_failure() const {
    if (thrown) std::rethrow_exception(thrown);
    throw_error(failure ? failure : make_error(Errc::ERR_ABORTED, "The loop of this job is gone"));
  }
  /// The failure as an Error, whatever was thrown.
  Error error() const {
    return thrown ? error_of(thrown, "A job of the worker pool threw something that is no exception") : failure;
  }
};

/// The pool's half: what a thread of it runs. It knows the loop by its mailbox only, and goes back there to end.
struct WorkItem {
  struct Operations {
    void (*run)(WorkItem&);                 // on a thread of the pool
    void (*drop)(WorkItem&, const Error&);  // instead
    void (*finish)(WorkItem&);              // on the loop
    void (*destroy)(WorkItem&) noexcept;
    void (*leave)(WorkItem&) noexcept;  // in a child of fork(): the thread that runs it has stayed in the parent
  };
  /// What a child of fork() asks of the pool.
  struct Pool {
    bool (*take_over)(WorkItem&);          // to run it there too; false: no thread can start
    void (*withdraw)(WorkItem&) noexcept;  // it is not run there
  };
  /// Changed under a lock that fork() takes too.
  enum Place : int { waiting, running, at_home };

  const Operations* operations;
  Mailbox* mailbox;
  const Pool* pool = nullptr;
  void* of_pool = nullptr;
  Atomic<int> place{waiting};
  std::uint32_t process = 0;   // by its number of forks: whose threads it waits for
  bool home_expected = false;  // there is space for it in the mailbox
  bool unanswered = false;     // the process ends: nobody is told, and the loop that still waits goes on waiting
  WorkItem* next = nullptr;    // in a list
  WorkItem** link = nullptr;
};

/// In a child of fork(): what does not run there goes; what runs in the parent is kept as it was copied, whole or not.
NET_API void leave_to_parent(WorkItem& item) noexcept;

/// The loop's half: belongs to the thread that asked.
template <class T>
struct JobState : Handle {
  using Outcome = JobOutcome<T>;
  /// `last`: nobody needs the result after this one.
  using Then = Function<void(Outcome&, bool last)>;

  static const Operations table;

  explicit JobState(LoopCore& core) : Handle(core, table) {}
  ~JobState() {
    for (std::size_t asking = then.size(); loop && asking > 0; --asking) loop->ticks().expect_no_more();
  }
  /// Who asks is called back on a tick of its own, so that one that throws does not hold up the others. There is
  /// space for that tick from now on: no memory is needed when the job is done (S32.5).
  void ask(Then&& callback) {
    then.reserve(1);
    loop->ticks().expect();
    then.push(std::move(callback));
    if (done) call_one();
  }
  /// Throws if a task has moved it out.
  void require_result() const {
    if (taken) throw_error(make_error(Errc::ERR_INVALID_STATE, "A task has taken the result of this job"));
  }
  /// A thread has it, or will have it.
  void begin() noexcept {
    asked = true;
    retain();
    loop->keep_alive(true);
  }

  void finish(Outcome&& came) {
    if (done) return;
    const Ref<JobState> alive(this);
    outcome = std::move(came);
    done = true;
    work = nullptr;
    loop->keep_alive(false);
    release();
    if (then.empty() && !waiter) {
      // nobody asked: a result may be ignored, a failure may not, but by a task that is gone (S34.9)
      if (!outcome.ok() && !waiter_gone) outcome.throw_failure();
      return;
    }
    for (std::size_t asking = then.size(); asking > 0; --asking) call_one();
    if (waiter) RunningTask::resume(detail::exchange(waiter, {}));
  }
  void call_one() noexcept {
    ++calling;
    loop->ticks().push_expected([self = Ref<JobState>(this)] {
      const bool last = --self->calling == 0 && !self->waiter && self->owners == 1;  // who has the job may ask later
      const Then callback = self->then.pop_front();
      callback(self->outcome, last);
    });
  }
  void abandon() {
    then.clear();
    if (detail::exchange(done, true) || !asked) return;
    if (work && loop->inert() && work->process != Machine::fork_count()) leave_unless_home();
    release();
  }
  /// What had begun goes on in the parent alone; what had not runs here too (S31.3). A result on its way still comes.
  void after_fork() {
    if (done || !work || work->process == Machine::fork_count()) return;
    const int place = work->place.load();
    if (place == WorkItem::at_home) return;
    const bool runs = again_in_child && place == WorkItem::waiting;
    if (runs && work->pool->take_over(*work)) return;
    loop->ticks().push(Step<JobState>{Ref<JobState>(this), runs ? not_started : lost});
    leave_to_parent(*detail::exchange(work, nullptr));
  }
  void leave_unless_home() noexcept {
    if (work->place.load() != WorkItem::at_home) leave_to_parent(*work);
  }
  static void lost(JobState& self) {
    self.fail(make_error(Errc::ERR_ABORTED, "The process was forked while this job ran"));
  }
  static void not_started(JobState& self) { self.fail(system_failure(EAGAIN, "pthread_create")); }
  void fail(const Error& error) {
    Outcome failed;
    failed.failure = error;
    finish(std::move(failed));
  }

  WorkItem* work = nullptr;  // while it is not done
  Outcome outcome;
  Queue<Then> then;  // who was not called back yet
  std::coroutine_handle<> waiter;
  std::size_t calling = 0;
  bool asked = false;
  bool done = false;
  bool waiter_gone = false;
  bool taken = false;          // a task has moved the result out
  bool again_in_child = true;  // when it still waits for a thread
};

template <class T>
inline constexpr Handle::Operations JobState<T>::table{
    [](Handle& handle) noexcept { delete static_cast<JobState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<JobState&>(handle).abandon(); },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<JobState&>(handle).after_fork(); }};

/// The one owner of a WorkItem.
class WorkRef {
 public:
  explicit WorkRef(WorkItem* item) noexcept : item_(item) {}
  WorkRef(WorkRef&& other) noexcept : item_(detail::exchange(other.item_, nullptr)) {}
  WorkRef& operator=(WorkRef&&) = delete;
  ~WorkRef();
  explicit operator bool() const noexcept { return item_ != nullptr; }
  WorkItem* operator->() const noexcept { return item_; }
  WorkItem& operator*() const noexcept { return *item_; }

  /// Hands it back to the loop that asked; if that is gone, nobody wants it any more.
  void send_home() && noexcept;

 private:
  friend class WorkList;

  WorkItem* item_;
};

/// Items in the order in which they came. It owns them, and needs no memory.
class WorkList {
 public:
  WorkList() noexcept = default;
  WorkList(const WorkList&) = delete;
  WorkList& operator=(const WorkList&) = delete;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  void push(WorkRef work) noexcept;
  /// One of this list.
  WorkRef take(WorkItem& item) noexcept;
  /// Null if there is none.
  WorkRef take_first() noexcept { return first_ ? take(*first_) : WorkRef(nullptr); }

 private:
  WorkItem* first_ = nullptr;
  WorkItem** end_ = &first_;
  std::size_t size_ = 0;
};

template <class T, class F>
struct Work : WorkItem {
  static const Operations table;

  Work(JobState<T>& asked, F&& function)
      : WorkItem{&table, &asked.loop->mailbox()}, state(&asked), call(std::move(function)) {
    mailbox->expect();  // the result goes home without memory
    home_expected = true;
    mailbox->retain();
    asked.work = this;
  }
  ~Work() {
    if (state && mailbox->loop) state->work = nullptr;
    if (home_expected) mailbox->expect_no_more();
    mailbox->release();
  }

  void run() {
#if defined(__cpp_exceptions)
    try {
      compute();
    } catch (...) {
      outcome.thrown = std::current_exception();
    }
#else
    compute();
#endif
  }
  void compute() {
    if constexpr (std::is_void_v<T>) {
      call();
      outcome.result.emplace();
    } else {
      outcome.result.emplace(call());
    }
  }

  JobState<T>* state;  // only on the loop, as long as that is there
  F call;
  JobOutcome<T> outcome;
};

template <class T, class F>
inline constexpr WorkItem::Operations Work<T, F>::table{
    [](WorkItem& item) { static_cast<Work&>(item).run(); },
    [](WorkItem& item, const Error& error) { static_cast<Work&>(item).outcome.failure = error; },
    [](WorkItem& item) {
      auto& work = static_cast<Work&>(item);
      JobState<T>& asked = *detail::exchange(work.state, nullptr);
      work.unanswered ? void(asked.work = nullptr) : asked.finish(std::move(work.outcome));
    },
    [](WorkItem& item) noexcept { delete static_cast<Work*>(&item); },
    []([[maybe_unused]] WorkItem& item) noexcept {
      if constexpr (requires(F& function) { function.leave(); }) static_cast<Work&>(item).call.leave();
    }};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/work/job.ipp>

#endif

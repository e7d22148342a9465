// The loop itself: phases, ticks, timers, posts, and what keeps it alive. Internal; net::Loop is its face.
#ifndef NET_DETAIL_LOOP_CORE_HPP
#define NET_DETAIL_LOOP_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/base/page_buffer.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/loop/handle.hpp>
#include <net/detail/loop/receive_buffer.hpp>
#include <net/detail/loop/timer_queue.hpp>
#include <net/detail/sys/machine.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What one read brought for a handle, and was not emitted yet: it lies in the receive buffer, or on the stack.
struct Undelivered {
  const Handle* whose;
  std::string_view bytes;
  Undelivered* outer;
};

struct ServedElsewhere;

class LoopCore {
 public:
  LoopCore();
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;
  ~LoopCore() {
    leave_thread();
    abandon_all();
    leave_process();
  }

  /// The thread's newest loop. A raw pointer: objects with destructors in thread-local storage crash under mingw.
  static LoopCore*& current() noexcept {
    static thread_local LoopCore* here = nullptr;
    return here;
  }
  /// It becomes the current loop of this thread, until it is destroyed; loops may go in any order (S31.8).
  void enter_thread() noexcept { older_ = detail::exchange(current(), this); }
  void leave_thread() noexcept;
  LoopCore* older() const noexcept { return older_; }

  /// Who listens for its servers; null: they do.
  const ServedElsewhere* served_elsewhere = nullptr;

  // ── turning ──
  void run();
  bool run_once(int max_ms);
  void stop() noexcept;

  // ── fork and exit (S31) ──
  /// A copy in a child process, which must not touch what is the parent's.
  bool inert() const noexcept { return inert_ || made_in_ != Machine::fork_count(); }
  void after_fork();
  /// What the handles of this thread's loops have accepted is given to the system, and what would stay behind removed.
  static void at_exit() noexcept;
  bool running() const noexcept { return running_; }
  bool alive() const noexcept;
  void run_ticks();
  /// Milliseconds until the loop has something to do by itself; -1: nothing.
  int timeout_ms() const noexcept;

  /// The time at which this turn's events came, or, if nobody has asked since, the time of the asking.
  std::uint64_t now() const noexcept {
    if (now_turn_ != counts_.turns) update_time();
    return now_;
  }
  void update_time() const noexcept {
    now_ = Machine::now_ns() / 1000000u;
    now_turn_ = counts_.turns;
  }

  /// What keeps the loop alive is counted.
  void keep_alive(bool on) noexcept { on ? ++alive_ : --alive_; }

  // ── queues ──
  void next_close(Job&& job) { closing_.push(std::move(job)); }
  /// Callbacks of users, and steps that say whose they are (`Tick` and its like). What has to happen even when no
  /// memory is left is announced (`expect`) before anything begins.
  Queue<Callback>& ticks() noexcept { return ticks_; }
  Queue<Job>& pending() noexcept { return pending_; }
  Queue<Job>& closing() noexcept { return closing_; }
  /// A connection that has just come has often brought its first message. So the next turn asks it before it waits, and
  /// does not wait at all if it had something. Only if nothing but the server and it keeps the loop: nobody else waits.
  void read_speculatively(Ref<Handle> handle, bool (*ask)(Handle&)) {
    if (alive_ <= 2) speculative_ = std::move(handle), ask_ = ask;
  }
  void next_immediate(Ref<ImmediateState> immediate);
  void clear_immediate(ImmediateState& immediate) noexcept;
  void set_immediate_ref(ImmediateState& immediate, bool on) noexcept;

  void start_timer(TimerState& timer, std::uint64_t length, std::uint64_t from);
  void stop_timer(TimerState& timer) noexcept;
  void set_timer_ref(TimerState& timer, bool on) noexcept;

  /// Runs one callback as the loop does: small writes are batched while it runs and leave when it has returned, then
  /// the ticks that it queued run (S2.2). An exception passes through; what was queued stays queued.
  template <class F>
  void run_callback(F&& f) {
    {
      const Inside inside(*this);
      f();
    }
    if (inside_ == 0) [[likely]] {
      if (batch_owner_) batch_flush_(*batch_owner_);
    } else if (inert_) {
      refuse_child();  // the callback forked, and this is the child
    }
    if (!ticks_.empty()) drain_ticks();
  }
  void drain_ticks();

  // ── the write batch: small writes of one listener ──
  static constexpr std::size_t batch_capacity = 16384;
  bool inside() const noexcept { return inside_ > 0; }
  bool batched_by(const Handle& handle) const noexcept { return batch_owner_ == &handle; }
  std::size_t batch_size() const noexcept { return batch_size_; }
  const char* batch_data() const noexcept { return batch_.begin; }
  /// Space for `size` bytes of this owner; what another one had batched leaves first. Null: does not fit.
  char* batch_for(Handle& owner, void (*flush)(Handle&), std::size_t size);
  /// The same, but null also if something has to be done first.
  NET_GNU(always_inline) char* batch_if_free(Handle& owner, void (*flush)(Handle&), std::size_t size) noexcept {
    if (inside_ == 0) return nullptr;
    if (batch_owner_ != &owner) {
      if (batch_owner_) return nullptr;
      batch_owner_ = &owner;
      batch_flush_ = flush;
    }
    const std::size_t filled = batch_size_ + size;
    if (filled > batch_capacity) return nullptr;
    char* place = batch_.begin + batch_size_;
    batch_size_ = filled;
    return place;
  }
  void forget_batch() noexcept { batch_owner_ = nullptr, batch_size_ = 0; }
  /// So many bytes of it have left.
  void shorten_batch(std::size_t gone) noexcept;
  void flush_batch();

  /// The one receive buffer.
  static constexpr std::size_t receive_capacity = ReceiveBuffer::capacity;
  char* receive_buffer() noexcept { return receive_.begin(); }
  /// For who keeps what was read into it.
  ReceiveBuffer& receiving() noexcept { return receive_; }
  /// What is being emitted in pieces.
  Undelivered*& undelivered() noexcept { return undelivered_; }

  /// Newest first.
  Handle* handles() const noexcept { return handles_; }

  // ── what was counted ──
  void count_event() noexcept { ++counts_.events; }
  void count_bytes(std::uint64_t in, std::uint64_t out) noexcept { counts_.bytes_in += in, counts_.bytes_out += out; }
  LoopCounts counts() const noexcept;
  void measure_times() noexcept;

  Machine::Poller& poller() noexcept { return poller_; }
  const Machine::Poller& poller() const noexcept { return poller_; }
  Mailbox& mailbox() const noexcept { return *mailbox_; }
  /// It is being destroyed: posted callbacks are not run any more.
  bool leaving() const noexcept { return mailbox_->loop == nullptr; }

 private:
  friend struct Handle;

  /// The time in which user code runs: small writes wait for its end.
  struct Inside {
    LoopCore& loop;
    explicit Inside(LoopCore& l) noexcept : loop(l) { ++loop.inside_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { --loop.inside_; }
  };

  /// From entering the loop until leaving it, by an exception too. What is left from before runs first.
  struct Running {
    LoopCore& loop;
    explicit Running(LoopCore& l);
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running();
  };

  void open_poller();
  static void note_forks();
  void join_process() noexcept;
  void leave_process() noexcept;
  void become_inert() noexcept;
  bool of_this_thread() const noexcept;
  [[noreturn]] void refuse_child() const;

  void turn(int max_ms);
  void poll(int max_ms);
  int measured_wait(int milliseconds);
  template <class Serve>
  void wait_for(int milliseconds, Serve& serve);
  void run_timers();
  void run_jobs(Queue<Job>& jobs);
  void run_pending();
  bool speculative_read_found();
  void run_posted();
  void run_immediates();
  void abandon_all() noexcept;
  void abandon_handles() noexcept;

  Machine::Poller poller_;
  mutable std::uint64_t now_ = 0;
  mutable std::uint64_t now_turn_ = 0;  // in which it was read: most turns need no clock
  std::size_t alive_ = 0;
  std::size_t refd_immediates_ = 0;
  /// A child's copy of a loop is inside for ever, so that nothing which is batched leaves.
  static constexpr int inert_depth = 1 << 30;
  int inside_ = 0;
  bool running_ = false;
  bool inert_ = false;
  std::uint32_t made_in_ = Machine::fork_count();
  LoopCore* older_ = nullptr;  // of this thread
  LoopCore* next_in_process_ = nullptr;
  LoopCore** link_in_process_ = nullptr;  // what points to it

  Queue<Callback> ticks_;
  Queue<Ref<Handle>> made_anew_;  // what afterFork() has not come to yet
  Queue<Job> pending_;
  Queue<Job> closing_;
  Ref<Handle> speculative_;
  bool (*ask_)(Handle&) = nullptr;
  Queue<Ref<ImmediateState>> immediates_;
  Queue<Callback> posted_;
  TimerQueue timers_;
  Mailbox* mailbox_ = nullptr;
  Handle* handles_ = nullptr;

  Handle* batch_owner_ = nullptr;
  void (*batch_flush_)(Handle&) = nullptr;
  std::size_t batch_size_ = 0;
  PageBuffer batch_{batch_capacity};
  ReceiveBuffer receive_;
  Undelivered* undelivered_ = nullptr;
  LoopCounts counts_;
  bool measuring_ = false;
  std::uint64_t woken_at_ = 0;  // ns; 0: no turn is under way
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/loop/core.ipp>
#include <net/detail/loop/fork.ipp>
#include <net/detail/loop/turn.ipp>

#endif

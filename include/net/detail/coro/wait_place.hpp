// Where the one task that waits for a reader or an acceptor is noted. Internal.
#ifndef NET_DETAIL_CORO_WAIT_PLACE_HPP
#define NET_DETAIL_CORO_WAIT_PLACE_HPP

#include <coroutine>

#include <net/detail/coro/running_task.hpp>
#include <net/detail/coro/wait_limit.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

class WaitPlace;

/// A task in the middle of a wait, noted in the frame that waits. Either side may go first: the frame, or what it waits
/// for.
class WaitingTask {
 public:
  WaitingTask() noexcept = default;
  template <class Options>
  explicit WaitingTask(const Options& options) : limit_(options) {}
  WaitingTask(WaitingTask&& other) noexcept : limit_(std::move(other.limit_)) {}  // handed on, before it waits
  WaitingTask& operator=(WaitingTask&&) = delete;
  ~WaitingTask() {
    if (place_) leave();
  }

  /// Throws if what the wait is to end with has happened already, or if another task waits with this.
  void require_wanted() const {
    if (place_) throw_waits_already();
    limit_.require_wanted();
  }
  bool given_up() const noexcept { return limit_.given_up(); }
  /// Whether it was not given up, and what it was for is not gone.
  bool kept() const noexcept { return !place_ && !given_up(); }
  void require_kept() const {
    if (!kept()) throw_not_kept();
  }
  /// Throws why the wait was given up, or `ERR_STREAM_PREMATURE_CLOSE` if what it was for is gone.
  [[noreturn]] NET_GNU(cold) void throw_not_kept() const;

 private:
  friend class WaitPlace;

  void leave() noexcept;

  std::coroutine_handle<> task_;
  WaitPlace* place_ = nullptr;  // while it waits; when it has gone on, only if what it waited for is gone
  WaitLimit limit_;
};

class WaitPlace {
 public:
  WaitPlace() noexcept = default;
  WaitPlace(const WaitPlace&) = delete;
  WaitPlace& operator=(const WaitPlace&) = delete;
  ~WaitPlace() { forget(); }

  explicit operator bool() const noexcept { return waiting_ != nullptr; }
  /// Throws `ERR_STREAM_PREMATURE_CLOSE` if there is no loop any more: nothing would come.
  void note(WaitingTask& waiting, LoopCore* loop, std::coroutine_handle<> task);
  void resume();
  void forget() noexcept;
  /// What is waited for goes. The task goes on from a tick: nobody is called in here. Without memory for that it stays
  /// where it is until its loop goes, and `who` is destroyed.
  void close(Handle& who) noexcept;

 private:
  struct Orphaned;

  void resume_orphaned();
  static void give_up(void* waiting);

  WaitingTask* waiting_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/wait_place.ipp>

#endif

// What can end a wait early: a signal, or a timeout. Internal.
#ifndef NET_DETAIL_CORO_WAIT_LIMIT_HPP
#define NET_DETAIL_CORO_WAIT_LIMIT_HPP

#include <utility>

#include <net/abort.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/coro/braced_options.hpp>
#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One wait is for one task: `ERR_INVALID_STATE`.
[[noreturn]] NET_API void throw_waits_already();

/// Part of what waits. Most waits have none: then it is a null pointer, and costs a look at it.
class WaitLimit {
 public:
  WaitLimit() noexcept = default;
  template <class Options>  // WaitOptions, or braces
  explicit WaitLimit(const Options& options) {
    if (options.signal || options.timeout) limit(options);
  }
  WaitLimit(WaitLimit&& other) noexcept : limits_(detail::exchange(other.limits_, nullptr)) {}
  WaitLimit& operator=(WaitLimit&&) = delete;
  ~WaitLimit() {
    if (limits_) drop();
  }

  /// Throws if the signal has aborted already.
  void require_wanted() const {
    if (limits_) require_not_aborted();
  }
  bool given_up() const noexcept { return limits_ && was_given_up(); }
  /// Throws why the wait was given up, if it was.
  void require_kept() const {
    if (limits_) require_not_given_up();
  }
  /// From now on `give_up(waiting)` may be called, once, from the loop.
  void start(LoopCore& loop, void* waiting, void (*give_up)(void*)) {
    if (limits_) watch(loop, waiting, give_up);
  }
  /// It has come.
  void stop() noexcept {
    if (limits_) forget();
  }

 private:
  struct Limits;

  template <class Options>
  NET_GNU(noinline) void limit(const Options& options) {
    make_limits(options);
  }
  void make_limits(const WaitOptions& options);
  void require_not_aborted() const;
  bool was_given_up() const noexcept;
  void require_not_given_up() const;
  void watch(LoopCore& loop, void* waiting, void (*give_up)(void*));
  void forget() noexcept;
  void drop() noexcept;

  Limits* limits_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/wait_limit.ipp>

#endif

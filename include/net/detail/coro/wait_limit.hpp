// What may end a wait before that comes which it waits for: a signal, or a time. Internal.
#ifndef NET_DETAIL_CORO_WAIT_LIMIT_HPP
#define NET_DETAIL_CORO_WAIT_LIMIT_HPP

#include <utility>

#include <net/abort.hpp>
#include <net/detail/coro/braced_options.hpp>
#include <net/detail/loop/core.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Part of what waits. Most waits have none: then it is a null pointer.
class WaitLimit {
 public:
  WaitLimit() noexcept = default;
  explicit WaitLimit(const WaitOptions& options);
  WaitLimit(WaitLimit&& other) noexcept : limits_(std::exchange(other.limits_, nullptr)) {}
  WaitLimit& operator=(WaitLimit&&) = delete;
  ~WaitLimit() {
    if (limits_) drop();
  }

  /// Throws if the signal has aborted already.
  void check() const {
    if (limits_) require_not_aborted();
  }
  /// From now on `give_up(waiting, why)` may be called, once, from the loop.
  void start(LoopCore& loop, void* waiting, void (*give_up)(void*, const Error&)) {
    if (limits_) watch(loop, waiting, give_up);
  }
  /// It has come.
  void stop() noexcept {
    if (limits_) forget();
  }

 private:
  struct Limits;

  void require_not_aborted() const;
  void watch(LoopCore& loop, void* waiting, void (*give_up)(void*, const Error&));
  void forget() noexcept;
  void drop() noexcept;

  Limits* limits_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/coro/wait_limit.ipp>

#endif

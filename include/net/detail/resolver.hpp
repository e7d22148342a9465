// Names to addresses by the system's resolver, on threads of its own. Internal.
#ifndef NET_DETAIL_RESOLVER_HPP
#define NET_DETAIL_RESOLVER_HPP

#include <span>
#include <string>
#include <utility>

#include <net/detail/list.hpp>
#include <net/detail/loop_core.hpp>
#include <net/detail/os_address.hpp>
#include <net/detail/os_thread.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A lookup that was asked for. The loop keeps it, so that its callback dies on the loop's thread; the pool knows
/// only its mailbox, and an answer that comes after the loop has gone finds nobody.
struct LookupState : Handle {
  using Done = Function<void(const Error&, std::span<const LookupAddress>)>;

  static const Operations table;

  explicit LookupState(LoopCore& core) noexcept : Handle(core, table) {}
  Done callback;

  void answer(const Error& error, std::span<const LookupAddress> addresses) {
    const Done done = std::move(callback);
    loop->keep_alive(false);
    release();
    if (done) done(error, addresses);
  }
};

inline constexpr Handle::Operations LookupState::table{
    [](Handle& handle) noexcept { delete static_cast<LookupState*>(&handle); },
    [](Handle& handle) noexcept {
      auto& self = static_cast<LookupState&>(handle);
      self.callback.reset();
      self.release();
    }};

/// A few threads that wait for the system's resolver, shared by all loops of the process, and never joined:
/// a lookup cannot be called off, and nobody should wait for one at the end of a program.
class ResolverPool {
 public:
  static ResolverPool& instance() {
    static ResolverPool& pool = *new ResolverPool;
    return pool;
  }

  void submit(Callback job) {
    const os::Locked locked(mutex_);
    jobs_.push(std::move(job));
    if (idle_ == 0 && threads_ < most_threads &&
        os::start_thread([](void* pool) { static_cast<ResolverPool*>(pool)->work(); }, this)) {
      ++threads_;
    }
    waiting_.wake_one();
  }

 private:
  static constexpr int most_threads = 4;

  [[noreturn]] void work() {
    mutex_.lock();
    for (;;) {
      while (jobs_.empty()) {
        ++idle_;
        waiting_.wait(mutex_);
        --idle_;
      }
      {
        const Callback job = jobs_.take();
        mutex_.unlock();
        job();
      }
      mutex_.lock();
    }
  }

  os::Mutex mutex_;
  os::Condition waiting_;
  Queue<Callback> jobs_;
  int idle_ = 0;
  int threads_ = 0;
};

/// Asks the system's resolver without blocking the loop; keeps the loop alive until it has answered (S2.11).
inline void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done) {
  auto* state = new LookupState(loop);
  state->callback = std::move(done);
  state->retain();
  loop.keep_alive(true);
  Mailbox* mailbox = &loop.mailbox();
  mailbox->retain();
  ResolverPool::instance().submit([state, mailbox, host = std::move(host), options] {
    List<LookupAddress> addresses;
    const Errc failed = os::look_up(host, options.family, options.hints, addresses);
    const Error error = failed == Errc{} ? no_error() : lookup_failure(failed, host);
    mailbox->post(
        [state, error, found = std::move(addresses)] { state->answer(error, {found.begin(), found.size()}); });
    mailbox->release();
  });
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

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

/// A few threads that wait for the system's resolver, shared by all loops of the process, and never joined:
/// a lookup cannot be called off, and nobody should wait for one at the end of a program.
class ResolverPool {
 public:
  /// This process's: the threads of another one's did not come along (S31.3), and its lock may be held for ever.
  static ResolverPool& instance() {
    static constinit Atomic<ResolverPool*> pool{nullptr};
    ResolverPool* known = pool.load();
    while (!known || known->generation_ != os::generation().load()) {
      auto* const fresh = new ResolverPool;
      if (pool.compare_exchange(known, fresh)) return *fresh;
      delete fresh;
    }
    return *known;
  }

  /// False if there is no thread for it, and none can be started.
  bool submit(Callback job) {
    const os::Locked locked(mutex_);
    if (idle_ == 0 && threads_ < most_threads &&
        os::start_thread([](void* pool) { static_cast<ResolverPool*>(pool)->work(); }, this)) {
      ++threads_;
    }
    if (threads_ == 0) return false;
    jobs_.push(std::move(job));
    waiting_.wake_one();
    return true;
  }

 private:
  static constexpr int most_threads = 4;

  ResolverPool() noexcept = default;

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

  const std::uint32_t generation_ = os::generation().load();
  os::Mutex mutex_;
  os::Condition waiting_;
  Queue<Callback> jobs_;
  int idle_ = 0;
  int threads_ = 0;
};

/// A lookup that was asked for. The loop keeps it, so that its callback dies on the loop's thread; the pool knows
/// only its mailbox, and an answer that comes after the loop has gone finds nobody.
struct LookupState : Handle {
  using Done = Function<void(const Error&, std::span<const LookupAddress>)>;

  static const Operations table;

  LookupState(LoopCore& core, std::string name, const LookupOptions& asked) noexcept
      : Handle(core, table), host(std::move(name)), options(asked) {}

  /// Once, and in a child process once more: the first answer counts, each question holds a reference.
  void ask() {
    Mailbox* const mailbox = &loop->mailbox();
    mailbox->retain();
    const bool taken = ResolverPool::instance().submit([state = this, mailbox, name = host, asked = options] {
      List<LookupAddress> addresses;
      const Errc failed = os::look_up(name, asked.family, asked.hints, addresses);
      const Error error = failed == Errc{} ? no_error() : lookup_failure(failed, name);
      mailbox->post(
          [state, error, found = std::move(addresses)] { state->answer(error, {found.begin(), found.size()}); });
      mailbox->release();
    });
    if (!taken) {
      mailbox->release();
      loop->next_tick([state = this] { state->answer(system_failure(EAGAIN, "getaddrinfo"), {}); });
    }
    retain();
    ++questions;
  }

  void answer(const Error& error, std::span<const LookupAddress> addresses) {
    const Ref<LookupState> alive(this);
    --questions;
    release();
    if (!callback) return;
    const Done done = std::move(callback);
    loop->keep_alive(false);
    done(error, addresses);
  }

  void abandon() noexcept {
    callback.reset();
    while (questions > 0) {
      --questions;
      release();
    }
  }

  std::string host;
  LookupOptions options;
  Done callback;
  std::uint32_t questions = 0;
};

inline constexpr Handle::Operations LookupState::table{
    [](Handle& handle) noexcept { delete static_cast<LookupState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<LookupState&>(handle).abandon(); },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) {
      if (auto& self = static_cast<LookupState&>(handle); self.callback) self.ask();
    }};

/// Asks the system's resolver without blocking the loop; keeps the loop alive until it has answered (S2.11).
inline void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done) {
  const Ref<LookupState> state(new LookupState(loop, std::move(host), options));
  state->callback = std::move(done);
  state->ask();
  loop.keep_alive(true);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// Names to addresses by the system's resolver, on threads of its own. Internal.
#ifndef NET_DETAIL_CONNECT_LOOKUP_HPP
#define NET_DETAIL_CONNECT_LOOKUP_HPP

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <net/detail/base/vec.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/detail/sys/posix/thread.hpp>
#include <net/detail/text/idna.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct LookupState;

/// A question on its way, made whole before it is asked: neither waiting for a thread nor going home with the answer
/// needs memory.
struct Question {
  LookupState* state;
  Mailbox* home;
  std::string name;  // as resolvers know it
  LookupOptions options;
  Vec<LookupAddress> found = {};
  Errc failed = {};
  Question* next = nullptr;

  Question(LookupState& asks, Mailbox& at, std::string&& encoded, const LookupOptions& asked) noexcept
      : state(&asks), home(&at), name(std::move(encoded)), options(asked) {
    home->retain();
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() { home->release(); }

  void find() {
#if defined(__cpp_exceptions)
    try {
      failed = os::look_up(name, options.family, options.hints, found);
    } catch (...) {
      found.clear();
      failed = Errc::ERR_LOOKUP_NO_MEMORY;
    }
#else
    failed = os::look_up(name, options.family, options.hints, found);
#endif
  }
};

/// A few threads that wait for the system's resolver, shared by all loops of the process, and never joined:
/// a lookup cannot be called off, and nobody should wait for one at the end of a program.
class ResolverPool {
 public:
  /// This process's: the threads of another one's did not come along (S31.3), and its lock may be held for ever.
  static ResolverPool& instance() {
    static constinit Atomic<ResolverPool*> pool{nullptr};
    ResolverPool* shared = pool.load();
    while (!shared || shared->made_in_ != os::fork_count().load()) {
      auto* const fresh = new ResolverPool;
      if (pool.compare_exchange(shared, fresh)) return *fresh;
      delete fresh;
    }
    return *shared;
  }

  /// False: no thread can be started, and there is none that it could wait for (S32.3).
  bool submit(Question& question) noexcept {
    const os::LockGuard locked(mutex_);
    // one that was woken is idle until it runs: those who wait already will take it
    if (idle_ <= waiting_questions_ && threads_ < max_threads &&
        os::start_thread([](void* pool) { static_cast<ResolverPool*>(pool)->work(); }, this)) {
      ++threads_;
      os::in_resolver().fetch_add(1);
    }
    if (threads_ == 0) return false;
    (last_ ? last_->next : first_) = &question;
    last_ = &question;
    ++waiting_questions_;
    waiting_.wake_one();
    return true;
  }

 private:
  static constexpr int max_threads = 4;

  ResolverPool() noexcept = default;

  [[noreturn]] void work() noexcept;

  const std::uint32_t made_in_ = os::fork_count().load();
  os::Mutex mutex_;
  os::Condition waiting_;
  Question* first_ = nullptr;
  Question* last_ = nullptr;
  std::size_t waiting_questions_ = 0;
  std::size_t idle_ = 0;
  int threads_ = 0;
};

/// A lookup that was asked for. The loop keeps it, so that its callback dies on the loop's thread; the pool knows
/// only its mailbox, and an answer that comes after the loop has gone finds nobody.
struct LookupState : Handle {
  using Done = Function<void(const Error&, std::span<const LookupAddress>)>;

  static const Operations table;

  LookupState(LoopCore& core, std::string name, const LookupOptions& asked) noexcept
      : Handle(core, table), host(std::move(name)), options(asked) {}

  /// Goes home with its question, and brings the answer.
  struct Letter {
    Question* question;

    explicit Letter(Question* with) noexcept : question(with) {}
    Letter(Letter&& other) noexcept : question(std::exchange(other.question, nullptr)) {}
    ~Letter() { delete question; }
    void operator()() const { question->state->answer(*question); }
  };

  /// Once, and in a child process once more: the first answer counts, each question holds a reference.
  void ask() {
    std::string name;
    const int wrong = to_ascii_host(host, name) ? 0 : EINVAL;
    Letter posted(new Question(*this, loop->mailbox(), std::move(name), options));
    ResolverPool& pool = ResolverPool::instance();
    loop->mailbox().expect();
    refused = wrong != 0 ? wrong : pool.submit(*posted.question) ? 0 : EAGAIN;
    retain();
    ++questions;
    if (refused == 0) {
      posted.question = nullptr;  // the pool's
    } else {
      loop->mailbox().post_expected(Callback(std::move(posted)));  // told from the loop, like any other answer
    }
  }

  void answer(const Question& question) {
    const Ref<LookupState> alive(this);
    --questions;
    release();
    if (!callback) return;
    const Done done = std::move(callback);
    loop->keep_alive(false);
    const Error error = refused != 0                ? lookup_failure(refused, host)
                        : question.failed == Errc{} ? no_error()
                                                    : lookup_failure(question.failed, host);
    done(error, {question.found.begin(), question.found.size()});
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
  int refused = 0;  // an errno: it was not even asked
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

inline void ResolverPool::work() noexcept {
  mutex_.lock();
  for (;;) {
    while (!first_) {
      ++idle_;
      os::in_resolver().fetch_sub(1);
      waiting_.wait(mutex_);
      os::in_resolver().fetch_add(1);
      --idle_;
    }
    Question& question = *first_;
    first_ = question.next;
    if (!first_) last_ = nullptr;
    --waiting_questions_;
    mutex_.unlock();
    question.find();
    Mailbox& home = *question.home;
    home.retain();  // the posted may be the last that knows it
    home.post_expected(Callback(LookupState::Letter(&question)));
    home.release();
    mutex_.lock();
  }
}

/// Asks the system's resolver without blocking the loop; keeps the loop alive until it has answered (S2.11).
inline void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done) {
  const Ref<LookupState> state(new LookupState(loop, std::move(host), options));
  state->callback = std::move(done);
  state->ask();
  loop.keep_alive(true);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

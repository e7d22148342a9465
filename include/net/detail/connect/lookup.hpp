// Names to addresses by the system's resolver, on threads of its own. Internal.
#ifndef NET_DETAIL_CONNECT_LOOKUP_HPP
#define NET_DETAIL_CONNECT_LOOKUP_HPP

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/sys/endpoint_text.hpp>
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

  void find();
  void ask_system();
};

/// A few threads that wait for the system's resolver, shared by all loops of the process, and never joined:
/// a lookup cannot be called off, and nobody should wait for one at the end of a program.
class ResolverPool {
 public:
  /// This process's: the threads of another one's did not come along (S31.3), and its lock may be held for ever.
  static ResolverPool& instance();

  /// False: no thread can be started, and there is none that it could wait for (S32.3).
  bool submit(Question& question) noexcept;

 private:
  static constexpr int max_threads = 4;

  ResolverPool() noexcept = default;

  [[noreturn]] void work() noexcept;

  const std::uint32_t made_in_ = Machine::fork_count();
  Machine::Mutex mutex_;
  Machine::Condition waiting_;
  Question* first_ = nullptr;
  Question* last_ = nullptr;
  std::size_t waiting_questions_ = 0;
  std::size_t idle_ = 0;
  int threads_ = 0;
};

/// What a lookup has brought. Its error is made by who is asked for it, since that needs memory: whoever waits for the
/// answer is to be given up without it.
class LookupAnswer {
 public:
  LookupAnswer(const LookupState& asked, const Question& question) noexcept : asked_(asked), question_(question) {}
  Error error() const;
  std::span<const LookupAddress> addresses() const noexcept {
    return {question_.found.begin(), question_.found.size()};
  }

 private:
  const LookupState& asked_;
  const Question& question_;
};

/// A lookup that was asked for. The loop keeps it, so that its callback dies on the loop's thread; the pool knows
/// only its mailbox, and an answer that comes after the loop has gone finds nobody.
struct LookupState : Handle {
  using Done = Function<void(const LookupAnswer&)>;

  static const Operations table;

  LookupState(LoopCore& core, std::string name, const LookupOptions& asked) noexcept
      : Handle(core, table), host(std::move(name)), options(asked) {}

  /// Goes home with its question, and brings the answer.
  struct PostedAnswer {
    Question* question;

    explicit PostedAnswer(Question* with) noexcept : question(with) {}
    PostedAnswer(PostedAnswer&& other) noexcept : question(detail::exchange(other.question, nullptr)) {}
    ~PostedAnswer() { delete question; }
    void operator()() const { question->state->answer(*question); }
  };

  /// Once, and in a child process once more: the first answer counts, each question holds a reference.
  void ask();

  void answer(const Question& question);

  void abandon() noexcept;

  std::string host;
  LookupOptions options;
  Done callback;
  std::uint32_t questions = 0;
  int refused = 0;  // an errno: it was not even asked
};

/// Asks the system's resolver without blocking the loop; keeps the loop alive until it has answered (S2.11).
NET_API void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/connect/lookup.ipp>

#endif

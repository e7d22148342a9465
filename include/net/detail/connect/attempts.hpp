// What a socket has while it connects, and the defaults of the race. Internal.
#ifndef NET_DETAIL_CONNECT_ATTEMPTS_HPP
#define NET_DETAIL_CONNECT_ATTEMPTS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <net/detail/base/position.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/stream/state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Where an attempt is.
enum class AttemptPhase : std::uint8_t {
  waiting,  // its turn has not come
  running,
  slow,  // it runs, and the next one does too
  over   // it failed, or was called off
};

/// Each to the next; what is over may be closed once more.
constexpr bool is_step(AttemptPhase from, AttemptPhase to) noexcept {
  return to == AttemptPhase::over || static_cast<int>(to) == static_cast<int>(from) + 1;
}

/// One address that is being tried, on a descriptor of its own.
struct Attempt {
  Machine::Channel channel;
  Endpoint to;
  std::string address;
  Family family = Family::unspecified;  // as the lookup says
  Error error;
  Position<AttemptPhase> phase{};

  bool is_under_way() const noexcept { return phase == AttemptPhase::running || phase == AttemptPhase::slow; }
};

/// What a socket has only while it connects.
struct ConnectAttempts : Connecting, Handle {
  static const Operations table;

  std::string host, path, local_address;
  int port = 0;
  int local_port = 0;
  Family family = Family::unspecified;
  bool selecting = false;  // several addresses, which race (S13)
  std::uint64_t attempt_delay = 250;
  Vec<Attempt*> list;  // in order; those from `begun` on have not begun
  std::size_t begun = 0;
  Ref<TimerState> timer;

  Rare<BlockList> block_list;
  bool by_address = false;  // no lookup
  bool started = false;     // connect() has returned: what fails before that is taken back
  bool end_expected = false;

  ConnectAttempts(LoopCore& core, const Connecting& what) : Connecting(what), Handle(core, table) {}
  ~ConnectAttempts() {
    if (end_expected && loop) loop->closing().expect_no_more();
    for (Attempt* attempt : list) delete attempt;
  }

  void expect_end() {
    loop->closing().expect();
    end_expected = true;
  }
  /// It is kept until the turn has ended: functions on the stack may be in the middle of it.
  void end() noexcept;
};

/// S7.8, S7.9: the defaults of the process, read when connect is called.
struct SelectionDefaults {
  Atomic<int> on{1};
  Atomic<int> delay_ms{250};
  static SelectionDefaults& get() {
    static SelectionDefaults defaults;
    return defaults;
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/connect/attempts.ipp>

#endif

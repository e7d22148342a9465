// What a socket has while it connects, and the defaults of the race. Internal.
#ifndef NET_DETAIL_CONNECT_PLAN_HPP
#define NET_DETAIL_CONNECT_PLAN_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include <net/detail/list.hpp>
#include <net/detail/socket_state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One address that is being tried, on a descriptor of its own.
struct Attempt {
  Machine::Channel channel;
  Endpoint to;
  std::string address;
  Family family = Family::unspecified;  // as the lookup says
  Error error;
  bool running = false;
  bool timed_out = false;
};

/// What a socket has only while it connects.
struct Plan : Connecting {
  std::string host, path, local_address;
  int port = 0;
  int local_port = 0;
  Family family = Family::unspecified;
  bool selecting = false;  // several addresses, which race (S13)
  std::uint64_t attempt_delay = 250;
  List<Attempt*> attempts;  // in order; those from `next` on have not begun
  std::size_t next = 0;
  Ref<TimerState> timer;

  explicit Plan(const Connecting& what) : Connecting(what) {}
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    for (Attempt* attempt : attempts) delete attempt;
  }
};

/// Keeps a finished plan until the turn has ended: its watchers may still be in the poller's present round.
struct Discarded : Handle {
  static const Operations table;
  Discarded(LoopCore& core, Plan* kept) noexcept : Handle(core, table), plan(kept) {}
  ~Discarded() { delete plan; }
  Plan* plan;
};

inline constexpr Handle::Operations Discarded::table{
    [](Handle& handle) noexcept { delete static_cast<Discarded*>(&handle); }, [](Handle&) noexcept {}};

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

#endif

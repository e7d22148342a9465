// The states and flags that decide whether a read or a write can take its short way, side by side so that one
// comparison asks for all of them. The states themselves stand here: there is no copy that could disagree.
#ifndef NET_DETAIL_STREAM_GATES_HPP
#define NET_DETAIL_STREAM_GATES_HPP

#include <cstdint>
#include <cstring>

#include <net/detail/stream/positions.hpp>

namespace net::inline NET_ABI::detail {

/// Whether 'data' flows; unset until somebody asked for either.
enum class Flow : std::uint8_t { unset, flowing, paused };

template <class Gate>
bool same_flags(const Gate& a, const Gate& b) noexcept {
  std::uint64_t one, other;
  static_assert(sizeof(Gate) == sizeof one);
  std::memcpy(&one, &a, sizeof one);
  std::memcpy(&other, &b, sizeof other);
  return one == other;
}

/// What a read has to look at, together, so that one comparison asks for all of it.
struct ReadGate {
  Flow flow_state = Flow::unset;
  bool read_interest = false;  // the poller is asked for what can be read
  bool users_buffer = false;   // onread
  bool decodes = false;        // setEncoding() was called
  Position<ReadEnd> read_end{};
  bool timed = false;      // setTimeout() is on, or it lingers
  bool by_buffer = false;  // 'readable' was listened to, or 'data' in front: without others what comes is buffered
  bool padding = false;

  bool ended() const noexcept { return read_end != ReadEnd::open; }
  bool end_emitted() const noexcept { return read_end == ReadEnd::end_emitted; }

  /// The common case: it flows, and nothing else is asked for.
  bool can_read_fast() const noexcept {
    const ReadGate common{Flow::flowing, true};
    return same_flags(*this, common);
  }
};

/// What a write has to look at, alike.
struct WriteGate {
  Position<Phase> phase{};
  Position<WriteRequest> request{};
  bool need_drain = false;
  Position<WriteEnd> write_end{};
  Position<Failure> failure{};
  bool corked = false;  // how often is elsewhere
  bool padding[2] = {};

  bool connecting() const noexcept { return phase == Phase::connecting; }
  /// Also while it is connecting.
  bool has_handle() const noexcept { return phase == Phase::connecting || phase == Phase::open; }
  bool destroyed() const noexcept { return phase >= Phase::discarded; }
  bool closed() const noexcept { return phase == Phase::closed; }
  bool writing() const noexcept { return request != WriteRequest::none; }
  bool ending() const noexcept { return write_end != WriteEnd::open; }
  bool errored() const noexcept { return failure != Failure::none; }
  bool finished() const noexcept { return write_end == WriteEnd::finished; }

  /// The common case: connected, and nothing waits.
  bool can_write_fast() const noexcept {
    const WriteGate common{Position<Phase>(Phase::open)};
    return same_flags(*this, common);
  }
};

}  // namespace net::inline NET_ABI::detail

#endif

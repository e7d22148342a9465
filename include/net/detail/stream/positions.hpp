// The states of a socket that are positions in its life, and the steps between them. Internal.
#ifndef NET_DETAIL_STREAM_POSITIONS_HPP
#define NET_DETAIL_STREAM_POSITIONS_HPP

#include <cstdint>

#include <net/detail/base/position.hpp>

namespace net::inline NET_ABI::detail {

/// Where a connection is, from the first connect() to 'close'.
enum class Phase : std::uint8_t {
  idle,  // no connection yet
  connecting,
  open,
  discarded,  // destroyed when there was nothing to close: 'close' comes on a tick, and connect() need not wait for it
  closing,    // destroyed: what it had is closed, and 'close' comes in the close phase
  closed      // 'close' came, or nobody will be told
};

/// A connect() that throws leads back to `idle`; one of a wrapped descriptor that had no other end (S22.9) leads from
/// `open` to `connecting`.
constexpr bool is_step(Phase from, Phase to) noexcept {
  switch (from) {
    case Phase::idle: return to != Phase::idle;
    case Phase::connecting:
      return to == Phase::idle || to == Phase::open || to == Phase::closing || to == Phase::closed;
    case Phase::open: return to == Phase::connecting || to == Phase::closing || to == Phase::closed;
    case Phase::discarded:
    case Phase::closing: return to == Phase::closed;
    case Phase::closed: return false;
  }
  return false;
}

/// What was given to write() and is neither in the kernel nor behind another request.
enum class WriteRequest : std::uint8_t {
  none,
  awaits_connection,
  in_flight  // until the kernel has taken it whole
};

/// One that is in flight may grow by what is left of the write batch, and what has failed may fail again.
constexpr bool is_step(WriteRequest from, WriteRequest to) noexcept {
  return to != WriteRequest::awaits_connection || from == WriteRequest::none;
}

/// How far the writing side has come to its end, by Node's words.
enum class WriteEnd : std::uint8_t {
  open,
  ending,        // end() was called
  final_called,  // everything is written: the other side is to learn of it
  prefinished,   // it has, and 'prefinish' came
  finished       // 'finish' came, or nobody listens to it
};

/// From `open` also at once: when both sides end without a listener, or for what was never writable.
constexpr bool is_step(WriteEnd from, WriteEnd to) noexcept {
  switch (from) {
    case WriteEnd::open: return to == WriteEnd::ending || to == WriteEnd::final_called || to == WriteEnd::finished;
    case WriteEnd::ending: return to == WriteEnd::final_called;
    case WriteEnd::final_called: return to == WriteEnd::prefinished || to == WriteEnd::finished;
    case WriteEnd::prefinished: return to == WriteEnd::finished;
    case WriteEnd::finished: return false;
  }
  return false;
}

/// How far the reading side has come to its end.
enum class ReadEnd : std::uint8_t {
  open,
  eof_read,    // the kernel will give no more, and 'end' follows what is buffered
  end_emitted  // or there was nobody to emit it to
};

/// From `open` also at once: when nobody listens to it, or for what was never readable.
constexpr bool is_step(ReadEnd from, ReadEnd to) noexcept { return to > from; }

/// Whether it has failed.
enum class Failure : std::uint8_t {
  none,
  pending,  // the error is known; its 'error' may still come
  emitted   // 'error' came: at most once between two connects (S3.19)
};

constexpr bool is_step(Failure from, Failure to) noexcept { return static_cast<int>(to) == static_cast<int>(from) + 1; }

/// What a task that reads the socket has let it know.
enum class ReaderNote : std::uint8_t {
  none,         // there is no reader
  idle,         // it holds nothing, and no task waits for it
  asked,        // it holds nothing, and a task waits for it
  holds_bytes,  // that nobody has taken: 'end' waits behind them
  holds_part,   // of what a task waits for
  runs_on,      // it takes what still comes: a task waits for 'end' or 'close', behind that
  left          // it has gone before the end, and nobody reads it since (S34.5)
};

/// A reader may have been there before connect(), or another one may have gone. Only one that is there runs on.
constexpr bool is_step(ReaderNote from, ReaderNote to) noexcept {
  return to != ReaderNote::runs_on || (from != ReaderNote::none && from != ReaderNote::left);
}

}  // namespace net::inline NET_ABI::detail

#endif

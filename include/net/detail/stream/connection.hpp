// The data of a socket: what belongs to one connection, what waits, and what most sockets never need. Internal.
#ifndef NET_DETAIL_STREAM_CONNECTION_HPP
#define NET_DETAIL_STREAM_CONNECTION_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <net/detail/base/function.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/base/rare.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/events/listeners.hpp>
#include <net/detail/loop/retry.hpp>
#include <net/detail/stream/pipe_link.hpp>
#include <net/detail/stream/positions.hpp>
#include <net/detail/stream/user_data.hpp>
#include <net/detail/stream/write_queue.hpp>
#include <net/detail/text/decoder.hpp>
#include <net/error.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct SocketState;

using ListenerId = decltype(ListenerRecord::id);

/// A connection on its way. What it does stands behind pointers: a program that only accepts holds none of it.
struct Connecting {
  void (*ready)(SocketState&, Watcher&);  // one of its channels is
  void (*stop)(SocketState&) noexcept;    // closes them, but the one that won, and frees this
};

/// Received bytes that nobody took yet, in the pieces in which they came. Taking some and putting some back costs what
/// these cost, however much there is.
struct ReadBuffer {
  struct Piece {
    std::string bytes;
    std::size_t begin = 0;  // what is before it was taken

    std::size_t size() const noexcept { return bytes.size() - begin; }
    std::string_view view() const noexcept { return std::string_view(bytes).substr(begin); }
    std::string rest() &&;
  };
  Queue<Piece> pieces;
  std::size_t length = 0;

  void push(std::string&& bytes);
  void push_front(std::string_view bytes);
  /// The first `size` bytes, of which there are as many.
  void take(std::size_t size, std::string& into);
};

/// What waits to be sent, and whom to call when it was.
struct Backlog {
  WriteQueue in_flight;  // the request that the kernel has not taken whole
  WriteQueue buffered;   // behind it
  WriteQueue done;       // taken; their callbacks run on a tick
  std::size_t in_flight_length = 0;
  std::size_t batch_callbacks = 0;  // the last so many of `done` are of small writes that are batched
};

/// The library's own once-listeners. Each is there once at most, and goes with its connection. Only `own_read` (S25.5)
/// waits for whichever connection comes, as `read_when_connected` does.
enum OwnListener : unsigned { own_write, own_write_closed, own_end, own_reset, own_read, own_finish, own_count };

/// What is rarely needed of one connection; connect() replaces it as a whole.
struct ColdConnection {
  Error errored;
  Error unwanted;  // destroyed with it while another process was to have the socket
  Endpoint remote;
  bool remote_known = false;
  bool write_progress = false;  // the kernel took something since the idle timer last looked
  std::string unread;           // taken from the kernel, but not emitted: as if it were still there
  Queue<WriteCallback> finish_callbacks;
  Connecting* connecting = nullptr;
  Vec<Endpoint> cancelled;                         // attempts that were under way at destroy() (S13.13), last first
  void (*emit_cancelled)(SocketState&) = nullptr;  // of the last
  Ref<TimerState> linger_timer;                    // ends a socket that throws away what comes
  std::uint64_t lingers_until = 0;                 // bytes_read then
  int path_result = 1;  // of a connect() to a path, until it is emitted; above 0: there is none
};

/// Reading into the user's memory (S25).
struct OnReading {
  OnRead asked;
  std::span<std::byte> buffer = {};
  void (*read)(SocketState&, bool to_the_end);
};

/// What most sockets never need; allocated when they do. Each of the rare things comes with its code, so a program that
/// asks for none of them has none of it.
struct ColdState : ColdConnection {
  explicit ColdState(SocketState& self);

  Ref<TimerState> idle_timer;
  double lingering_ms = 30000;
  double idle_length = -1;  // ms, as given to setTimeout; below 0: not at all
  std::uint64_t last_activity = 0;
  ListenerId own[own_count] = {};
  Rare<std::vector<std::string>> attempted;  // S13.14; kept until the next race
  Rare<BlockList> block_list;
  Function<std::string(std::string_view piece, Decode what)> decode;
  Encoding encoding = Encoding::utf8;
  Rare<OnReading> onread;
  AbortWatch abort_watch;
  Rare<Pipes> pipes;
  std::size_t corks = 0;  // cork() less uncork()
  Retry memory;           // while the system has none for this socket
  int keep_alive_seconds = 0;
  int type_of_service = -1;
  UserData user_data;
};

/// What a socket was made with, or was told; it stays over connections.
struct Settings {
  bool allow_half_open : 1 = false;
  bool reusable : 1 = false;
  bool no_delay : 1 = false;
  bool keep_alive : 1 = false;
};

/// What belongs to one connection. connect() replaces it as a whole, so that nothing of an old one is forgotten.
struct Connection {
  std::size_t write_length = 0;  // bytes that wait, in flight and buffered
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_sent = 0;  // handed to the kernel, or in flight to it

  // how much had come at the last write, its last 32 bits; above them since when it is known to be quiet, in ms of the
  // loop's clock, and 0 after each write
  std::uint64_t answered = 0;
  // reading
  bool reading : 1 = false;
  // writing
  bool drain_ticking : 1 = false;
  bool shutting_down : 1 = false;
  bool ended_by_other : 1 = false;  // 'end' came: a write after the automatic end is EPIPE (S16.8)
  // the whole
  bool close_ticked : 1 = false;
  bool had_error : 1 = false;
  bool resetting : 1 = false;
  bool is_path : 1 = false;
  bool released : 1 = false;           // its descriptor is another one's; what is buffered is for read()
  bool of_server : 1 = false;          // its server counts it
  bool errors_heard : 1 = false;       // a task has or had it: one that nobody listens to does not leave run()
  bool listeners_dropped : 1 = false;  // after 'close'
  bool unwanted : 1 = false;           // destroyed while another process was to have it
  Position<ReaderNote> reader_note{};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

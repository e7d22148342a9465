// <net/ipc_channel.hpp> of net.hpp 0.1.0, beside the single header. Copyright (c) 2026 The net.hpp authors.
// SPDX-License-Identifier: MIT
// Made by tools/amalgamate.py from the headers under include/: change those, not this.

#include "net.hpp"

// Messages between processes, and sockets and servers that travel with them. Not part of <net.hpp>: it is included by
// itself.
#ifndef NET_IPC_CHANNEL_HPP
#define NET_IPC_CHANNEL_HPP

// The events of a channel between processes. Internal; net::IpcChannel says what they mean.
#ifndef NET_DETAIL_IPC_EVENTS_HPP
#define NET_DETAIL_IPC_EVENTS_HPP

namespace net::inline NET_ABI::inline NET_MACHINE {

/// What came with a message: nothing, a socket or a server. Whoever gets it may keep it, or let it go: what nobody
/// closes stays open, as a connection that was accepted does.
class ReceivedHandle {
 public:
  ReceivedHandle() noexcept = default;                                             ///< nothing came
  explicit ReceivedHandle(Socket socket) noexcept : socket_(std::move(socket)) {}  ///< a socket
  explicit ReceivedHandle(Server server) noexcept : server_(std::move(server)) {}  ///< a server

  /// The socket, if it is one; what it had received and nobody had read is its first 'data'.
  const std::optional<Socket>& socket() const noexcept { return socket_; }
  /// The server, if it is one. It listens; 'connection' comes as soon as there is somebody.
  const std::optional<Server>& server() const noexcept { return server_; }
  /// Whether anything came.
  explicit operator bool() const noexcept { return socket_ || server_; }

 private:
  std::optional<Socket> socket_;
  std::optional<Server> server_;
};

/// What a task receives by `IpcChannel::receive`: one message, and what came with it.
struct IpcMessage {
  std::string bytes;      ///< yours
  ReceivedHandle handle;  ///< nothing, a socket or a server
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail {

template <>
struct HandlesWithin<ReceivedHandle> {
  template <class Each>
  static void each(const ReceivedHandle& received, const Each& each) {
    if (received.socket()) each(*received.socket());
    if (received.server()) each(*received.server());
  }
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using IpcEvents = EventTable<Event<"message", std::string_view, const ReceivedHandle>, Event<"error", const Error>,
                             Event<"disconnect">, Event<"drain">>;
enum : unsigned { ipc_message, ipc_error, ipc_disconnect, ipc_drain };

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

// What a channel between processes is made of: frames out, frames in, and its end. Internal; net::IpcChannel is its
// face.
#ifndef NET_DETAIL_IPC_STATE_HPP
#define NET_DETAIL_IPC_STATE_HPP

// Frames out of what arrives, however it is cut, and the descriptors that belong to them. Internal.
#ifndef NET_DETAIL_IPC_FRAME_READER_HPP
#define NET_DETAIL_IPC_FRAME_READER_HPP

// How messages between processes are cut out of a stream of bytes: docs/ipc-frames.md says it for others. Internal.
#ifndef NET_DETAIL_IPC_FRAMES_HPP
#define NET_DETAIL_IPC_FRAMES_HPP

namespace net::inline NET_ABI::detail {

enum class FrameKind : std::uint8_t {
  message = 1,
  socket,   // a message, and a socket with it
  server,   // a message, and what listens
  taken,    // answers `socket` or `server`, in their order: this side has it
  refused,  // alike: it has not, and `flags` says why
  process,  // for which process tickets are made, where there are some
};

/// Why a handle was refused.
enum class Refused : std::uint8_t { no_descriptors, no_memory, disconnected };

/// What a sent socket is, in the flags of its frame.
inline constexpr std::uint8_t flag_readable = 1;
inline constexpr std::uint8_t flag_writable = 2;
inline constexpr std::uint8_t flag_half_open = 4;

struct FrameHeader {
  FrameKind kind = FrameKind::message;
  std::uint8_t flags = 0;
  std::uint32_t message = 0;  // bytes of it
  std::uint32_t unread = 0;   // bytes behind it, which the socket has received
  std::uint32_t number = 0;   // of the process
};

inline constexpr std::size_t frame_header_size = 12;
inline constexpr char frame_mark = '\x9e';  // no text begins with it

/// What a socket may bring along that nobody has read.
inline constexpr std::size_t max_unread = std::size_t{16} << 20;

constexpr bool carries_handle(FrameKind kind) noexcept {
  return kind == FrameKind::socket || kind == FrameKind::server;
}

NET_API void write_frame_header(const FrameHeader& header, char* into) noexcept;

/// False: no sender writes that.
NET_API bool read_frame_header(const char* from, FrameHeader& header) noexcept;

}  // namespace net::inline NET_ABI::detail

#endif

namespace net::inline NET_ABI::detail {

/// One frame; its texts are valid until the reader is fed again.
struct ReadFrame {
  FrameHeader header;
  std::string_view ticket;  // of the handle that it carries, where there are tickets
  std::string_view message;
  std::string_view unread;
};

/// It keeps what is not a whole frame yet: never more than one frame of the largest size, and what came in one piece
/// with it. It closes no descriptor: whoever has it does.
class FrameReader {
 public:
  enum class Step : std::uint8_t { frame, more, rubbish, too_large };

  /// 0: handles come as descriptors, and there are no tickets.
  explicit FrameReader(std::size_t ticket_size = 0) noexcept : ticket_size_(ticket_size) {}

  /// What one call has received, and what came with it. False: nobody asked for these descriptors; then `came` is not
  /// taken. Throws without memory; then the descriptor is here, to be closed.
  bool feed(std::string_view bytes, const CameDescriptors& came);

  /// The next frame; of more than `max_message` bytes it is too large. `rubbish` is final.
  Step next(std::size_t max_message, ReadFrame& frame) noexcept;

  /// The descriptor of the frame that `next` gave last; no_handle if it was lost.
  NativeHandle take_descriptor() noexcept { return detail::exchange(descriptor_, no_handle); }
  /// One after the other, all that it has.
  NativeHandle take_any_descriptor() noexcept;
  /// The ticket of a frame that has begun and is not whole yet; empty if there is none. What comes after is no frame
  /// any more.
  std::string_view take_any_ticket() noexcept;
  /// Bytes that wait for the rest of their frame.
  std::size_t waiting() const noexcept { return bytes_.size() - begin_; }
  void clear() noexcept;

 private:
  Step begin_frame(std::size_t max_message) noexcept;

  std::size_t ticket_of(FrameKind kind) const noexcept { return carries_handle(kind) ? ticket_size_ : 0; }

  std::size_t ticket_size_;
  std::string bytes_;
  std::size_t begin_ = 0;  // what is before it was given
  FrameHeader header_;
  NativeHandle descriptor_ = no_handle;       // of that frame
  NativeHandle next_descriptor_ = no_handle;  // of one whose header is not there yet
  bool has_header_ = false;                   // of the frame that begins there
  bool came_ = false;                         // a descriptor, or a lost one, waits for a header
};

}  // namespace net::inline NET_ABI::detail

#endif

// What a channel has to send, each with what it carries and whom to tell. Internal.
#ifndef NET_DETAIL_IPC_OUTGOING_HPP
#define NET_DETAIL_IPC_OUTGOING_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One frame, from send() until its callback was called. It is allocated once and moves from list to list.
struct Outgoing {
  Outgoing* next = nullptr;
  std::uint64_t id = 0;
  char head[frame_header_size];
  std::string bytes;        // its ticket, where there are some; the message, and what the socket has not read
  std::size_t message = 0;  // bytes of it
  std::size_t sent = 0;     // bytes that the system has taken, of head and bytes
  Ref<SocketState> socket;
  Ref<ServerState> server;
  WriteCallback callback;
  Error error;  // none: it has arrived
  bool keep_open = false;
  bool aside = false;                   // its socket is
  bool has_ticket = false;              // that was made, for the other process
  bool always_emitted = false;          // its error, also if it has a callback
  Machine::Acceptor* beside = nullptr;  // what the server listens on, if it may be closed before this leaves

  Outgoing() = default;
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  ~Outgoing() { delete beside; }

  /// Its server travels from now on although it is closed, as long as a descriptor and memory for that can be had.
  void outlive_server() noexcept;
  bool carries() const noexcept { return socket || server; }
  std::size_t size() const noexcept { return frame_header_size + bytes.size(); }
  std::size_t ticket() const noexcept { return carries() ? Machine::ticket_size : 0; }
  std::string_view unread() const noexcept { return std::string_view(bytes).substr(ticket() + message); }
  /// What travels with it; no_handle if it has been closed meanwhile.
  NativeHandle descriptor() const noexcept;
  void write_head() noexcept;
};

/// First in, first out; it owns them, and moving one allocates nothing.
class OutgoingList {
 public:
  OutgoingList() noexcept = default;
  OutgoingList(const OutgoingList&) = delete;
  OutgoingList& operator=(const OutgoingList&) = delete;
  ~OutgoingList() { clear(); }

  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  Outgoing* first() const noexcept { return first_; }
  Outgoing* last() const noexcept { return last_; }
  void push(Outgoing* one) noexcept;
  /// The first one; it is the caller's.
  Outgoing* pop() noexcept;
  /// The one of that number, or null.
  Outgoing* take(std::uint64_t id) noexcept;
  /// One at a time: what dies may be the user's, and use this list.
  void clear() noexcept {
    while (first_) delete pop();
  }

 private:
  Outgoing* first_ = nullptr;
  Outgoing* last_ = nullptr;  // null if there is none
  std::size_t size_ = 0;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What this side has to say of the handles that came, in order. It needs no memory: who sends more of them than
/// `window` without an answer is none of ours.
class Answers {
 public:
  static constexpr std::size_t window = 64;

  bool empty() const noexcept { return count_ == 0 && number_ == 0 && written_ == size_; }
  /// Which process this is; once.
  void say_number(std::uint32_t number) noexcept { number_ = number; }
  /// False: there are too many.
  bool push(FrameKind kind, Refused why = {}) noexcept;
  /// What is to be written next.
  IoSlice slice() noexcept;
  void consume(std::size_t bytes) noexcept { written_ += bytes; }

 private:
  std::uint8_t waiting_[window];  // 0: taken; otherwise one more than why it was refused
  std::size_t count_ = 0;
  std::uint32_t number_ = 0;
  char bytes_[(window + 1) * frame_header_size];
  std::size_t size_ = 0, written_ = 0;
};

struct IpcState : Handle, MindsNoListeners {
  static const Operations table;

  explicit IpcState(LoopCore& core);
  ~IpcState();

  // ── its life (state.ipp) ──
  void open(NativeHandle descriptor);
  void start();
  void introduce_itself();
  void begin_with(std::string_view bytes);
  bool is_open() const noexcept { return channel.is_open(); }
  bool connected() const noexcept { return is_open() && !disconnecting; }
  void disconnect();
  void close(const Error& why) noexcept;
  void close_descriptor() noexcept;
  void close_if_done() noexcept;
  void close_now();
  void fail_all();
  void abandon() noexcept;
  void drop_all() noexcept;
  void settle() noexcept;
  void recount() noexcept;
  void update_watch();
  void wait_for_system();

  // ── sending (send.ipp) ──
  bool send(std::string_view bytes, SocketState* socket, ServerState* server, bool keep_open, WriteCallback callback);
  Error refusal(const Outgoing& one) const;
  void wait_for_socket(Outgoing& one);
  void socket_is_ready(std::uint64_t id, const Error& error);
  void set_out(OutgoingList& one);
  void flush();
  std::ptrdiff_t send_some() noexcept;
  std::ptrdiff_t gather(IoSlice* slices, NativeHandle& passed) noexcept;
  std::ptrdiff_t take_along(Outgoing& one, NativeHandle& passed) noexcept;
  void consume(std::size_t bytes) noexcept;
  void cannot_send(std::ptrdiff_t result);
  bool has_to_send() const noexcept;
  void finish_first(const Error& error);
  void hand_over() noexcept;
  void call_done();
  void tick_done();

  // ── receiving (receive.ipp) ──
  void receive();
  void parse();
  void take(const ReadFrame& frame);
  void answered(const ReadFrame& frame);
  void answer(FrameKind kind, Refused why = {});
  void came(const ReadFrame& frame, NativeHandle descriptor);
  int open_ticket(std::string_view ticket, NativeHandle& opened);
  void close_what_came() noexcept;
  void close_unopened();
  void emit_message(std::string_view bytes, const ReceivedHandle& handle);
  static void on_ready(Handle& self, Watcher&, unsigned what, int);

  // ── tasks that receive (pull.ipp) ──
  bool prepare_to_receive();
  void wait_to_receive(WaitingTask& its_wait, std::coroutine_handle<> task);
  std::optional<IpcMessage> take_received();
  bool is_wanted() const noexcept;
  bool reads() const noexcept;
  void look_who_reads() noexcept;
  void hold_message(std::string_view bytes, const ReceivedHandle& handle);
  void wake_receiver();
  void emit_received();
  void drop_received() noexcept;
  void let_go_unless(bool in_use) noexcept;
  void last_owner_gone() noexcept;
  static std::size_t cost_of(const IpcMessage& message) noexcept { return sizeof message + message.bytes.size(); }
  /// For `once` and its like.
  bool is_over() const noexcept { return over || !loop; }
  static Error closed_error() { return make_error(Errc::ERR_IPC_CHANNEL_CLOSED); }

  template <unsigned Event, class... Args>
  bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<IpcState> alive(this);
    using Row = typename EventAt<IpcEvents, Event>::type;
    return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
  }
  void emit_error(const Error& error) {
    if (!emit_event<ipc_error>(error)) throw_error(error);
  }
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == ipc_message; }
  void listener_added(unsigned event);
  void listener_put_in_front(unsigned event) { listener_added(event); }
  void listener_removed(unsigned event) noexcept {
    if (event == ipc_message) look_who_reads();
  }
  void all_listeners_go(unsigned event);

  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<IpcState&>(self).*Member)();
  }
  template <auto Member>
  static void step_of(IpcState& self) {
    (self.*Member)();
  }
  void tick(void (*step)(IpcState&)) {
    if (loop) loop->ticks().push(OwedStep<IpcState>{Owing<IpcState>(*this), step});
  }

  static constexpr std::size_t mark = 65536;  // bytes that may wait before send() says false

  Machine::Channel channel;
  Listeners listeners;
  FrameReader reader{Machine::ticket_size};
  std::string_view arrived;  // while there may be no memory for it
  Answers answers;
  OutgoingList waiting;    // for their sockets, which still have to send
  OutgoingList queue;      // to be sent
  OutgoingList awaiting;   // sent, with a handle: until the other side says that it has it
  OutgoingList done;       // their callbacks are to be called
  Error failure;           // emitted before 'disconnect'
  std::size_t length = 0;  // bytes that wait
  std::size_t max_message = std::size_t{64} << 20;
  std::size_t owed = 0;  // what is queued and may be emitted
  std::uint64_t last_id = 0;
  std::uint32_t other_process = 0;  // for which tickets are made; 0: it has not said yet
  KeepsAlive keeps_alive;
  WaitPlace receiver;
  Queue<IpcMessage> received;  // for a task, and none has taken it yet
  std::size_t received_bytes = 0;
  Maybe<Error> ended_with;
  int parsing = 0;  // whoever does now looks afterwards who reads
  bool kept_by_loop = false;
  bool close_expected = false;
  bool disconnecting = false;
  bool pulled = false;  // tasks receive from it
  bool ended = false;   // no message comes any more
  bool over = false;    // 'disconnect' came, or nobody will be told
  bool need_drain = false;
  bool flush_ticking = false;
  bool done_ticking = false;
  bool blocked = false;    // the system took no more
  bool offered = false;    // what is queued was, and some of it may be under way: it is what is offered again
  bool short_now = false;  // the system has no memory: nothing is watched for a moment
  bool unparsed = false;   // a listener has thrown, and frames may be behind the one that it was given
  bool broken = false;     // nothing can be sent any more; what has come is still read
  Retry memory{*this, [](Handle& handle) {
                 auto& self = static_cast<IpcState&>(handle);
                 self.short_now = false;
                 self.update_watch();
                 self.flush();
               }};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of `IpcChannel::send` with a socket.
struct SendOptions {
  bool keepOpen = false;  ///< the socket stays open here too
};

/// Messages, whole and in order, over a connected IPC socket; with one of them may travel a socket or a server (S33).
/// Both ends are an IpcChannel, in this process or in another one of the same machine. What travels over the socket, or
/// on Windows over a named pipe, is described in docs/ipc-frames.md.
///
/// A handle: copies are the same channel, and the loop keeps an open one alive. All that arrives is emitted at once;
/// what nobody listens to is thrown away, and a handle with it closed. A task that calls `receive` loses nothing. After
/// 'disconnect' its listeners are dropped.
///
/// Events, with the arguments of their listeners:
/// - `message` (std::string_view bytes, ReceivedHandle): the bytes are valid until the listener returns
/// - `drain`: after `send` returned false, everything is in the kernel
/// - `error` (const Error&): of a `send` that has no callback; or what ended the channel: EPROTO, EMSGSIZE. With nobody
///   to listen it leaves `run()`
/// - `disconnect`: the last one, on both sides, however the channel ended; a process that is gone is no error
class IpcChannel : public Emitter<IpcChannel> {
 public:
  using Events = detail::IpcEvents;

  /// All copies are the same channel. What was moved from still is it too: no handle is ever empty.
  IpcChannel(const IpcChannel&) noexcept = default;
  IpcChannel& operator=(const IpcChannel&) noexcept = default;

  /// Takes over a connected IPC socket: that is closed for its user then, without events. Made in the listener of
  /// 'connect' or 'connection', or at once of `Socket({.fd = …})`, it misses nothing. Throws `ERR_INVALID_HANDLE_TYPE`
  /// for a socket that is none or is not connected, `ERR_INVALID_STATE` while written bytes still wait.
  explicit IpcChannel(const Socket& socket);

  /// Two ends that are connected to each other, on this thread's loop or on `loop`: one for this process, one for a
  /// child. After `fork()` the parent calls `disconnect()` of the child's end, and the child, after `afterFork()`, of
  /// the parent's. For a program that is started, hand on `nativeHandle()` of the second end, and disconnect it here
  /// before the loop turns; the program makes its own of `Socket({.fd = …})`. On Windows it inherits a duplicate of
  /// that handle, and is told its number. Throws the system's error.
  static std::pair<IpcChannel, IpcChannel> pair() { return pair(Loop::current()); }
  static std::pair<IpcChannel, IpcChannel> pair(Loop& loop);

  /// Sends a message: text, or any contiguous range of `char`, `unsigned char` or `std::byte`, also an empty one. True:
  /// go on; false: better wait for 'drain', or for the callback, but nothing is lost. The callback gets no error once
  /// the kernel has taken it, or the error; it never runs inside the call. Messages of one listener leave in one call,
  /// when it has returned. More than `maxMessageSize` is EMSGSIZE, for the callback and as 'error', and the channel
  /// disconnects. After `disconnect()` it fails with `ERR_IPC_CHANNEL_CLOSED`, which only the callback gets.
  template <class Data, class F = std::nullptr_t>
    requires(!std::same_as<std::remove_cvref_t<F>, Socket> && !std::same_as<std::remove_cvref_t<F>, Server>)
  bool send(const Data& data, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), nullptr, nullptr, false,
                        detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends a socket with it. From the call on it is closed for its user here, without events, and it closes when the
  /// other side has it, without a word to its peer. So long it counts in `getConnections` of its server, and the
  /// callback waits. What it has received and nobody has read goes with it, as it came, whatever `setEncoding` was;
  /// what a `Reader` holds does when the reader has gone (`ERR_INVALID_STATE` before), and more than about 15 MiB does
  /// not (`ERR_INVALID_STATE`). Its listeners stay behind. If it still has to
  /// send, it stays as it was until that is sent, and the message takes its place behind those that were sent
  /// meanwhile. A send that fails leaves the socket open here, as it was: `ERR_SOCKET_CLOSED` if it was not connected,
  /// EMFILE if the other process has no descriptor left, `ERR_IPC_CHANNEL_CLOSED` if it was gone before it had it; on
  /// Windows ENOTSUP for an IPC socket, as a pipe cannot change the process there.
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Socket& socket, SendOptions options = {}, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), &detail::Access::state(socket), nullptr, options.keepOpen,
                        detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends a listening server with it, which stays open here: both processes accept, and either may close its own. On
  /// Windows ENOTSUP for one that listens on a path.
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Server& server, SendOptions = {}, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), nullptr, &detail::Access::state(server), true,
                        detail::write_callback(std::forward<F>(callback)));
  }

  class [[nodiscard("write co_await before it")]] Awaiter : public detail::NeedsCoAwait<std::optional<IpcMessage>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return over_.state->prepare_to_receive();
    }
    void await_suspend(std::coroutine_handle<> task) { over_.state->wait_to_receive(waiting_, task); }
    std::optional<IpcMessage> await_resume() {
      waiting_.require_kept();
      return over_.state->take_received();
    }

   private:
    friend class IpcChannel;
    template <class Options>
    Awaiter(const detail::Ref<detail::IpcState>& state, const Options& options) : over_(state), waiting_(options) {}

    struct Over {
      detail::Ref<detail::IpcState> state;
      explicit Over(const detail::Ref<detail::IpcState>& of) noexcept : state(of) {}
      Over(Over&&) noexcept = default;
      Over& operator=(Over&&) = delete;
      ~Over() {
        if (state) state->look_who_reads();
      }
    };

    Over over_;
    detail::WaitingTask waiting_;  // goes first
  };

  /// `co_await channel.receive()`: `std::optional<IpcMessage>`, the next message, in order; empty when the channel has
  /// ended. Throws what ended it otherwise, EPROTO or EMSGSIZE, which leaves `run()` no more then; `ERR_INVALID_STATE`
  /// if another task waits for a message already. `WaitOptions` end the wait (S34.6), and take nothing away.
  ///
  /// From the first call on nothing is read while no task waits, and nothing is thrown away: what had come by then
  /// waits here until it is asked for, or until somebody listens to 'message'. Such a channel keeps the loop alive only
  /// while a task waits or something is to be sent, and disconnects with its last handle. After `disconnect()` what
  /// waits is thrown away, and a handle with it closed.
  template <class Options = detail::WaitBraces>
  Awaiter receive(Options&& options = detail::without_limit) const {
    return {state_, detail::limit_of<Options>(options)};
  }

  /// Closes it when all that was sent has left, and the other side has what travels with it; what arrives meanwhile is
  /// thrown away. Called again, it waits for nothing.
  const IpcChannel& disconnect() const {
    state_->disconnect();
    return *this;
  }
  /// Until `disconnect()`, or until the other side is gone.
  bool connected() const noexcept { return state_->connected(); }

  /// Bytes of the largest message, in either direction: 64 MiB at first. What is larger ends the channel.
  std::size_t maxMessageSize() const noexcept { return state_->max_message; }
  void maxMessageSize(std::size_t bytes) const noexcept { state_->max_message = bytes; }
  /// Bytes that wait to be sent.
  std::size_t writableLength() const noexcept { return state_->length; }

  /// Whether it keeps the loop alive, as it does at first. One that has something to send does in any case.
  const IpcChannel& ref() const { return set_ref(true); }
  const IpcChannel& unref() const { return set_ref(false); }

  /// The descriptor, to look at or to hand on; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const noexcept { return state_->is_open() ? state_->channel.native() : -1; }

 private:
  friend class Emitter<IpcChannel>;
  friend struct detail::Access;

  explicit IpcChannel(detail::Ref<detail::IpcState> state) noexcept : state_(std::move(state)) {}
  static IpcChannel from_state(void* state);
  const IpcChannel& set_ref(bool on) const;

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known, "net::IpcChannel has no event of that name; it has: message error disconnect drain");
  }

  detail::Ref<detail::IpcState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif

// The bodies of frames.hpp. Internal.
#ifndef NET_DETAIL_IPC_FRAMES_IPP
#define NET_DETAIL_IPC_FRAMES_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void write_frame_header(const FrameHeader& header, char* into) noexcept {
  into[0] = frame_mark;
  into[1] = static_cast<char>(header.kind);
  into[2] = static_cast<char>(header.flags);
  into[3] = 0;
  const std::uint32_t first = header.kind == FrameKind::process ? header.number : header.message;
  for (unsigned i = 0; i < 4; ++i) {
    into[4 + i] = static_cast<char>(first >> (8 * i));
    into[8 + i] = static_cast<char>(header.unread >> (8 * i));
  }
}

NET_API bool read_frame_header(const char* from, FrameHeader& header) noexcept {
  const auto byte = [from](unsigned at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(from[at])); };
  const auto number = [&](unsigned at) {
    return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
  };
  header.kind = static_cast<FrameKind>(byte(1));
  header.flags = static_cast<std::uint8_t>(byte(2));
  const bool of_process = header.kind == FrameKind::process;
  header.message = of_process ? 0 : number(4);
  header.unread = number(8);
  header.number = of_process ? number(4) : 0;
  if (from[0] != frame_mark || from[3] != 0) return false;
  const bool empty = header.message == 0 && header.unread == 0;
  switch (header.kind) {
    case FrameKind::message:
    case FrameKind::server: return header.flags == 0 && header.unread == 0;
    case FrameKind::socket:
      return header.flags <= (flag_readable | flag_writable | flag_half_open) && header.unread <= max_unread;
    case FrameKind::taken: return header.flags == 0 && empty;
    case FrameKind::refused: return header.flags <= static_cast<std::uint8_t>(Refused::disconnected) && empty;
    case FrameKind::process: return header.flags == 0 && empty && header.number != 0;
  }
  return false;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of frame_reader.hpp. Internal.
#ifndef NET_DETAIL_IPC_FRAME_READER_IPP
#define NET_DETAIL_IPC_FRAME_READER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API bool FrameReader::feed(std::string_view bytes, const CameDescriptors& came) {
  if (came.any()) {
    if (came.more || came_) return false;  // one at a time
    came_ = true;
    next_descriptor_ = came.first;
  }
  constexpr std::size_t kept_capacity = 131072;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    if (bytes_.capacity() > kept_capacity) std::string().swap(bytes_);
    begin_ = 0;
  } else if (begin_ >= bytes_.size() / 2) {
    bytes_.erase(0, detail::exchange(begin_, 0));
  }
  bytes_.append(bytes);
  return true;
}

NET_API FrameReader::Step FrameReader::begin_frame(std::size_t max_message) noexcept {
  // a descriptor comes with the first byte of its header
  if (waiting() == 0 && came_) return Step::rubbish;
  if (waiting() < frame_header_size) return Step::more;
  if (!read_frame_header(bytes_.data() + begin_, header_)) return Step::rubbish;
  if (header_.message > max_message) return Step::too_large;
  if (header_.kind == FrameKind::process && ticket_size_ == 0) return Step::rubbish;
  if (waiting() < frame_header_size + ticket_of(header_.kind)) return Step::more;
  if (carries_handle(header_.kind) && ticket_size_ == 0) {
    if (!detail::exchange(came_, false)) return Step::rubbish;
    descriptor_ = detail::exchange(next_descriptor_, no_handle);
  }
  has_header_ = true;
  return Step::frame;
}

NET_API FrameReader::Step FrameReader::next(std::size_t max_message, ReadFrame& frame) noexcept {
  if (!has_header_) {
    if (const Step step = begin_frame(max_message); step != Step::frame) return step;
  }
  const std::size_t ticket = ticket_of(header_.kind);
  const std::size_t size = frame_header_size + ticket + header_.message + header_.unread;
  if (waiting() < size) {
    // it came with these bytes, and no header of its own begins in them
    return came_ ? Step::rubbish : Step::more;
  }
  const std::string_view all = std::string_view(bytes_).substr(begin_, size).substr(frame_header_size);
  frame = {header_, all.substr(0, ticket), all.substr(ticket, header_.message), all.substr(ticket + header_.message)};
  begin_ += size;
  has_header_ = false;
  return Step::frame;
}

NET_API NativeHandle FrameReader::take_any_descriptor() noexcept {
  return descriptor_ != no_handle ? take_descriptor() : detail::exchange(next_descriptor_, no_handle);
}

NET_API std::string_view FrameReader::take_any_ticket() noexcept {
  if (!detail::exchange(has_header_, false)) return {};
  return std::string_view(bytes_).substr(begin_ + frame_header_size, ticket_of(header_.kind));
}

NET_API void FrameReader::clear() noexcept {
  std::string().swap(bytes_);
  begin_ = 0;
  has_header_ = came_ = false;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

// The bodies of outgoing.hpp. Internal.
#ifndef NET_DETAIL_IPC_OUTGOING_IPP
#define NET_DETAIL_IPC_OUTGOING_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void Outgoing::outlive_server() noexcept {
  if (!server || beside || !server->acceptor.is_open()) return;
  beside = new (std::nothrow) Machine::Acceptor;
  if (!beside || beside->listen_beside(server->acceptor, 0) == 0) return;
  delete detail::exchange(beside, nullptr);
}

NET_API NativeHandle Outgoing::descriptor() const noexcept {
  if (beside) return beside->native();
  if (server) return server->acceptor.is_open() ? server->acceptor.native() : no_handle;
  if (!socket || !socket->channel.is_open() || socket->destroyed() != aside) return no_handle;
  return socket->channel.native();
}

NET_API void Outgoing::write_head() noexcept {
  FrameHeader header;
  header.message = static_cast<std::uint32_t>(message);
  header.unread = static_cast<std::uint32_t>(unread().size());
  if (server) header.kind = FrameKind::server;
  if (socket) {
    header.kind = FrameKind::socket;
    if (!socket->end_emitted()) header.flags |= flag_readable;
    if (!socket->ending()) header.flags |= flag_writable;
    if (socket->settings.allow_half_open) header.flags |= flag_half_open;
  }
  write_frame_header(header, head);
}

NET_API void OutgoingList::push(Outgoing* one) noexcept {
  one->next = nullptr;
  (first_ ? last_->next : first_) = one;
  last_ = one;
  ++size_;
}

NET_API Outgoing* OutgoingList::pop() noexcept {
  --size_;
  if (first_ == last_) last_ = nullptr;
  return detail::exchange(first_, first_->next);
}

NET_API Outgoing* OutgoingList::take(std::uint64_t id) noexcept {
  Outgoing* before = nullptr;
  for (Outgoing* each = first_; each; before = detail::exchange(each, each->next)) {
    if (each->id != id) continue;
    (before ? before->next : first_) = each->next;
    if (last_ == each) last_ = before;
    --size_;
    return each;
  }
  return nullptr;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// A channel that tasks receive from: it is read while one waits. Internal.
#ifndef NET_DETAIL_IPC_PULL_IPP
#define NET_DETAIL_IPC_PULL_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Nobody has it, and nobody will: closed as a connection that is not accepted.
inline void close_unwanted(const ReceivedHandle& handle) noexcept {
  if (handle.socket()) Access::state(*handle.socket()).destroy_always();
  if (!handle.server()) return;
  ServerState& server = Access::state(*handle.server());
  undo_or_give_up(server, [&] { server.close(); });
}

/// Whether there is something to be taken: a message, or the end.
NET_API bool IpcState::prepare_to_receive() {
  if (receiver) throw_error(make_error(Errc::ERR_INVALID_STATE, "A task waits for a message of this channel already"));
  pulled = true;
  return !received.empty() || ended || over;
}

NET_API void IpcState::wait_to_receive(WaitingTask& its_wait, std::coroutine_handle<> task) {
  receiver.note(its_wait, loop, task);
  if (!loop->inert()) update_watch();
}

NET_API std::optional<IpcMessage> IpcState::take_received() {
  if (received.empty()) {
    if (ended_with) throw_error(*ended_with);
    return std::nullopt;
  }
  std::optional<IpcMessage> taken(received.pop_front());
  received_bytes -= cost_of(*taken);
  return taken;
}

NET_API bool IpcState::is_wanted() const noexcept {
  return !pulled || receiver || disconnecting || broken || listeners.has(ipc_message);
}

/// Also what says whether something that was sent has arrived, or whether it can be sent.
NET_API bool IpcState::reads() const noexcept {
  if (is_wanted()) return true;
  const bool is_owed = !awaiting.empty() || (Machine::ticket_size != 0 && other_process == 0);
  return is_owed && received_bytes < max_message;
}

/// A wait is over, one way or the other. In the middle of what has come the next one may follow at once.
NET_API void IpcState::look_who_reads() noexcept {
  if (!pulled || parsing > 0 || !is_open() || !loop || loop->inert() || loop->leaving()) return;
  undo_or_give_up(*this, [this] { update_watch(); });
}

/// For a task, unless listeners alone are there for it.
NET_API void IpcState::hold_message(std::string_view bytes, const ReceivedHandle& handle) {
  if (!pulled || (!receiver && listeners.has(ipc_message))) return;
  CallOnThrow unwanted([&] { close_unwanted(handle); });
  received.push({std::string(bytes), handle});
  unwanted.passed = true;
  if (handle.socket()) Access::state(*handle.socket()).given_to_task();
  received_bytes += cost_of(received[received.size() - 1]);
}

NET_API void IpcState::wake_receiver() {
  if (receiver && (!received.empty() || ended)) receiver.resume();
}

/// Somebody listens who was not there when these came.
NET_API void IpcState::emit_received() {
  CallOnThrow again([this] {
    if (loop) undo_or_give_up(*this, [this] { tick(step_of<&IpcState::emit_received>); });
  });
  while (!received.empty() && listeners.has(ipc_message)) {
    const IpcMessage message = received.pop_front();
    received_bytes -= cost_of(message);
    emit_event<ipc_message>(std::string_view(message.bytes), message.handle);
  }
  again.passed = true;
}

NET_API void IpcState::listener_added(unsigned event) {
  if (event != ipc_message || !pulled || !is_open() || loop->inert()) return;
  if (!received.empty()) tick(step_of<&IpcState::emit_received>);
  update_watch();
}

NET_API void IpcState::all_listeners_go(unsigned event) {
  if ((event == ipc_message || event == all_events) && pulled) tick(step_of<&IpcState::look_who_reads>);
}

NET_API void IpcState::drop_received() noexcept {
  received_bytes = 0;
  while (!received.empty()) close_unwanted(received.pop_front().handle);
}

/// The loop keeps an open channel, but not one that nobody reads and that has nothing to send: that is its users'
/// alone.
NET_API void IpcState::let_go_unless(bool in_use) noexcept {
  if (!pulled || !is_open() || in_use == kept_by_loop || loop->inert() || loop->leaving()) return;
  kept_by_loop = in_use;
  in_use ? retain() : release();
}

NET_API void IpcState::last_owner_gone() noexcept {
  if (!is_open() || !loop || loop->inert() || loop->leaving()) {
    delete this;
    return;
  }
  const Ref<Handle> alive(this);
  close(no_error());
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a channel receives. Internal.
#ifndef NET_DETAIL_IPC_RECEIVE_IPP
#define NET_DETAIL_IPC_RECEIVE_IPP

#if NET_BODIES

// A socket on its way to another process: laid aside, handed on, or taken back. Internal.
#ifndef NET_DETAIL_IPC_HANDOVER_HPP
#define NET_DETAIL_IPC_HANDOVER_HPP

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Whether something that was written has not left yet.
NET_API bool has_to_send(SocketState& socket);

/// Why a socket that is open cannot travel: what it has received would be lost, or is too much for a frame.
NET_API Error handover_refusal(const SocketState& socket);

/// Adds to the bytes what was received and nobody has taken, as it came: what was decoded is encoded again. Throws
/// without memory, and then the socket goes on.
NET_API void take_unread(SocketState& socket, std::string& into);

/// From now on it is destroyed for its user, and nothing is emitted any more; the descriptor stays, and so does its
/// place among its server's connections.
NET_API void lay_aside(SocketState& socket) noexcept;

/// The other side has it: it is closed here, without a word to anybody. One that throws has done nothing.
NET_API void hand_on(SocketState& socket);

/// The other side will not have it: it goes on here, and what nobody has got comes first.
NET_API void take_back(SocketState& socket, std::string_view unread) noexcept;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// A descriptor that came, until somebody has it.
struct CameHere {
  NativeHandle fd;
  explicit CameHere(NativeHandle descriptor) noexcept : fd(descriptor) {}
  CameHere(const CameHere&) = delete;
  CameHere& operator=(const CameHere&) = delete;
  ~CameHere() {
    if (fd == no_handle) return;
    Machine::Channel unwanted;
    (void)unwanted.adopt_connected(fd);
    if (!unwanted.is_open()) (void)Machine::close_file(fd);  // there was no memory for it
  }
};

NET_API void IpcState::on_ready(Handle& handle, Watcher&, unsigned what, int) {
  auto& self = static_cast<IpcState&>(handle);
  if (what & writable) self.flush();
  if (what & readable) self.receive();
}

/// Around what may resume a task.
struct Parsing {
  IpcState& self;
  explicit Parsing(IpcState& state) noexcept : self(state) { ++self.parsing; }
  Parsing(const Parsing&) = delete;
  Parsing& operator=(const Parsing&) = delete;
  ~Parsing() {
    if (--self.parsing == 0) self.look_who_reads();
  }
};

/// Bounded: no channel may starve the rest.
NET_API void IpcState::receive() {
  const Parsing here(*this);
  if (unparsed) parse();  // the end must not overtake it
  for (int left = 32; left > 0 && is_open() && reads(); --left) {
    if (loop->inert()) return;
    CameDescriptors with;
    const ReadResult read = Machine::receive_with(channel, loop->receive_buffer(), LoopCore::receive_capacity, with);
    const std::ptrdiff_t got = read.size;
    CameHere first(with.first);
    if (got <= 0) {
      if (got == would_block) return broken && Machine::ticket_size == 0 ? close(no_error()) : void();
      if (short_of_memory(got)) {
        wait_for_system();
        return update_watch();
      }
      // a process that dies with something unread is a reset here: it is gone, no more
      const bool gone = got == 0 || got == -ECONNRESET || got == -EPIPE;
      return close(gone ? no_error() : system_failure(static_cast<int>(-got), "read"));
    }
    const auto size = static_cast<std::size_t>(got);
    arrived = read.view();
    const bool belongs = reader.feed(arrived, with);
    arrived = {};
    if (!belongs) return close(system_failure(EPROTO, "read"));
    first.fd = no_handle;
    parse();
    if (size < LoopCore::receive_capacity && !with.any() && !broken) return;
    if (!is_open()) return;
    loop->flush_batch();
    loop->drain_ticks();  // S2.2: before the next message
  }
  if (broken && is_open()) loop->pending().push({Ref<Handle>(this), job_of<&IpcState::receive>});
}

/// What has come, frame by frame. A listener that throws does not hold up what comes behind.
NET_API void IpcState::parse() {
  const Parsing here(*this);
  unparsed = false;
  CallOnThrow again([this] {
    if (!loop || !is_open()) return;
    unparsed = true;
    undo_or_give_up(*this, [this] { loop->pending().push({Ref<Handle>(this), job_of<&IpcState::parse>}); });
  });
  wake_receiver();  // if a listener kept it from what came before
  for (bool first = true;; first = false) {
    if (!first) {  // S2.2: before the next message is taken, which they may keep from coming
      loop->flush_batch();
      loop->drain_ticks();
    }
    if (!is_open()) break;
    ReadFrame frame;
    const FrameReader::Step step = reader.next(max_message, frame);
    if (step == FrameReader::Step::more) break;
    if (step != FrameReader::Step::frame) {
      close(system_failure(step == FrameReader::Step::rubbish ? EPROTO : EMSGSIZE, "read"));
      break;
    }
    take(frame);
  }
  again.passed = true;
}

NET_API void IpcState::take(const ReadFrame& frame) {
  switch (frame.header.kind) {
    case FrameKind::message: return emit_message(frame.message, {});
    case FrameKind::socket:
    case FrameKind::server: return came(frame, reader.take_descriptor());
    case FrameKind::taken:
    case FrameKind::refused: return answered(frame);
    case FrameKind::process: other_process = frame.header.number; return flush();
  }
}

/// The other side has the oldest of what was sent to it, or not.
NET_API void IpcState::answered(const ReadFrame& frame) {
  if (awaiting.empty()) return close(system_failure(EPROTO, "read"));
  Outgoing& one = *awaiting.first();
  if (frame.header.kind == FrameKind::refused) {
    const auto why = static_cast<Refused>(frame.header.flags);
    one.error = why == Refused::no_descriptors ? system_failure(EMFILE, "recvmsg")
                : why == Refused::no_memory    ? system_failure(ENOMEM, "recvmsg")
                                               : make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  }
  tick_done();
  if (one.aside) {
    one.error ? take_back(*one.socket, one.unread()) : hand_on(*one.socket);
    one.aside = false;
  }
  done.push(awaiting.pop());
  flush();  // there may be place for the next one
  recount();
}

NET_API void IpcState::answer(FrameKind kind, Refused why) {
  if (!answers.push(kind, why)) return close(system_failure(EPROTO, "read"));
  flush();
}

/// What somebody has here already is nobody else's, whatever a ticket says.
NET_API int IpcState::open_ticket(std::string_view ticket, NativeHandle& opened) {
  NativeHandle named = no_handle;
  const int failed = Machine::open_ticket(ticket.data(), named);
  if (failed < 0) return failed;
  if (loop->poller().has(named)) return -EPROTO;
  opened = named;
  return 0;
}

/// A message with a handle. It is answered before it is emitted: whatever the listeners do, this side has it.
NET_API void IpcState::came(const ReadFrame& frame, NativeHandle descriptor) {
  CameHere fd(descriptor);
  if (!frame.ticket.empty()) {
    const int failed = open_ticket(frame.ticket, fd.fd);
    if (failed == -EMFILE) return answer(FrameKind::refused, Refused::no_descriptors);
    if (short_of_memory(failed)) return answer(FrameKind::refused, Refused::no_memory);
    if (failed < 0) return close(system_failure(EPROTO, "read"));
  }
  if (disconnecting) return answer(FrameKind::refused, Refused::disconnected);
  if (fd.fd == no_handle) return answer(FrameKind::refused, Refused::no_descriptors);
  if (!listeners.has(ipc_message) && !pulled) return answer(FrameKind::taken);
  const DescriptorKind kind = Machine::kind_of(fd.fd);
  const bool stream = kind == DescriptorKind::tcp || kind == DescriptorKind::local;
  if (frame.header.kind == FrameKind::server) {
    const Ref<ServerState> server(new ServerState(*loop, ServerOptions{}));
    server->reserve_one();
    if (!stream || server->acceptor.listen_descriptor(fd.fd, 0) < 0) return close(system_failure(EPROTO, "read"));
    fd.fd = no_handle;
    server->ipc = kind == DescriptorKind::local;
    if (loop->poller().watch(server->acceptor, readable) < 0) {
      server->stop_listening();
      return answer(FrameKind::refused, Refused::no_memory);
    }
    server->opened();
    answer(FrameKind::taken);
    return emit_message(frame.message, ReceivedHandle(Access::make<Server>(server.get())));
  }
  if ((!stream && kind != DescriptorKind::pipe) || Machine::prepare(fd.fd) < 0) {
    return close(system_failure(EPROTO, "read"));
  }
  const Ref<SocketState> socket(new SocketState(*loop));
  socket->settings.allow_half_open = (frame.header.flags & flag_half_open) != 0;
  socket->expect_close();
  if (!frame.unread.empty()) socket->buffer_bytes(std::string(frame.unread));
  CallOnThrow give_back([&] { socket->give_descriptor_back(); });
  socket->adopt_descriptor(fd.fd, (frame.header.flags & flag_readable) != 0, (frame.header.flags & flag_writable) != 0);
  give_back.passed = true;
  fd.fd = no_handle;
  answer(FrameKind::taken);
  emit_message(frame.message, ReceivedHandle(Access::make<Socket>(socket.get())));
}

/// What has come and nobody has got.
NET_API void IpcState::close_what_came() noexcept {
  for (NativeHandle fd; (fd = reader.take_any_descriptor()) != no_handle;) const CameHere unwanted(fd);
  if constexpr (Machine::ticket_size != 0) {
    if (!is_open()) return;
#if defined(__cpp_exceptions)
    try {
      close_unopened();
    } catch (...) {}  // without memory they stay
#else
    close_unopened();
#endif
  }
}

/// A ticket that nobody opens would keep its socket open, so what is on its way is looked at too, as far as it has
/// come. In a copy: a listener may be looking at the frame that came last.
NET_API void IpcState::close_unopened() {
  const auto close_one = [this](std::string_view ticket) {
    CameHere unwanted(no_handle);
    if (!ticket.empty()) (void)open_ticket(ticket, unwanted.fd);
  };
  FrameReader rest(reader);
  CameDescriptors none;
  (void)rest.feed(arrived, none);
  for (int reads = 32; reads > 0; --reads) {
    const ReadResult read = Machine::receive_with(channel, loop->receive_buffer(), LoopCore::receive_capacity, none);
    (void)rest.feed(read.size > 0 ? read.view() : channel.unread(), none);
    ReadFrame frame;
    while (rest.next(0xffffffff, frame) == FrameReader::Step::frame) close_one(frame.ticket);
    if (read.size <= 0) break;
  }
  close_one(rest.take_any_ticket());
}

NET_API void IpcState::emit_message(std::string_view bytes, const ReceivedHandle& handle) {
  if (disconnecting) return;
  hold_message(bytes, handle);
  emit_event<ipc_message>(bytes, handle);
  wake_receiver();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// How a channel sends. Internal.
#ifndef NET_DETAIL_IPC_SEND_IPP
#define NET_DETAIL_IPC_SEND_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What is wrong with a message before it is sent.
NET_API Error IpcState::refusal(const Outgoing& one) const {
  if (!connected() || broken) return make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  if (one.message > max_message || one.message > 0xffffffff) return system_failure(EMSGSIZE, "write");
  if (one.server) {
    if (one.server->loop != loop) return make_error(Errc::ERR_INVALID_HANDLE_TYPE);
    if (!one.server->acceptor.is_open()) return make_error(Errc::ERR_SERVER_NOT_RUNNING);
  }
  if (one.socket) {
    if (one.socket->loop != loop) return make_error(Errc::ERR_INVALID_HANDLE_TYPE);
    if (one.socket->phase != Phase::open || one.socket->errored()) return make_error(Errc::ERR_SOCKET_CLOSED);
    return handover_refusal(*one.socket);
  }
  return no_error();
}

/// Takes it, always; the result only advises. What throws has done nothing.
NET_API bool IpcState::send(std::string_view bytes, SocketState* socket, ServerState* server, bool keep_open,
                            WriteCallback callback) {
  if (!loop || loop->inert()) return false;  // the channel is the parent's (S31.1)
  OutgoingList one;
  one.push(new Outgoing);
  Outgoing& frame = *one.first();
  frame.id = ++last_id;
  frame.message = bytes.size();
  frame.socket = Ref<SocketState>(socket);
  frame.server = Ref<ServerState>(server);
  frame.keep_open = keep_open;
  loop->ticks().reserve(2);
  if (frame.error = refusal(frame); frame.error) {
    const bool too_large = frame.error.number() == -EMSGSIZE;
    frame.callback = std::move(callback);
    frame.always_emitted = too_large;
    if (!frame.callback && !too_large && !connected()) return false;  // as a write of a socket that is destroyed
    tick_done();
    done.push(one.pop());
    if (too_large) disconnect();
    return false;
  }
  frame.bytes.reserve(frame.ticket() + bytes.size());
  frame.bytes.assign(frame.ticket(), '\0').append(bytes);
  if (socket && detail::has_to_send(*socket)) {
    wait_for_socket(frame);
    frame.callback = std::move(callback);
    waiting.push(one.pop());
    recount();
    return length < mark;
  }
  frame.callback = std::move(callback);
  set_out(one);
  if (server || keep_open) {  // it may be closed in the next line, and travels all the same
    flush();
    if (Outgoing* const last = queue.last(); last && last->id == last_id && last->sent == 0) last->outlive_server();
  }
  if (length < mark) return true;
  need_drain = true;
  return false;
}

/// What the socket has still to send is sent first: an empty write, or the end of it, says when.
NET_API void IpcState::wait_for_socket(Outgoing& one) {
  WriteCallback ready(
      [self = Ref<IpcState>(this), id = one.id](const Error& error) { self->socket_is_ready(id, error); });
  SocketState& socket = *one.socket;
  socket.ending() ? socket.end(std::move(ready)) : void(socket.write({}, std::move(ready)));
}

NET_API void IpcState::socket_is_ready(std::uint64_t id, const Error& error) {
  if (!loop) return;
  OutgoingList one;
  if (Outgoing* const found = waiting.take(id)) one.push(found);
  if (one.empty()) return;  // the channel was faster
  // without memory for it the channel ends, and the callback learns of that
  CallOnThrow give_up([&] {
    if (!one.empty()) waiting.push(one.pop());
    close(no_error());
  });
  Outgoing& frame = *one.first();
  frame.error = error ? error : refusal(frame);
  if (frame.error) {
    tick_done();
    done.push(one.pop());
    recount();
    close_if_done();
  } else if (detail::has_to_send(*frame.socket)) {
    wait_for_socket(frame);
    waiting.push(one.pop());
  } else {
    set_out(one);
  }
  give_up.passed = true;
}

/// Into the queue, with what its socket has not read. What throws has done nothing.
NET_API void IpcState::set_out(OutgoingList& one) {
  Outgoing& frame = *one.first();
  if (!flush_ticking) {
    tick([](IpcState& self) {
      self.flush_ticking = false;
      self.flush();
    });
    flush_ticking = true;
  }
  if (frame.socket) {
    take_unread(*frame.socket, frame.bytes);
    frame.write_head();
    if (!frame.keep_open) {
      lay_aside(*frame.socket);
      frame.aside = true;
    }
  } else {
    frame.write_head();
  }
  length += frame.size();
  queue.push(one.pop());
  recount();
}

NET_API bool IpcState::has_to_send() const noexcept {
  if (!answers.empty()) return true;
  const Outgoing* const first = queue.first();
  if (!first || first->sent > 0 || offered || !first->carries()) return first != nullptr;
  return awaiting.size() < Answers::window && (Machine::ticket_size == 0 || other_process != 0);
}

/// All that the system takes now. Who is to be told learns it on a tick.
NET_API void IpcState::flush() {
  if (!is_open() || broken || short_now || loop->inert()) return;
  blocked = false;
  while (has_to_send()) {
    const std::ptrdiff_t sent = send_some();
    if (sent < 0) {
      cannot_send(sent);
      break;
    }
  }
  if (!is_open()) return;
  update_watch();
  if (!done.empty() || (need_drain && length == 0)) tick_done();
  close_if_done();
}

/// One call. Answers go between two frames; a frame with a handle is the first of its call, as the descriptor travels
/// with its first byte.
NET_API std::ptrdiff_t IpcState::send_some() noexcept {
  const bool inside_frame = !queue.empty() && (queue.first()->sent > 0 || offered);
  if (!inside_frame && !answers.empty()) {
    const IoSlice slice = answers.slice();
    const std::ptrdiff_t sent = Machine::send_with(channel, &slice, 1, no_handle);
    if (sent > 0) answers.consume(static_cast<std::size_t>(sent));
    return sent == 0 ? would_block : sent;
  }
  IoSlice slices[max_slices];
  NativeHandle passed = no_handle;
  const std::ptrdiff_t count = gather(slices, passed);
  if (count <= 0) return count;
  const std::ptrdiff_t sent = Machine::send_with(channel, slices, static_cast<std::size_t>(count), passed);
  offered = sent == 0 || sent == would_block;
  if (sent <= 0) return sent == 0 ? would_block : sent;
  consume(static_cast<std::size_t>(sent));
  return sent;
}

/// How many pieces, or why the first one cannot be sent.
NET_API std::ptrdiff_t IpcState::gather(IoSlice* slices, NativeHandle& passed) noexcept {
  std::ptrdiff_t count = 0;
  for (Outgoing* each = queue.first(); each && count < 63; each = each->next) {
    if (each->carries() && each->sent == 0) {
      if (count > 0) break;
      if (const std::ptrdiff_t failed = take_along(*each, passed); failed < 0) return failed;
    }
    const std::size_t behind_head = each->sent < frame_header_size ? 0 : each->sent - frame_header_size;
    if (each->sent < frame_header_size) slices[count++] = {each->head + each->sent, frame_header_size - each->sent};
    if (each->bytes.size() > behind_head) {
      slices[count++] = {each->bytes.data() + behind_head, each->bytes.size() - behind_head};
    }
  }
  return count;
}

/// A ticket is made when its frame is on its way, once: what was closed before does not travel.
NET_API std::ptrdiff_t IpcState::take_along(Outgoing& one, NativeHandle& passed) noexcept {
  if (one.has_ticket) return 0;
  const NativeHandle descriptor = one.descriptor();
  if (descriptor == no_handle) return -EBADF;
  if constexpr (Machine::ticket_size == 0) {
    passed = descriptor;
    return 0;
  } else {
    const int failed = Machine::write_ticket(descriptor, other_process, one.bytes.data());
    one.has_ticket = failed == 0;
    return failed;
  }
}

NET_API void IpcState::consume(std::size_t bytes) noexcept {
  length -= bytes;
  while (bytes > 0) {
    Outgoing& first = *queue.first();
    const std::size_t left = first.size() - first.sent;
    if (bytes < left) return void(first.sent += bytes);
    bytes -= left;
    first.sent += left;
    Outgoing* const gone = queue.pop();
    if (gone->carries()) {
      awaiting.push(gone);
    } else if (gone->callback) {
      done.push(gone);
    } else {
      delete gone;
    }
  }
}

/// The first one is not sent; those behind it are.
NET_API void IpcState::finish_first(const Error& error) {
  Outgoing& first = *queue.first();
  tick_done();
  first.error = error;
  length -= first.size();
  if (detail::exchange(first.aside, false)) take_back(*first.socket, first.unread());
  done.push(queue.pop());
}

NET_API void IpcState::cannot_send(std::ptrdiff_t result) {
  if (result == would_block) return void(blocked = true);
  if (short_of_memory(result)) return wait_for_system();
  const bool of_handle = !queue.empty() && queue.first()->carries() && queue.first()->sent == 0;
  if (of_handle && answers.empty() && result != -EPIPE && result != -ECONNRESET && result != -ENOTCONN) {
    const Outgoing& first = *queue.first();
    finish_first(first.descriptor() != no_handle ? system_failure(static_cast<int>(-result), "write")
                 : first.server                  ? make_error(Errc::ERR_SERVER_NOT_RUNNING)
                                                 : make_error(Errc::ERR_SOCKET_CLOSED));
    blocked = true;  // the poller says when to go on: at once
    return;
  }
  // what has come before it broke is still read: it may be the answer to what was sent
  loop->pending().push({Ref<Handle>(this), job_of<&IpcState::receive>});
  broken = true;
}

/// At the end of the process or of the loop: as far as the system takes it now.
NET_API void IpcState::hand_over() noexcept {
  if (!is_open() || broken || !loop || loop->inert()) return;
  while (has_to_send() && send_some() >= 0) {}
}

NET_API void IpcState::tick_done() {
  if (done_ticking) return;
  tick([](IpcState& self) {
    self.done_ticking = false;
    self.call_done();
  });
  done_ticking = true;
}

/// Callbacks, in order, and 'drain'. An exception does not swallow what comes behind it.
NET_API void IpcState::call_done() {
  CallOnThrow again([this] {
    if (!done.empty() && loop) undo_or_give_up(*this, [this] { tick_done(); });
  });
  while (!done.empty()) {
    OutgoingList one;
    one.push(done.pop());
    const Outgoing& frame = *one.first();
    if (frame.callback) frame.callback(frame.error);
    if (frame.error && (!frame.callback || frame.always_emitted) && !over) emit_error(frame.error);
  }
  again.passed = true;
  if (!need_drain || length > 0 || !connected()) return;
  need_drain = false;
  emit_event<ipc_drain>();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of state.hpp: how a channel begins and ends. Internal.
#ifndef NET_DETAIL_IPC_STATE_IPP
#define NET_DETAIL_IPC_STATE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(IpcEvents::index<"message"> == ipc_message);
static_assert(IpcEvents::index<"error"> == ipc_error);
static_assert(IpcEvents::index<"disconnect"> == ipc_disconnect);
static_assert(IpcEvents::index<"drain"> == ipc_drain);

NET_API constexpr Handle::Operations IpcState::table{
    .free = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).last_owner_gone(); },
    .abandon = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).abandon(); },
    .ready = &IpcState::on_ready,
    .hand_over = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).hand_over(); },
    .give_up = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).close(no_error()); }};

NET_API bool Answers::push(FrameKind kind, Refused why) noexcept {
  if (count_ == window) return false;
  waiting_[count_++] = kind == FrameKind::taken ? 0 : static_cast<std::uint8_t>(static_cast<unsigned>(why) + 1);
  return true;
}

NET_API IoSlice Answers::slice() noexcept {
  if (written_ == size_) {
    size_ = written_ = 0;
    if (number_ != 0) {
      write_frame_header({.kind = FrameKind::process, .number = detail::exchange(number_, 0)}, bytes_);
      size_ = frame_header_size;
    }
    for (std::size_t i = 0; i < count_; ++i, size_ += frame_header_size) {
      FrameHeader header{.kind = waiting_[i] == 0 ? FrameKind::taken : FrameKind::refused};
      if (waiting_[i] != 0) header.flags = static_cast<std::uint8_t>(waiting_[i] - 1);
      write_frame_header(header, bytes_ + size_);
    }
    count_ = 0;
  }
  return {bytes_ + written_, size_ - written_};
}

NET_API IpcState::IpcState(LoopCore& core) : Handle(core, table) {
  channel.owner = static_cast<Handle*>(this);
  loop->closing().expect();  // its 'disconnect' needs no memory
  close_expected = true;
}

NET_API IpcState::~IpcState() {
  close_descriptor();
  if (loop && !loop->inert() && !loop->leaving()) drop_received();
  if (close_expected && loop) loop->closing().expect_no_more();
}

/// The descriptor is its own from now on, also if this throws.
NET_API void IpcState::open(NativeHandle descriptor) {
  (void)channel.adopt_connected(descriptor);
  if (!is_open()) (void)Machine::close_file(descriptor);  // there was no memory for it
  start();
}

/// Where there are tickets it is read from the next turn on: until then it is nobody's, and may be handed on.
NET_API void IpcState::start() {
  if constexpr (Machine::ticket_size == 0) {
    if (const int failed = loop->poller().watch(channel, readable); failed < 0) {
      close_descriptor();
      throw_error(system_failure(-failed, "open"));
    }
  } else {
    if (!is_open()) throw_error(system_failure(ENOMEM, "open"));
    CallOnThrow drop([this] { drop_all(); });
    loop->pending().push({Ref<Handle>(this), job_of<&IpcState::introduce_itself>});
    drop.passed = true;
  }
  kept_by_loop = true;
  retain();
  recount();
}

NET_API void IpcState::introduce_itself() {
  if (!is_open()) return;
  answers.say_number(Machine::ticket_number());
  flush();
}

/// What the socket had received that it is made of.
NET_API void IpcState::begin_with(std::string_view bytes) {
  CallOnThrow drop([this] { drop_all(); });
  (void)reader.feed(bytes, {});
  loop->pending().push({Ref<Handle>(this), job_of<&IpcState::parse>});
  drop.passed = true;
}

/// What keeps the loop alive: a channel that is ref'd and wanted, and one that has something to send.
NET_API void IpcState::recount() noexcept {
  if (!loop) return;
  const bool sends = !queue.empty() || !awaiting.empty() || !waiting.empty();
  const bool wanted = is_wanted();
  keeps_alive.count(*loop, is_open() && ((keeps_alive.refd && wanted) || sends));
  let_go_unless(wanted || sends || !answers.empty());
}

NET_API void IpcState::update_watch() {
  if (is_open()) {
    const unsigned mask = short_now ? 0 : (reads() ? readable : 0u) | (blocked ? writable : 0u);
    if (const int failed = loop->poller().watch(channel, mask); failed < 0) close(system_failure(-failed, "read"));
  }
  recount();
}

/// S32.2: the system has no memory, or too many descriptors are under way. It would say so again at once.
NET_RARE void IpcState::wait_for_system() {
  memory.after(10);
  short_now = true;
}

/// What waits is sent first. Who cannot wait for the other side calls it again.
NET_API void IpcState::disconnect() {
  if (!is_open()) return;
  if (detail::exchange(disconnecting, true) || loop->inert()) return close(no_error());
  drop_received();
  if (pulled) update_watch();  // the other side's answers are still read
  close_if_done();
}

NET_API void IpcState::close_if_done() noexcept {
  if (disconnecting && waiting.empty() && queue.empty() && awaiting.empty() && answers.empty()) close(no_error());
}

NET_API void IpcState::close_descriptor() noexcept {
  memory.stop();
  close_what_came();
  if (is_open()) close_watched(loop, channel);
}

/// Closes it now; the rest comes in the close phase: callbacks, 'error' and 'disconnect'.
NET_API void IpcState::close(const Error& why) noexcept {
  if (!is_open()) return;
  if (why) failure = why;
  close_descriptor();
  recount();
  if (!detail::exchange(close_expected, false)) return;
  ++owed;
  loop->closing().push_expected({Ref<Handle>(this), job_of<&IpcState::close_now>});
}

NET_API void IpcState::close_now() {
  Place<Job> rest(loop->closing());  // from which this step has just come
  // whatever is thrown here, the rest comes
  AgainOnThrow again(*this, job_of<&IpcState::close_now>, rest);
  fail_all();
  call_done();
  if (failure) {
    const Error why = detail::exchange(failure, no_error());
    if (pulled) ended_with.emplace(why);  // thrown to who receives
    if (!emit_event<ipc_error>(why) && !pulled) throw_error(why);
  }
  ended = true;
  wake_receiver();
  again.passed = true;
  struct Settle {
    IpcState& self;
    ~Settle() { self.settle(); }
  } const settle{*this};
  over = true;
  emit_event<ipc_disconnect>();
}

/// What was sent and has not arrived, and what was not sent; sockets that nobody has taken go on here.
NET_API void IpcState::fail_all() {
  if (waiting.empty() && queue.empty() && awaiting.empty()) return;
  const Error why = failure ? failure : make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  for (OutgoingList* const list : {&awaiting, &queue, &waiting}) {
    while (!list->empty()) {
      Outgoing* const one = list->pop();
      one->error = why;
      if (one->aside) take_back(*one->socket, one->unread());
      one->aside = false;
      // who did not ask learns by 'disconnect'
      one->callback ? done.push(one) : delete one;
    }
  }
  length = 0;
}

/// The loop is going, or all is over: nothing is emitted any more.
NET_API void IpcState::drop_all() noexcept {
  over = true;
  close_descriptor();
  recount();
  reader.clear();
  for (OutgoingList* const list : {&waiting, &queue, &awaiting, &done}) list->clear();
  listeners.clear();
  if (detail::exchange(kept_by_loop, false)) release();
}

NET_API void IpcState::abandon() noexcept {
  hand_over();
  drop_all();
}

NET_API void IpcState::settle() noexcept {
  if (--owed == 0 && over) drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of ipc_channel.hpp. Internal.
#ifndef NET_IPC_CHANNEL_IPP
#define NET_IPC_CHANNEL_IPP

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API IpcChannel::IpcChannel(const Socket& socket) {
  detail::SocketState& from = detail::Access::state(socket);
  const bool connected = from.loop && from.phase == detail::Phase::open && from.is_path &&
                         detail::Machine::kind_of(from.channel.native()) == detail::DescriptorKind::local;
  if (!connected) {
    detail::throw_error(
        detail::make_error(Errc::ERR_INVALID_HANDLE_TYPE, "A channel takes over an IPC socket that is connected"));
  }
  state_ = detail::Ref<detail::IpcState>(new detail::IpcState(*from.loop));
  (void)from.release_descriptor(&state_->channel);
  state_->start();
  std::string unread;
  detail::take_unread(from, unread);
  if (!unread.empty()) state_->begin_with(unread);
}

NET_API std::pair<IpcChannel, IpcChannel> IpcChannel::pair(Loop& loop) {
  detail::LoopCore& core = detail::Access::core(loop);
  const detail::Ref<detail::IpcState> one(new detail::IpcState(core)), other(new detail::IpcState(core));
  NativeHandle ends[2] = {};
  if (const int failed = detail::Machine::make_pair(ends); failed < 0) {
    detail::throw_error(detail::system_failure(-failed, "socketpair"));
  }
  detail::CameHere second(ends[1]);
  one->open(ends[0]);
  detail::CallOnThrow close([&] { one->drop_all(); });
  second.fd = detail::no_handle;
  other->open(ends[1]);
  close.passed = true;
  return {IpcChannel(one), IpcChannel(other)};
}

NET_API IpcChannel IpcChannel::from_state(void* state) {
  return IpcChannel(detail::Ref<detail::IpcState>(static_cast<detail::IpcState*>(state)));
}

NET_API const IpcChannel& IpcChannel::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

// The bodies of handover.hpp. Internal.
#ifndef NET_DETAIL_IPC_HANDOVER_IPP
#define NET_DETAIL_IPC_HANDOVER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API bool has_to_send(SocketState& socket) {
  if (socket.loop->batched_by(socket)) socket.loop->flush_batch();
  const bool ends = socket.ending() && !socket.finished();
  return socket.writing() || socket.write_length > 0 || ends;
}

NET_API Error handover_refusal(const SocketState& socket) {
  if (socket.reader_note == ReaderNote::holds_bytes || socket.reader_note == ReaderNote::holds_part) {
    return make_error(Errc::ERR_INVALID_STATE,
                      "A reader holds bytes of the socket that nobody has taken: let it go first");
  }
  // what is decoded may be twice as long as it came; and a listener may hold what was received last
  const std::size_t most = (max_unread - 2 * LoopCore::receive_capacity) / (socket.decodes ? 2 : 1);
  if (socket.read_length() <= most) return no_error();
  return make_error(Errc::ERR_INVALID_STATE, "The socket has received more than can travel with it: read it first");
}

NET_API void take_unread(SocketState& socket, std::string& into) {
  // what was moved to the buffer, and stays there for want of memory, flows as before
  CallOnThrow flows(
      [&] { undo_or_give_up(socket, [&] { socket.tick_always([](SocketState& self) { self.flow(); }); }); });
  socket.keep_unread();
  if (socket.decodes) {
    std::string text;
    for (std::size_t i = 0; socket.buffer && i < socket.buffer->pieces.size(); ++i) {
      text += socket.buffer->pieces[i].view();
    }
    std::string bytes = encode(text, socket.cold->encoding);
    bytes += socket.cold->decode({}, Decode::undone);
    into += bytes;
    flows.passed = true;
    delete detail::exchange(socket.buffer, nullptr);
    return;
  }
  into.reserve(into.size() + socket.read_length());
  flows.passed = true;
  if (!socket.buffer) return;
  for (; !socket.buffer->pieces.empty(); (void)socket.buffer->pieces.pop_front()) {
    const ReadBuffer::Piece& piece = socket.buffer->pieces.first();
    into.append(piece.bytes, piece.begin);
  }
  delete detail::exchange(socket.buffer, nullptr);
}

NET_API void lay_aside(SocketState& socket) noexcept {
  socket.released = socket.close_ticked = true;
  socket.phase.move_to(Phase::closing);
  socket.read_interest = false;
  (void)socket.loop->poller().watch(socket.channel, 0);
  socket.recount();
}

NET_API void hand_on(SocketState& socket) {
  if (!socket.loop || !socket.channel.is_open()) return;
  const Ref<SocketState> alive(&socket);
  socket.close_later(SocketState::close_released);
  ++socket.owed;
  ++socket.generation;
  socket.close_channel();
  socket.phase.move_to(Phase::closed);
  socket.stop_idle();
  if (socket.cold) socket.cold->abort_watch = {};
  undo_or_give_up(socket, [&] { socket.leave_server(); });
}

NET_API void take_back(SocketState& socket, std::string_view unread) noexcept {
  if (!socket.loop || !socket.channel.is_open()) return;
  socket.phase = Position<Phase>(Phase::open);
  socket.released = socket.close_ticked = socket.reading = false;
  const Ref<SocketState> alive(&socket);
  undo_or_give_up(socket, [&] {
    const std::string text = socket.decodes ? socket.cold->decode(unread, Decode::piece) : std::string();
    if (socket.decodes) unread = text;
    if (!unread.empty()) {
      if (!socket.buffer) socket.buffer = new ReadBuffer;
      socket.buffer->push_front(unread);
    }
    if (socket.timed) socket.set_timeout(socket.cold->idle_length);
    if (!socket.never_read && !socket.ended()) socket.read_zero();
    if (socket.unwanted) return socket.destroy(socket.cold ? socket.cold->unwanted : no_error());
    socket.tick_always([](SocketState& self) {
      if (self.read_length() > 0 && self.flow_state != Flow::flowing) self.emit_readable();
      self.flow();
      self.maybe_finish();
    });
  });
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

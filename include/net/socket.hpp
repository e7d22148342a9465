// net::Socket: one connection, TCP or IPC, with Node's methods and events.
#ifndef NET_SOCKET_HPP
#define NET_SOCKET_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/chunk.hpp>
#include <net/detail/connect/start.hpp>
#include <net/detail/stream/payload.hpp>
#include <net/detail/stream/pipe_socket.hpp>
#include <net/detail/stream/state.hpp>
#include <net/detail/stream/steps.hpp>
#include <net/detail/sys/endpoint_text.hpp>
#include <net/emitter.hpp>
#include <net/loop.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

class Server;

/// One connection. A handle: cheap to copy, all copies are the same socket. The loop keeps an open socket alive, so a
/// program need not store it. After 'close' its listeners are dropped, so a listener may capture its own socket and
/// nothing leaks; they stay if `connect()` was called again by then, or with `.reusable = true`.
///
/// Everything belongs to the thread of its loop. Failures of the outside world arrive as 'error' and then 'close'
/// (S3.18); an 'error' that nobody listens to leaves `run()` as an exception.
///
/// Events, with the arguments of their listeners:
/// - `close` (bool hadError): the last event, once per connection
/// - `connect`, `ready`: the connection is there
/// - `connectionAttempt` (std::string_view ip, int port, Family): an address is tried
/// - `connectionAttemptFailed` (…, const Error&): it failed; `connectionAttemptTimeout` (…): the next one begins
///   (S13.9)
/// - `data` (Chunk): received bytes, valid until the listener returns
/// - `drain`: after `write` returned false, everything is in the kernel
/// - `end`: the other side will send no more
/// - `error` (const Error&): followed by 'close'
/// - `lookup` (const Error&, std::string_view address, Family, std::string_view host): an answer for a name
/// - `timeout`: nothing happened for as long as `setTimeout` said; the socket stays open
/// - `finish`, `prefinish`: all that was written is in the kernel, after `end()`
/// - `readable`: `read()` has something to give, or the end is there (S14.10)
/// - `pause`, `resume`: by the calls of these names; `pipe`, `unpipe` (Socket source): at the destination
class Socket : public Emitter<Socket> {
 public:
  using Events = detail::SocketEvents;

  /// All copies are the same socket. A handle that was moved from still refers to it: none is ever empty.
  Socket(const Socket&) noexcept = default;
  Socket& operator=(const Socket&) noexcept = default;

  /// A socket that is not connected yet, on this thread's loop or on `loop`; with `.fd` it is (S22). Throws
  /// `ERR_OUT_OF_RANGE` or `ERR_INVALID_FD_TYPE` for a descriptor of no stream (S22.4), or the system's error.
  Socket() : Socket(Loop::current()) {}
  explicit Socket(const SocketOptions& options) : Socket(Loop::current(), options) {}
  explicit Socket(Loop& loop, const SocketOptions& options = {});

  // ── connecting ──

  /// Connects; 'connect' follows, or 'error' and 'close'. The listener is a once-listener of 'connect'. Throws
  /// `ERR_MISSING_ARGS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_IP_ADDRESS`, `ERR_OUT_OF_RANGE` or
  /// `ERR_INVALID_ARG_VALUE` (S3.13), and EALREADY or EISCONN if it is connecting or connected; then nothing has
  /// changed. Allowed again from 'close' on (S12.4).
  template <detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(const ConnectOptions& options, F&& listener = nullptr) const {
    once_begun<"connect">(std::forward<F>(listener));
    detail::start_connecting(*state_, options);
    return *this;
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(int port, std::string_view host = "localhost", F&& listener = nullptr) const {
    return connect_to(port, host, std::forward<F>(listener));
  }
  template <detail::OptionalListener F>
  const Socket& connect(int port, F&& listener) const {
    return connect_to(port, "localhost", std::forward<F>(listener));
  }
  /// A text that reads as a number is a port, any other one the path of an IPC server; blank is a bad port (S7.5).
  template <detail::TextArgument Path, detail::ListenerOrNumber F = std::nullptr_t>
  const Socket& connect(Path&& path, F&& listener = nullptr) const {
    return connect(detail::port_or_path<ConnectOptions>(path, "Port"), detail::require_listener<F>(listener));
  }
  /// The same with a host, which counts for a port only.
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Socket& connect(Port&& port, Host&& host, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ConnectOptions>(port, "Port");
    options.host = std::string_view(host);
    return connect(options, std::forward<F>(listener));
  }

  // ── writing ──

  /// Sends bytes: text, or any contiguous range of `char`, `unsigned char` or `std::byte`. They are copied only
  /// if they have to wait; an rvalue string or vector is taken over instead. True: go on; false: better wait for
  /// 'drain', but nothing is lost (S15.4). The callback gets no error once the kernel has taken them, or the
  /// error; it never runs inside the call (S15.7). Small writes of one listener leave in one send, when it returns.
  /// After `end()` it fails with `ERR_STREAM_WRITE_AFTER_END`, also as 'error'; after `destroy()` with
  /// `ERR_STREAM_DESTROYED`, which only the callback gets (S15.15, S15.16).
  template <class Data>
  bool write(Data&& data) const {
    const std::string_view bytes = detail::bytes_of(data);
    return state_->batch(bytes.data(), bytes.size()) != nullptr ||
           state_->write(detail::source_of(std::forward<Data>(data)), {});
  }
  template <class Data, class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Encoding>)
  bool write(Data&& data, F&& callback) const {
    return state_->write(detail::source_of(std::forward<Data>(data)),
                         detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends text in another encoding (S15.1).
  bool write(std::string_view text, Encoding encoding) const;
  template <class F>
  bool write(std::string_view text, Encoding encoding, F&& callback) const {
    return state_->write(detail::source_of(detail::encode(text, encoding)),
                         detail::write_callback(std::forward<F>(callback)));
  }

  /// No more writes: when everything is sent, the other side learns of it, and 'finish' follows (S16). The callback
  /// runs then, or gets the error. Without `allowHalfOpen` a socket whose other side ends does this by itself.
  const Socket& end() const { return state_->end({}), *this; }
  template <class F>
    requires(!detail::Payload<F>)
  const Socket& end(F&& callback) const {
    return state_->end(detail::write_callback(std::forward<F>(callback))), *this;
  }
  /// Writes and then ends.
  template <detail::Payload Data, class F = std::nullptr_t>
    requires(!std::same_as<std::remove_cvref_t<F>, Encoding>)
  const Socket& end(Data&& data, F&& callback = nullptr) const {
    detail::WriteCallback call = detail::write_callback(std::forward<F>(callback));
    if (state_->ending() || state_->destroyed()) return state_->refuse_end(std::move(call)), *this;
    state_->expect_end(call);
    state_->write(detail::source_of(std::forward<Data>(data)), {});
    state_->end(std::move(call));
    return *this;
  }
  template <class F = std::nullptr_t>
  const Socket& end(std::string_view text, Encoding encoding, F&& callback = nullptr) const {
    return end(detail::encode(text, encoding), std::forward<F>(callback));
  }

  /// Holds all writes back until `uncork()` was called as often (S15.22).
  void cork() const { state_->cork(); }
  void uncork() const { state_->uncork(); }

  // ── closing ──

  /// Closes at once; what the kernel has not taken is lost. 'error' follows if one is given, then 'close' (S17.1).
  const Socket& destroy() const { return destroy(detail::no_error()); }
  const Socket& destroy(const Error& error) const { return state_->destroy(error), *this; }
  /// Ends, and closes when everything is sent, without waiting for the other side (S17.9).
  void destroySoon() const { state_->destroy_soon(); }
  /// Closes with a reset, so that the other side gets ECONNRESET (S17.12). Throws `ERR_INVALID_HANDLE_TYPE` for IPC.
  const Socket& resetAndDestroy() const { return state_->reset_and_destroy(), *this; }

  // ── reading ──

  /// No more 'data' until `resume()`; what arrives is buffered up to the high-water mark (S14.6).
  const Socket& pause() const { return state_->pause(), *this; }
  /// 'data' flows, from the next tick on (S14.7).
  const Socket& resume() const { return state_->resume(), *this; }
  /// Whether `pause()`, a pipe or a 'readable' listener holds 'data' back (S11.8).
  bool isPaused() const { return state_->is_paused(); }
  /// Takes what is buffered: all of it, or exactly `n` bytes; empty if there are fewer, unless it is the rest (S14.9).
  std::optional<std::string> read() const { return take(0, true); }
  std::optional<std::string> read(std::size_t n) const { return take(n, false); }

  /// Puts bytes back to the front of what is to be read. After 'end' it destroys the socket with
  /// `ERR_STREAM_UNSHIFT_AFTER_END_EVENT` (S14.11).
  const Socket& unshift(std::string_view bytes) const;
  /// From now on 'data' and `read()` give text in UTF-8, decoded from that encoding; characters that are split over
  /// chunks come out whole (S14.20). It stays over reconnects.
  const Socket& setEncoding(Encoding encoding = Encoding::utf8) const { return state_->set_encoding(encoding), *this; }
  /// The same by Node's name of it, "utf8", "UCS-2", …; throws `ERR_UNKNOWN_ENCODING`.
  const Socket& setEncoding(std::string_view name) const { return setEncoding(detail::require_encoding(name)); }
  /// What `setEncoding` said; empty: bytes.
  std::optional<Encoding> readableEncoding() const;
  /// Writes everything that arrives to the destination, and pauses while that one has to drain; gives the destination,
  /// so that chains work. When this side ends, the destination is ended, unless `.end = false` (S24).
  /// From a socket that is closed nothing will ever come. Throws `ERR_INVALID_STATE` while it has a Reader that no task
  /// waits for: a pipe goes on where that has stopped, when it has gone. The destination is whatever is
  /// `net::Writable`.
  template <class Destination>
  Destination pipe(Destination destination, PipeOptions options = {.end = true}) const {
    detail::pipe_socket(*this, destination, options);
    return destination;
  }
  /// Takes one destination off, or all; this socket pauses when it was the last (S24.9). What is unpiped by a 'data'
  /// listener still gets that piece. A destination of the user's own is the same one if it is equal (`==`); if it
  /// cannot be compared, if it has the same listeners, or else holds the same bytes.
  const Socket& unpipe() const;
  template <class Destination>
  const Socket& unpipe(const Destination& destination) const {
    detail::unpipe_socket(*this, destination);
    return *this;
  }

  // ── options ──

  /// 'timeout' after so long without activity, once; the socket stays open. 0 switches it off and adds
  /// no listener. Throws `ERR_OUT_OF_RANGE` for a negative or infinite time (S18.1).
  const Socket& setTimeout(Duration idle) const;
  template <class F>
  const Socket& setTimeout(Duration idle, F&& listener) const {
    setTimeout(idle);
    if (!state_->destroyed() && idle.milliseconds() > 0) once<"timeout">(std::forward<F>(listener));
    return *this;
  }
  /// What the last `setTimeout` said; empty if there was none.
  std::optional<std::chrono::milliseconds> timeout() const;
  /// Sends small pieces at once. Before the connection it is remembered; no effect on IPC (S18.10).
  const Socket& setNoDelay(bool on = true) const { return state_->set_no_delay(on), *this; }
  /// Probes an idle connection; the delay is cut to whole seconds, 0 leaves the system's (S18.12).
  const Socket& setKeepAlive(bool on = false, Duration initialDelay = 0) const {
    return state_->set_keep_alive(on, initialDelay), *this;
  }
  /// IP_TOS or IPV6_TCLASS, 0-255. Throws `ERR_OUT_OF_RANGE`, or the system's error (S18.16).
  const Socket& setTypeOfService(int value) const { return state_->set_type_of_service(value), *this; }
  /// What the system says; before the connection what was set, or 0. Throws the system's error.
  int getTypeOfService() const { return state_->get_type_of_service(); }
  /// Whether the socket keeps the loop alive while it reads, as it does at first (S19).
  const Socket& ref() const { return set_ref(true); }
  const Socket& unref() const { return set_ref(false); }

  // ── what it is ──

  /// The local end; empty before the connection, after `destroy()`, and for IPC (S11.15).
  std::optional<AddressInfo> address() const;
  std::string localAddress() const { return detail::endpoint_text(local()); }
  std::uint16_t localPort() const { return local().port; }
  Family localFamily() const { return local().ip.family; }
  /// The other end; kept after `destroy()`. "", 0, unspecified: not known (S11.13).
  std::string remoteAddress() const { return detail::endpoint_text(state_->remote()); }
  std::uint16_t remotePort() const { return state_->remote().port; }
  Family remoteFamily() const { return state_->remote().ip.family; }
  /// "ip:port" of the addresses that were tried, if there was more than one to try (S13.14).
  std::vector<std::string> autoSelectFamilyAttemptedAddresses() const;
  /// What `connect` must not connect to; the list is used live (S21.7).
  std::optional<BlockList> blockList() const;
  /// The server that accepted it, also after `destroy()`; none if it connected itself (S11.20).
  std::optional<Server> server() const;
  /// Bytes received on this connection (S11.11).
  std::uint64_t bytesRead() const { return state_->bytes_read; }
  /// Bytes written on this connection, those that still wait included (S11.12).
  std::uint64_t bytesWritten() const;
  /// Like `writableLength()`, 0 without a connection (S11.10).
  std::size_t bufferSize() const { return state_->has_handle() ? state_->write_length : 0; }
  bool connecting() const { return state_->connecting(); }  ///< from `connect()` to 'connect' or a failure (S11.3)
  bool pending() const { return state_->phase != detail::Phase::open; }  ///< no connection, or not yet (S11.3)
  bool destroyed() const { return state_->destroyed(); }                 ///< from `destroy()` or a failure on (S11.4)
  bool closed() const { return state_->destroyed(); }                    ///< the same: it does not wait for 'close'
  /// The error that it failed with; false if there is none (S11.5).
  Error errored() const { return state_->errored() ? state_->cold->errored : Error(); }
  ReadyState readyState() const;  ///< which sides are open (S11.1)
  /// Whether the socket stays open for writing when the other side ends; read at 'end' (S11.21).
  bool allowHalfOpen() const { return state_->settings.allow_half_open; }
  void allowHalfOpen(bool on) const { state_->settings.allow_half_open = on; }
  /// Not destroyed, and neither failed nor ended on that side (S11.6).
  bool readable() const;
  bool writable() const { return !state_->destroyed() && !state_->errored() && !state_->ending(); }
  std::optional<bool> readableFlowing() const;  ///< empty: nobody has asked for 'data' yet (S11.8)
  /// Bytes that wait to be sent, or to be read.
  std::size_t writableLength() const { return state_->write_length; }
  std::size_t readableLength() const { return state_->read_length(); }
  /// How many bytes may wait before `write` returns false, or reading stops.
  std::size_t writableHighWaterMark() const { return state_->write_mark; }
  std::size_t readableHighWaterMark() const { return state_->read_mark; }
  /// Between a `write` that returned false and 'drain' (S15.9).
  bool writableNeedDrain() const { return !state_->destroyed() && !state_->ending() && state_->need_drain; }
  std::size_t writableCorked() const {
    return state_->corked ? state_->cold->corks : 0;
  }  ///< `cork()` without `uncork()`
  bool writableEnded() const { return state_->ending(); }       ///< `end()` was called (S11.7)
  bool writableFinished() const { return state_->finished(); }  ///< 'finish' came
  bool readableEnded() const { return state_->end_emitted(); }  ///< 'end' came

  /// The descriptor, to look at; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const { return state_->channel.is_open() ? state_->channel.native() : -1; }

  /// Takes the socket out of its loop, open, and gives its descriptor: for another loop, thread or process, by
  /// `.fd`. The handle is closed then, without events. -1 if there is no connection; throws `ERR_INVALID_STATE` while
  /// written bytes still wait. Received bytes that nobody has got yet stay behind: `read()` of this handle gives them
  /// (`readableLength()`), until it connects again, and the next owner may `unshift` them. There are none if it was
  /// paused before they came (`pauseOnConnect`).
  NativeHandle release() const { return state_->loop ? state_->release_descriptor() : -1; }

  /// An object of the user's, made on first use, destroyed with the socket, at the latest with its loop (S36.3). Throws
  /// `ERR_INVALID_STATE` if there is one of another type.
  template <class T>
  T& data() const {
    return state_->ensure_cold().user_data.get<T>();
  }

 private:
  friend class Emitter<Socket>;
  friend struct detail::Access;

  explicit Socket(detail::Ref<detail::SocketState> state) noexcept : state_(std::move(state)) {}
  static Socket from_state(void* state);

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known,
                  "net::Socket has no event of that name; it has: data end close error connect drain finish timeout "
                  "ready readable pause resume lookup pipe unpipe prefinish connectionAttempt "
                  "connectionAttemptFailed connectionAttemptTimeout");
  }
  /// What is wrong with the port is thrown when the listener is there, as in Node (S7.3).
  template <class F>
  const Socket& connect_to(int port, std::string_view host, F&& listener) const {
    once_begun<"connect">(std::forward<F>(listener));
    return start_at(port, host);
  }
  const Socket& start_at(int port, std::string_view host) const;
  std::optional<std::string> take(std::size_t n, bool all) const;
  const Socket& set_ref(bool on) const;
  detail::Endpoint local() const;

  detail::Ref<detail::SocketState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/detail/connect/connected.ipp>
#include <net/detail/connect/start.ipp>
#include <net/detail/stream/adopt.ipp>
#include <net/detail/stream/close.ipp>
#include <net/detail/stream/finish.ipp>
#include <net/detail/stream/flow.ipp>
#include <net/detail/stream/leave.ipp>
#include <net/detail/stream/options.ipp>
#include <net/detail/stream/read.ipp>
#include <net/detail/stream/readable.ipp>
#include <net/detail/stream/reconnect.ipp>
#include <net/detail/stream/send.ipp>
#include <net/detail/stream/write.ipp>

#include <net/socket.ipp>

#endif

// net::Server: listens, and makes a net::Socket of every connection.
#ifndef NET_SERVER_HPP
#define NET_SERVER_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/listen/state.hpp>
#include <net/emitter.hpp>
#include <net/loop.hpp>
#include <net/options.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A TCP or IPC server. A handle: copies are the same server, and the loop keeps it while it listens. Its listeners
/// are dropped after 'close', unless it listens again by then or was made with `.reusable = true`.
///
/// Events, with the arguments of their listeners:
/// - `listening`: bound; `address()` is known (S9.2)
/// - `connection` (Socket): a client is there; it is being read already (S9.16)
/// - `drop` (const DropInfo&): a client was turned away because of `maxConnections`
/// - `error` (const Error&): listening or accepting failed; the server can listen again (S9.12)
/// - `close`: it listens no more, and all connections are gone (S9.14)
class Server : public Emitter<Server> {
 public:
  using Events = detail::ServerEvents;

  /// All copies are the same server. A handle that was moved from still refers to it: none is ever empty.
  Server(const Server&) noexcept = default;
  Server& operator=(const Server&) noexcept = default;

  /// A server that does not listen yet, on this thread's loop or on `loop`. The listener is one of 'connection' (S8.2).
  explicit Server(const ServerOptions& options = {}) : Server(Loop::current(), options) {}
  explicit Server(Loop& loop, const ServerOptions& options = {});
  template <class F>
  explicit Server(const ServerOptions& options, F&& connectionListener) : Server(options) {
    add_connection_listener(std::forward<F>(connectionListener));
  }
  template <class F>
  explicit Server(Loop& loop, const ServerOptions& options, F&& connectionListener) : Server(loop, options) {
    add_connection_listener(std::forward<F>(connectionListener));
  }

  /// The same with the listener alone.
  template <detail::OptionalListener F>
    requires(!std::is_convertible_v<F, const Server&> && !std::is_same_v<std::remove_cvref_t<F>, Loop>)
  explicit Server(F&& connectionListener) : Server(ServerOptions{}, std::forward<F>(connectionListener)) {}

  /// Refused: a port is for listen().
  template <std::integral Port, class... More>
  explicit Server(Port, More&&...) {
    constexpr bool listens = !std::is_same_v<Port, Port>;
    static_assert(listens, "a server is made without a port: net::createServer(listener).listen(8000)");
  }

  /// Listens; 'listening' follows, or 'error' (S9). The listener is a once-listener of 'listening'. Without a host
  /// the address is known when this returns (S9.3). Throws `ERR_SERVER_ALREADY_LISTEN`, `ERR_SOCKET_BAD_PORT` or
  /// `ERR_INVALID_ARG_VALUE` (S3.15). Allowed again after `close()` and after an error.
  template <detail::OptionalListener F = std::nullptr_t>
    requires(!std::is_convertible_v<F, const ListenOptions&> && !std::is_convertible_v<F, const Server&>)
  const Server& listen(F&& listener = nullptr) const {
    return listen_at(0, {}, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, F&& listener = nullptr) const {
    return listen_at(port, {}, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, std::string_view host, F&& listener = nullptr) const {
    return listen_at(port, host, 511, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, std::string_view host, int backlog, F&& listener = nullptr) const {
    return listen_at(port, host, backlog, std::forward<F>(listener));
  }
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(int port, int backlog, F&& listener = nullptr) const {
    return listen_at(port, {}, backlog, std::forward<F>(listener));
  }
  /// A text that reads as a number is a port, any other one the path of an IPC server (S7.5). Throws
  /// `ERR_SOCKET_BAD_PORT` for one that is empty or blank.
  template <detail::TextArgument Path, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Path&& path, F&& listener = nullptr) const {
    return listen(path, 511, std::forward<F>(listener));
  }
  template <detail::TextArgument Path, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Path&& path, int backlog, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ListenOptions>(path, "options.port");
    options.backlog = backlog;
    return listen(options, std::forward<F>(listener));
  }
  /// The same with a host, which counts for a port only.
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Port&& port, Host&& host, F&& listener = nullptr) const {
    return listen(port, host, 511, std::forward<F>(listener));
  }
  template <detail::TextArgument Port, detail::TextArgument Host, detail::OptionalListener F = std::nullptr_t>
  const Server& listen(Port&& port, Host&& host, int backlog, F&& listener = nullptr) const {
    auto options = detail::port_or_path<ListenOptions>(port, "options.port");
    options.host = std::string_view(host);
    options.backlog = backlog;
    return listen(options, std::forward<F>(listener));
  }
  /// The same with options: a port, a path, or a descriptor that is bound already (S22.5). Throws
  /// `ERR_INVALID_ARG_VALUE` if none of them is there.
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(const ListenOptions& options, F&& listener = nullptr) const {
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    start(options);
    return *this;
  }

  /// Refused: a listener that is not the last.
  template <class F, class... More>
    requires(std::is_class_v<std::remove_cvref_t<F>> && detail::OptionalListener<F> &&
             !std::is_convertible_v<F, const Server&>)
  const Server& listen(F&&, int port, More&&...) const {
    constexpr bool listener_last = std::is_void_v<F>;
    static_assert(listener_last, "the listener comes last: listen(8000, \"127.0.0.1\", [] { ... })");
    return listen(port);
  }
  template <detail::OptionalListener F, class... More>
    requires(std::is_class_v<std::remove_cvref_t<F>>)
  const Server& listen(int port, F&&, std::string_view, More&&...) const {
    constexpr bool listener_last = std::is_void_v<F>;
    static_assert(listener_last, "the listener comes last: listen(8000, \"127.0.0.1\", [] { ... })");
    return listen(port);
  }

  /// Listens on what another server listens on, or throws `ERR_INVALID_ARG_VALUE`; new connections go to either. A
  /// descriptor of its own: closing one leaves the other (S22.6).
  template <detail::OptionalListener F = std::nullptr_t>
  const Server& listen(const Server& other, F&& listener = nullptr) const {
    if (!other.listening()) return listen(ListenOptions{}, std::forward<F>(listener));  // says what is missing
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    state_->listen_as(*other.state_);
    return *this;
  }

  /// Stops listening at once; connections go on. The callback runs at 'close', with `ERR_SERVER_NOT_RUNNING` if the
  /// server was not listening (S9.13-S9.15).
  const Server& close() const {
    state_->close();
    return *this;
  }
  template <class F>
  const Server& close(F&& callback) const {
    state_->reserve_close();
    Error error;
    if (!state_->acceptor.is_open()) error = detail::make_error(Errc::ERR_SERVER_NOT_RUNNING);
    once<"close">([call = detail::write_callback(std::forward<F>(callback)), error] { call(error); });
    state_->close();
    return *this;
  }

  /// Where it listens; empty if it does not (S8.6), which with a host is until 'listening'; but a path stays after
  /// `close()` (S8.7).
  std::optional<AddressInfo> address() const;
  /// Gives the number of connections that are not destroyed: callback(const Error&, std::size_t), on the next tick.
  template <class F>
  const Server& getConnections(F&& callback) const {
    constexpr bool fits = std::is_invocable_v<std::decay_t<F>&, const Error&, std::size_t>;
    static_assert(fits, "the callback takes (const net::Error&, std::size_t)");
    if constexpr (fits)
      state_->tick_callback([call = std::decay_t<F>(std::forward<F>(callback))](detail::ServerState& state) mutable {
        detail::call_back(call, detail::no_error(), state.connections);
      });
    return *this;
  }
  /// The connections that are not destroyed, in the order in which they came (S36.2).
  std::vector<Socket> connections() const;
  /// Destroys all of them (S17.1). The server goes on listening, unless it is closed too.
  void closeAllConnections() const { state_->destroy_connections(); }
  /// Closes those that are idle: nothing waits to be read or sent, and what came last was answered by a write. With a
  /// length, those that stay so for it, counted from when a call first found them idle; called again and again, it
  /// closes each connection in time. Throws `ERR_OUT_OF_RANGE` for a negative or infinite one.
  void closeIdleConnections(Duration idle = 0) const { state_->close_idle_connections(idle); }
  /// Whether it has what it listens on: false after `close()` or an error (S8.3).
  bool listening() const { return state_->acceptor.is_open(); }
  /// With so many connections, further ones are dropped; 0 drops all, empty is no limit (S8.4).
  std::optional<std::size_t> maxConnections() const { return state_->max_connections; }
  void maxConnections(std::optional<std::size_t> max) const {
    state_->max_connections = max;
    if (state_->elsewhere) state_->space_changed();
  }
  /// In a worker of a cluster: whether further ones are dropped there, not served by another worker (S33.7). Kept, and
  /// without effect, elsewhere (S8.5).
  bool dropMaxConnection() const { return state_->drop_max_connection; }
  void dropMaxConnection(bool on) const { state_->drop_max_connection = on; }

  // ── its options; what is changed is for connections that come later (S8.1) ──

  /// As the members of `ServerOptions`.
  bool allowHalfOpen() const { return state_->options.allowHalfOpen; }
  void allowHalfOpen(bool on) const { state_->options.allowHalfOpen = on; }
  bool pauseOnConnect() const { return state_->options.pauseOnConnect; }
  void pauseOnConnect(bool on) const { state_->options.pauseOnConnect = on; }
  bool noDelay() const { return state_->options.noDelay; }
  void noDelay(bool on) const { state_->set_no_delay(on); }
  bool keepAlive() const { return state_->options.keepAlive; }
  void keepAlive(bool on) const { state_->options.keepAlive = on; }
  /// In whole seconds, as in Node: what was given as 5,500 ms reads 5.
  std::chrono::seconds keepAliveInitialDelay() const;
  void keepAliveInitialDelay(Duration delay) const { state_->options.keepAliveInitialDelay = delay; }
  /// Bytes, of both sides of a socket.
  std::size_t highWaterMark() const { return state_->options.highWaterMark; }
  void highWaterMark(std::size_t bytes) const { state_->options.highWaterMark = bytes; }
  /// The clients that are turned away; the list is used live (S21.7).
  std::optional<BlockList> blockList() const { return state_->options.blockList; }
  void blockList(std::optional<BlockList> list) const;

  // ── the handle ──

  /// Whether it keeps the loop alive, as it does at first; also for later listens (S19.2).
  const Server& ref() const { return set_ref(true); }
  const Server& unref() const { return set_ref(false); }

  /// The descriptor, to look at; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const;

 private:
  friend class Emitter<Server>;
  friend struct detail::Access;

  explicit Server(detail::Ref<detail::ServerState> state) noexcept : state_(std::move(state)) {}
  static Server from_state(void* state);

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known, "net::Server has no event of that name; it has: close connection error listening drop");
  }

  template <class F>
  void add_connection_listener(F&& listener) const {
    if constexpr (!std::is_same_v<std::remove_cvref_t<F>, std::nullptr_t>) on<"connection">(std::forward<F>(listener));
  }
  /// What is wrong with the port is thrown when the listener is there, as in Node (S7.4).
  template <class F>
  const Server& listen_at(int port, std::string_view host, int backlog, F&& listener) const {
    require_idle();
    once_begun<"listening">(std::forward<F>(listener));
    start_at(port, host, backlog);
    return *this;
  }
  void require_idle() const;
  void start(const ListenOptions& options) const;
  void start_at(int port, std::string_view host, int backlog) const;
  const Server& set_ref(bool on) const;

  detail::Ref<detail::ServerState> state_;
};

/// Stops a server in peace: it listens no more; connections that are idle are ended, the others as soon as they are;
/// what is left after `timeout` (ms) is destroyed. Idle is what `Server::closeIdleConnections` says. 'close' comes when
/// all is done: `co_await once<"close">(server)`. A server that listens again meanwhile keeps its connections.
struct StopOptions {
  Duration timeout = 10000;
};
NET_API void stopGracefully(const Server& server, const StopOptions& options = {});
/// The same with the time alone: `stopGracefully(server, 10s)`.
template <std::convertible_to<Duration> Time>
void stopGracefully(const Server& server, Time timeout) {
  stopGracefully(server, StopOptions{.timeout = timeout});
}

/// A server on this thread's loop, or on `loop`; the listener gets every connection: `createServer([](Socket client)
/// {…})`.
template <class F = std::nullptr_t>
  requires(!std::is_convertible_v<F, const ServerOptions&>)
Server createServer(F&& connectionListener = nullptr) {
  return Server(ServerOptions{}, std::forward<F>(connectionListener));
}
/// Refused: a listener that is not the last.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&, Socket>
Server createServer(F&&, const ServerOptions& options) {
  constexpr bool options_first = std::is_void_v<F>;
  static_assert(options_first, "the options come first: createServer({.allowHalfOpen = true}, listener)");
  return Server(options);
}
template <class F = std::nullptr_t>
Server createServer(const ServerOptions& options, F&& connectionListener = nullptr) {
  return Server(options, std::forward<F>(connectionListener));
}
template <class F = std::nullptr_t>
Server createServer(Loop& loop, const ServerOptions& options, F&& connectionListener = nullptr) {
  return Server(loop, options, std::forward<F>(connectionListener));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/server.ipp>

#endif

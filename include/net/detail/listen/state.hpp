// What a server is made of: a listening descriptor, and a count of its connections. Internal; net::Server is its face.
#ifndef NET_DETAIL_LISTEN_STATE_HPP
#define NET_DETAIL_LISTEN_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <net/detail/base/position.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/events/listeners.hpp>
#include <net/detail/listen/events.hpp>
#include <net/detail/listen/served_elsewhere.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/loop/keeps_alive.hpp>
#include <net/detail/loop/retry.hpp>
#include <net/detail/stream/state.hpp>
#include <net/detail/sys/endpoint_text.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The 'close' of a server, which comes on a tick, and again if it was closed again.
enum class ServerClose : std::uint8_t {
  none,
  ticking,
  emitted,
  over  // nothing was owed any more: the listeners of that time have gone
};

/// Listening leads back to `none`: `emitted` is true no longer, and a 'close' that ticks finds a server that listens.
constexpr bool is_step(ServerClose from, ServerClose to) noexcept {
  if (to == ServerClose::over) return from == ServerClose::emitted;
  return from != to && !(from == ServerClose::none && to == ServerClose::emitted);
}

/// Of a path whose file another process removes.
inline constexpr std::uint32_t not_made_here = ~0u;

/// What belongs to one listen(), which replaces it as a whole.
struct Listening {
  std::string path;             // kept after close() (S8.7)
  bool ipc = false;             // so are its connections; by descriptor there is no path
  std::uint32_t made_in = 0;    // which process made it, counted in forks
  std::uint32_t elsewhere = 0;  // by which number the primary of a cluster knows it; 0: nobody else does
  bool looking_up = false;
  bool inherits_no_delay = false;
  bool accepts = true;    // false: its connections are handed over to it
  ListenOptions pending;  // while its host is looked up
};

class LookupAnswer;

struct ServerState : Handle, Listening, MindsNoListeners {
  static const Operations table;
  struct NothingOpen;

  ServerState(LoopCore& core, const ServerOptions& given) : Handle(core, table), options(given) {
    acceptor.owner = static_cast<Handle*>(this);
  }

  // ── listening ──
  void listen(const ListenOptions& asked);
  void begin(const ListenOptions& asked, void (ServerState::*how)(const ListenOptions&));
  void listen_port(const ListenOptions& asked);
  void listen_as(const ServerState& other);
  void start_over() noexcept;
  void reserve_one();
  void listen_path(const ListenOptions& asked);
  void listen_descriptor(const ListenOptions& asked);
  void look_up_host(const ListenOptions& asked);
  void host_known();
  void host_answered(const LookupAnswer& found);
  static const LookupAddress& first_usable(std::span<const LookupAddress> addresses) noexcept;
  void watch_signal(const AbortSignal& signal);
  void set_no_delay(bool on);
  int keep_alive_seconds() const noexcept { return whole_seconds(options.keepAliveInitialDelay); }
  static int backlog_of(const ListenOptions& asked) noexcept { return asked.backlog ? asked.backlog : 511; }
  void bind(const Endpoint& at);
  void bound(int failed, std::string_view address, int port);
  bool ask_elsewhere(const ListenOptions& asked);
  void opened_elsewhere(const ServerState& other, std::uint32_t number, bool accepting);
  void refused_elsewhere(const Error& why);
  void space_changed();
  void opened();
  void emit_listening();
  void close();
  void reserve_close();
  /// 'close' has come, and it does not listen again.
  bool was_closed() const noexcept {
    const bool emitted = closing == ServerClose::emitted || closing == ServerClose::over;
    return !loop || (emitted && !acceptor.is_open() && !looking_up);
  }
  void remove_path() const noexcept;
  void close_if_drained();
  void emit_close();
  void settle() noexcept;
  void stop_listening() noexcept;
  void abandon();

  // ── connections ──
  void accept_one();
  void cannot_accept(int number);
  void accept_again();
  void look_at_shortage() noexcept;
  void accepted(Machine::Channel& channel, std::string_view received = {});
  void take(NativeHandle connection, std::string_view received);
  bool blocks(const Machine::Channel& channel) const;
  void drop(Machine::Channel& channel);
  Vec<Ref<SocketState>> open_connections() const;
  void destroy_connections();
  void close_quiet_connections(std::uint32_t ms);
  void close_idle_connections(Duration idle);
  void end_idle_connections();
  void stop_gracefully(Duration timeout);
  static void on_ready(Handle& self, Watcher&, unsigned, int) { static_cast<ServerState&>(self).accept_one(); }
  static void connection_gone(Handle& self);

  // ── events ──
  /// Calls the listeners of one event; false if there is none.
  template <unsigned Event, class... Args>
  NET_GNU(always_inline) inline bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<ServerState> alive(this);
    using Row = typename EventAt<ServerEvents, Event>::type;
    if constexpr (Event == server_connection) {
      return call_listeners(*this, Event, typename Row::Given(args...).at);
    } else {
      return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
    }
  }
  /// With nobody to listen it leaves run() (S1.6).
  void emit_error(const Error& error) {
    if (!emit_event<server_error>(error)) throw_error(error);
  }

  template <auto Member>
  static void step_of(ServerState& self) {
    (self.*Member)();
  }
  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<ServerState&>(self).*Member)();
  }
  void tick(void (*step)(ServerState&), std::uint64_t of = any_generation) {
    if (loop) loop->ticks().emplace(CurrentStep<ServerState>{Owing<ServerState>(*this), step, of});
  }
  template <class What>
  void tick_with(const What& what, void (*step)(ServerState&, const What&)) {
    if (loop) loop->ticks().push(OwedStepWith<ServerState, What>{Owing<ServerState>(*this), step, what});
  }
  /// A callback of the user's, for which no listeners stay, or what is no step.
  template <class F>
  void tick_callback(F&& call) {
    if (loop) loop->ticks().push(Tick{Ref<ServerState>(this), std::forward<F>(call)});
  }
  /// What keeps the loop alive: a listening descriptor that is ref'd.
  void recount() noexcept;

  Machine::Acceptor acceptor;
  Listeners listeners;
  ServerOptions options;
  std::size_t connections = 0;
  std::optional<std::size_t> max_connections;
  std::uint64_t generation = 0;  // counts listens, so that a late lookup knows
  std::size_t owed = 0;          // what is queued and may be emitted
  KeepsAlive keeps_alive;
  bool kept_by_loop : 1 = false;
  bool drop_max_connection : 1 = false;
  bool shortage_emitted : 1 = false;
  bool close_expected : 1 = false;  // the loop has space for its 'close'
  Position<ServerClose> closing{};
  AbortWatch abort_watch;
  Retry retry{*this, job_of<&ServerState::accept_again>};  // while it cannot accept

  ~ServerState() {
    if (close_expected && loop) loop->ticks().expect_no_more();
  }
};

/// A listen() that throws leaves nothing open.
struct ServerState::NothingOpen {
  ServerState& self;
  bool passed = false;
  ~NothingOpen() {
    if (passed) return;
    self.stop_listening();
    self.abort_watch = {};
  }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/listen/accept.ipp>
#include <net/detail/listen/connections.ipp>
#include <net/detail/listen/state.ipp>

#endif

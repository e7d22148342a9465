// A cluster: worker processes that serve the same ports. Not part of <net.hpp>: it is included by itself.
#ifndef NET_CLUSTER_HPP
#define NET_CLUSTER_HPP

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/cluster/own_side.hpp>
#include <net/detail/cluster/primary.hpp>
#include <net/detail/stream/payload.hpp>
#include <net/emitter.hpp>
#include <net/ipc_channel.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// A worker: to the primary one of those that it has forked, to the worker itself what `cluster::worker()` gives. A
/// handle.
///
/// Events, with the arguments of their listeners:
/// - `online`: its process runs, and has asked for its part
/// - `listening` (const AddressInfo&): one of its servers listens
/// - `message` (std::string_view bytes, ReceivedHandle): what the other side has sent; where nobody listens it is
///   thrown away, and a handle with it closed
/// - `disconnect`: its channel has ended; in the worker, unless it was on purpose, the process exits then with code 0
/// - `exit` (int code, int signal): its process has ended, by itself or by a signal; the last one
/// - `error` (const Error&): its program could not be started, as 'spawn ENOENT'; with nobody to listen it leaves
///   `run()`
class Worker : public Emitter<Worker> {
 public:
  using Events = detail::WorkerEvents;

  /// All copies are the same worker. What was moved from still is it too: no handle is ever empty.
  Worker(const Worker&) noexcept = default;
  Worker& operator=(const Worker&) noexcept = default;

  /// 1, 2, 3 …: never used again.
  int id() const noexcept { return state_->id; }
  /// The process's; 0 if it could not be started.
  std::int64_t pid() const noexcept { return state_->process; }
  /// Whether messages can be sent.
  bool isConnected() const noexcept { return state_->connected(); }
  /// Whether its process has ended.
  bool isDead() const noexcept { return state_->ended; }
  /// Whether it has gone because it was asked to, or wanted to, by `disconnect()`.
  bool exitedAfterDisconnect() const noexcept { return state_->on_purpose; }

  /// Sends a message to the other side, as `IpcChannel::send` does.
  template <class Data, class F = std::nullptr_t>
    requires(!std::same_as<std::remove_cvref_t<F>, Socket> && !std::same_as<std::remove_cvref_t<F>, Server>)
  bool send(const Data& data, F&& callback = nullptr) const {
    return channel().send(with_kind(detail::bytes_of(data)), std::forward<F>(callback));
  }
  /// The same with a socket, or a server, that goes over to it.
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Socket& socket, SendOptions options = {}, F&& callback = nullptr) const {
    return channel().send(with_kind(detail::bytes_of(data)), socket, options, std::forward<F>(callback));
  }
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Server& server, SendOptions options = {}, F&& callback = nullptr) const {
    return channel().send(with_kind(detail::bytes_of(data)), server, options, std::forward<F>(callback));
  }

  /// Asks the worker to close the servers that the primary listens for, and then its channel; its connections go on. It
  /// ends when nothing keeps its loop.
  const Worker& disconnect() const;
  /// Sends a signal to its process; 15 is SIGTERM. Without effect on one that has ended. On Windows SIGTERM, SIGKILL,
  /// SIGINT and SIGQUIT (3) end it at once, 'exit' says by which, and others have no effect; 0 has none anywhere.
  const Worker& kill(int signal = 15) const;

 private:
  friend class Emitter<Worker>;
  friend struct detail::Access;

  explicit Worker(detail::Ref<detail::WorkerState> state) noexcept : state_(std::move(state)) {}
  static Worker from_state(void* state);
  static std::string with_kind(std::string_view bytes) {
    return detail::Spoken(detail::Say::message).rest(bytes).bytes();
  }
  const IpcChannel& channel() const { return *state_->channel; }

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known,
                  "net::Worker has no event of that name; it has: online listening message disconnect exit error");
  }

  detail::Ref<detail::WorkerState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The events of all workers.
class ClusterEmitter : public Emitter<ClusterEmitter> {
 public:
  using Events = ClusterEvents;
  explicit ClusterEmitter(ClusterState& state) : state_(&state) {}

 private:
  friend class Emitter<ClusterEmitter>;
  friend struct detail::Access;

  static ClusterEmitter from_state(void* state) { return ClusterEmitter(*static_cast<ClusterState*>(state)); }
  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known,
                  "net::cluster has no event of that name; it has: fork online listening message disconnect exit");
  }

  Ref<ClusterState> state_;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

/// Node's cluster (S33.5-S33.8): `if (cluster::isPrimary()) cluster::fork(); else server.listen(8000);`. A worker is a
/// new process of the same program. What its servers listen on, by a port or a path, its primary listens on for all
/// workers that ask for the same, and hands the connections over in turn. Everything belongs to the thread that asks
/// first, and its loop. On Windows the workers accept themselves unless it is set otherwise, a path is ENOTSUP in a
/// worker, and to be killed means to be ended at once.
namespace net::inline NET_ABI::cluster::inline NET_MACHINE {

/// Whether this process is no worker. In a worker the first call of these two connects it with its primary: ask before
/// anything listens.
inline bool isPrimary() { return !detail::OwnSide::is_worker(); }
inline bool isWorker() { return !isPrimary(); }

/// Starts a worker: this program again, or another one that asks `isPrimary()` too. What keeps it from being started is
/// its 'error'. Throws the system's error if there is no channel to be had for it, `ERR_INVALID_STATE` in a worker.
NET_API Worker fork(const WorkerOptions& options = {});
/// The workers that have not ended, in the order of their ids.
NET_API std::vector<Worker> workers();
/// In a worker: itself. Throws `ERR_INVALID_STATE` in a primary.
NET_API Worker worker();
/// `disconnect()` of all workers.
NET_API void disconnect();

/// How connections come to the workers, of what is listened on from now on: in turn, unless it is set; on Windows the
/// workers accept.
NET_API SchedulingPolicy schedulingPolicy();
NET_API void schedulingPolicy(SchedulingPolicy policy);

/// `cluster::on<"exit">([](Worker, int code, int signal) {…})`: the events of all workers, with the worker first; and
/// `fork` (Worker), when one is started.
template <fixed_string Name, class F>
void on(F&& listener) {
  detail::ClusterEmitter(detail::ClusterState::of_process()).template on<Name>(std::forward<F>(listener));
}
template <fixed_string Name, class F>
void once(F&& listener) {
  detail::ClusterEmitter(detail::ClusterState::of_process()).template once<Name>(std::forward<F>(listener));
}
template <fixed_string Name>
void removeAllListeners() {
  detail::ClusterEmitter(detail::ClusterState::of_process()).template removeAllListeners<Name>();
}

}  // namespace net::inline NET_ABI::cluster::inline NET_MACHINE

#include <net/cluster.ipp>

#endif

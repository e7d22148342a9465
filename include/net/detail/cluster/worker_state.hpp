// A worker of a cluster: what its primary has of it, and what it has of itself. Internal; net::Worker is its face.
#ifndef NET_DETAIL_CLUSTER_WORKER_STATE_HPP
#define NET_DETAIL_CLUSTER_WORKER_STATE_HPP

#include <cstdint>
#include <optional>
#include <string_view>

#include <net/detail/cluster/wire.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/events/listeners.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/sys/processes.hpp>
#include <net/ipc_channel.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {
class Worker;
}

namespace net::inline NET_ABI::detail {

inline namespace NET_MACHINE {
struct WorkerState;
}

template <>
struct Carried<Worker> {
  using type = const WorkerState&;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using WorkerEvents = EventTable<Event<"online">, Event<"listening", const AddressInfo>,
                                Event<"message", std::string_view, const ReceivedHandle>, Event<"disconnect">,
                                Event<"exit", int, int>, Event<"error", const Error>>;
enum : unsigned { worker_online, worker_listening, worker_message, worker_disconnect, worker_exit, worker_error };

using ClusterEvents =
    EventTable<Event<"fork", Worker>, Event<"online", Worker>, Event<"listening", Worker, const AddressInfo>,
               Event<"message", Worker, std::string_view, const ReceivedHandle>, Event<"disconnect", Worker>,
               Event<"exit", Worker, int, int>>;
enum : unsigned { cluster_fork, cluster_online, cluster_listening, cluster_message, cluster_disconnect, cluster_exit };

/// What emits events, and asks nothing of who listens.
template <class Derived, class Events>
struct PlainEmitter : Handle, MindsNoListeners {
  using Handle::Handle;

  template <unsigned Index, class... Args>
  bool emit_event(const Args&... args) {
    if (!listeners.has(Index)) return false;
    const Ref<Derived> alive(static_cast<Derived*>(this));
    using Row = typename EventAt<Events, Index>::type;
    return call_listeners_rarely(static_cast<Derived&>(*this), Index, typename Row::Given(args...).at);
  }

  Listeners listeners;
};

struct WorkerState : PlainEmitter<WorkerState, WorkerEvents> {
  static const Operations table;

  explicit WorkerState(LoopCore& core) : PlainEmitter(core, table) {}

  bool connected() const noexcept { return channel && channel->connected(); }
  /// For `once`.
  bool is_over() const noexcept { return exit_emitted || !loop; }
  static Error closed_error() { return make_error(Errc::ERR_IPC_CHANNEL_CLOSED); }
  bool say(const Spoken& what) const { return connected() && channel->send(what.bytes()); }

  int id = 0;
  std::int64_t process = 0;
  std::optional<IpcChannel> channel;
  ProcessEnd end;
  bool started = false;       // there is a process
  bool ended = false;         // it is gone, and the system has said how
  bool disconnected = false;  // 'disconnect' was emitted
  bool exit_emitted = false;
  bool on_purpose = false;  // it was asked to go, or goes by itself
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/cluster/worker_state.ipp>

#endif

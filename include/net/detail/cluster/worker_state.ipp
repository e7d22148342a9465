// The bodies of worker_state.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_WORKER_STATE_IPP
#define NET_DETAIL_CLUSTER_WORKER_STATE_IPP

#include <net/detail/cluster/worker_state.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The tables of events, and the numbers by which they are emitted.
static_assert(WorkerEvents::index<"online"> == worker_online);
static_assert(WorkerEvents::index<"listening"> == worker_listening);
static_assert(WorkerEvents::index<"message"> == worker_message);
static_assert(WorkerEvents::index<"disconnect"> == worker_disconnect);
static_assert(WorkerEvents::index<"exit"> == worker_exit);
static_assert(WorkerEvents::index<"error"> == worker_error);
static_assert(ClusterEvents::index<"fork"> == cluster_fork);
static_assert(ClusterEvents::index<"online"> == cluster_online);
static_assert(ClusterEvents::index<"listening"> == cluster_listening);
static_assert(ClusterEvents::index<"message"> == cluster_message);
static_assert(ClusterEvents::index<"disconnect"> == cluster_disconnect);
static_assert(ClusterEvents::index<"exit"> == cluster_exit);

NET_API constexpr Handle::Operations WorkerState::table{
    .free = [](Handle& handle) noexcept { delete static_cast<WorkerState*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& self = static_cast<WorkerState&>(handle);
          self.listeners.clear();
          self.channel.reset();
        }};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

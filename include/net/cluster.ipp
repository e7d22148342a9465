// The bodies of cluster.hpp. Internal.
#ifndef NET_CLUSTER_IPP
#define NET_CLUSTER_IPP

#include <net/cluster.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Worker Worker::from_state(void* state) {
  return Worker(detail::Ref<detail::WorkerState>(static_cast<detail::WorkerState*>(state)));
}

NET_API const Worker& Worker::disconnect() const {
  detail::OwnSide* const own = detail::OwnSide::the_one;
  if (own && own->self.get() == state_.get()) {
    own->disconnect();
  } else if (state_->connected()) {
    state_->on_purpose = true;
    state_->say(detail::Spoken(detail::Say::leave));
  }
  return *this;
}

NET_API const Worker& Worker::kill(int signal) const {
  if (state_->started && !state_->ended) (void)detail::Processes::send_signal(state_->process, signal);
  return *this;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::cluster::inline NET_MACHINE {

NET_API Worker fork(const WorkerOptions& options) {
  if (isWorker()) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A worker has no workers"));
  return detail::Access::make<Worker>(detail::ClusterState::of_process().fork(options).get());
}

NET_API std::vector<Worker> workers() {
  std::vector<Worker> all;
  if (!detail::ClusterState::the_one) return all;
  for (const detail::Ref<detail::WorkerState>& each : detail::ClusterState::the_one->workers) {
    all.push_back(detail::Access::make<Worker>(each.get()));
  }
  return all;
}

NET_API Worker worker() {
  if (isPrimary()) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "This process is no worker"));
  if (!detail::OwnSide::the_one) {
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "The loop of this worker is gone"));
  }
  return detail::Access::make<Worker>(detail::OwnSide::the_one->self.get());
}

NET_API void disconnect() {
  for (const Worker& each : workers()) each.disconnect();
}

NET_API SchedulingPolicy schedulingPolicy() { return detail::ClusterState::of_process().policy; }
NET_API void schedulingPolicy(SchedulingPolicy policy) { detail::ClusterState::of_process().policy = policy; }

}  // namespace net::inline NET_ABI::cluster::inline NET_MACHINE

#endif
#endif

// The primary's side of a cluster: its workers, and what it listens on for them. Internal; net::cluster is the face.
#ifndef NET_DETAIL_CLUSTER_PRIMARY_HPP
#define NET_DETAIL_CLUSTER_PRIMARY_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/cluster/shared_server.hpp>
#include <net/detail/cluster/worker_state.hpp>
#include <net/loop.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// How the connections of a cluster come to its workers.
enum class SchedulingPolicy {
  none,  ///< the workers accept, and the system chooses among them
  rr,    ///< the primary accepts, and hands them over in turn
};

/// Options of `cluster::fork`.
struct WorkerOptions {
  std::string exec = {};               ///< the program; empty: this one
  std::vector<std::string> args = {};  ///< its arguments; empty, and `exec` too: those of this process
  std::vector<std::pair<std::string, std::string>> env = {};  ///< variables, besides those of this process
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct ClusterState : PlainEmitter<ClusterState, ClusterEvents> {
  static const Operations table;

  /// The process's own, on the loop of who asked first.
  static ClusterState& of_process();

  ClusterState(LoopCore& core, Loop& on) : PlainEmitter(core, table), on_loop(on) {}

  Ref<WorkerState> fork(const WorkerOptions& options);
  void forked(WorkerState& worker, int failed);
  void not_started(WorkerState& worker, int failed);
  void connect(WorkerState& worker);
  void heard(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle);
  void listens(WorkerState& worker, Heard& words);
  void question(WorkerState& worker, Heard& words);
  void message(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle);
  void gone(WorkerState& worker);
  void look_at_children();
  void exit_if_over(WorkerState& worker);
  SharedServer* shared(std::int64_t number) noexcept;

  /// Behind what was thrown.
  template <class F>
  void later(F step) noexcept {
    if (!loop) return;
    undo_or_give_up(*this, [&] { loop->ticks().push(Tick{Ref<ClusterState>(this), std::move(step)}); });
  }
  /// To the listeners of the worker, then to those of all: these hear of it though one of those throws.
  template <unsigned OfWorker, unsigned OfAll, class... Args>
  void tell(WorkerState& worker, const Args&... args) {
    CallOnThrow others([&] {
      later([who = Ref<WorkerState>(&worker), args...](ClusterState& self) {
        self.emit_event<OfAll>(static_cast<const WorkerState&>(*who), args...);
      });
    });
    worker.emit_event<OfWorker>(args...);
    others.passed = true;
    emit_event<OfAll>(static_cast<const WorkerState&>(worker), args...);
  }

  Loop& on_loop;
  Vec<Ref<WorkerState>> workers;
  Vec<Ref<SharedServer>> servers;
  Signal children;
  bool children_watched = false;
  int last_id = 0;
  std::int64_t last_number = 0;
  SchedulingPolicy policy = Processes::hands_over_in_turn() ? SchedulingPolicy::rr : SchedulingPolicy::none;

  static inline ClusterState* the_one = nullptr;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/cluster/primary.ipp>

#endif

// A worker's own side of its cluster: it asks its primary to listen, and is given connections. Internal.
#ifndef NET_DETAIL_CLUSTER_OWN_SIDE_HPP
#define NET_DETAIL_CLUSTER_OWN_SIDE_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/vec.hpp>
#include <net/detail/cluster/worker_state.hpp>
#include <net/detail/listen/served_elsewhere.hpp>
#include <net/detail/listen/state.hpp>
#include <net/loop.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What this process is in a cluster.
enum class ClusterRole : std::uint8_t {
  unknown,  // nobody has asked yet
  none,     // it was not started by a primary, or could not reach it
  worker
};

struct OwnSide : Handle {
  static const Operations table;
  static const ServedElsewhere hooks;

  /// A server that the primary listens for, or is asked to.
  struct Shared {
    Ref<ServerState> server;
    std::uint64_t asked_in = 0;  // its generation
    std::int64_t question = 0;   // 0: answered
    std::uint32_t number = 0;    // what the primary calls it
    std::string key;             // what was asked for
    std::string address;         // as errors name it
    int port = -1;
    bool gave_back = false;  // a connection, for want of space
  };

  /// Null in a process that is no worker. The first call connects it, on this thread's loop.
  static OwnSide* of_process();

  static bool is_worker() {
    (void)of_process();
    return role == ClusterRole::worker;
  }

  explicit OwnSide(LoopCore& core) : Handle(core, table), self(new WorkerState(core)) {}

  void begin(Loop& on, int id, NativeHandle channel);
  void listen(ServerState& server, const ListenOptions& asked);
  void left(std::uint32_t number) noexcept;
  void has_space(ServerState& server);
  void heard(std::string_view bytes, const ReceivedHandle& handle);
  void answered(Heard& words, const ReceivedHandle& handle);
  void listens(ServerState& server, std::uint32_t number);
  void given(std::int64_t number, const Socket& socket);
  void give_back(std::int64_t number, const Socket& socket, bool for_want_of_space);
  void message(std::string_view bytes, const ReceivedHandle& handle);
  void disconnect();
  void gone();
  void end();
  std::size_t find(std::uint32_t number) const noexcept;

  Ref<WorkerState> self;
  Vec<Shared> servers;
  std::int64_t last_question = 0;

  static inline OwnSide* the_one = nullptr;
  static inline ClusterRole role{};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/cluster/own_side.ipp>

#endif

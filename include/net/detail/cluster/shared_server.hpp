// What a primary listens on for its workers, and how it hands the connections over in turn. Internal.
#ifndef NET_DETAIL_CLUSTER_SHARED_SERVER_HPP
#define NET_DETAIL_CLUSTER_SHARED_SERVER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/vec.hpp>
#include <net/detail/cluster/worker_state.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One port or path for all workers that ask for the same. The primary accepts no more than it can hand over: what
/// nobody can take waits in the system's backlog.
struct SharedServer : Handle {
  static const Operations table;

  /// Connections that may be on their way to one worker: it finds the next one when it has served one, and who does not
  /// answer gets no more.
  static constexpr std::size_t max_under_way = 2;

  /// A worker that serves it.
  struct Member {
    Ref<WorkerState> worker;
    std::size_t under_way = 0;
    bool full = false;  // it has given one back
  };
  struct Question {
    Ref<WorkerState> worker;
    std::int64_t number = 0;
  };

  SharedServer(LoopCore& core, Loop& on, bool in_turn, std::int64_t its_number, std::string asked);

  void start(const ListenOptions& asked);
  void ask(WorkerState& worker, std::int64_t question);
  void answer(const Question& question, int failed);
  void answer_all(int failed);
  void not_answered(const Question& question, const Error& error);
  void arrived(const Socket& socket);
  void came_back(WorkerState& worker, const Socket& socket, bool for_want_of_space);
  void has_space(WorkerState& worker);
  void hand_out();
  void handed_over(WorkerState& worker, const Socket& socket, const Error& error);
  void leave(WorkerState& worker);
  void close();
  void accept(bool on) noexcept;
  Member* member(const WorkerState& worker) noexcept;
  Member* next_in_turn() noexcept;
  void to_the_end(const WorkerState& worker);
  bool of_use() const noexcept { return !closed && (!members.empty() || !questions.empty()); }

  Server server;
  std::string key;
  std::int64_t number;
  bool round_robin;
  bool ready = false;
  bool closed = false;
  Vec<Question> questions;
  Vec<Member> members;  // who is next stands in front
  Vec<Socket> waiting;  // accepted, and nobody has it yet
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/cluster/shared_server.ipp>

#endif

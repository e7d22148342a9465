// <net/cluster.hpp> of net.hpp 0.1.0, beside the single header. Copyright (c) 2026 The net.hpp authors.
// SPDX-License-Identifier: MIT
// Made by tools/amalgamate.py from the headers under include/: change those, not this.

#include "net_ipc_channel.hpp"

// A cluster: worker processes that serve the same ports. Not part of <net.hpp>: it is included by itself.
#ifndef NET_CLUSTER_HPP
#define NET_CLUSTER_HPP

// A worker's own side of its cluster: it asks its primary to listen, and is given connections. Internal.
#ifndef NET_DETAIL_CLUSTER_OWN_SIDE_HPP
#define NET_DETAIL_CLUSTER_OWN_SIDE_HPP

// A worker of a cluster: what its primary has of it, and what it has of itself. Internal; net::Worker is its face.
#ifndef NET_DETAIL_CLUSTER_WORKER_STATE_HPP
#define NET_DETAIL_CLUSTER_WORKER_STATE_HPP

// What a primary and its workers say to each other: a kind, numbers and texts in one message of their channel.
// Internal.
#ifndef NET_DETAIL_CLUSTER_WIRE_HPP
#define NET_DETAIL_CLUSTER_WIRE_HPP

namespace net::inline NET_ABI::detail {

/// Both are the same program on the same machine, so numbers are as they lie in memory.
enum class Say : char {
  online = 'o',      // worker: here I am
  listen = 'q',      // worker: question, then what is to be listened on
  answer = 'a',      // primary: question, errno, number, whether the worker accepts; the server comes with it
  listening = 'l',   // worker: number, family, port, address, path
  closed = 'c',      // worker: number
  connection = 'n',  // primary: number; the socket comes with it
  back = 'b',        // worker: number, whether for want of space; the socket goes back with it
  space = 'r',       // worker: number
  leaving = 'd',     // worker: it disconnects on purpose
  leave = 'x',       // primary: disconnect
  message = 'm',     // either: the user's bytes
};

class Spoken {
 public:
  explicit Spoken(Say what) : bytes_(1, static_cast<char>(what)) {}
  Spoken& number(std::int64_t value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
    return *this;
  }
  Spoken& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  /// What follows is nobody's but the user's.
  Spoken& rest(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

/// What is missing reads as 0 and "": the other end is the same program, or breaks only itself.
class Heard {
 public:
  explicit Heard(std::string_view bytes) noexcept : rest_(bytes) {}
  Say what() noexcept {
    const char first = rest_.empty() ? '\0' : rest_.front();
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return static_cast<Say>(first);
  }
  std::int64_t number() noexcept {
    std::int64_t value = 0;
    if (rest_.size() < sizeof value) return 0;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view text() noexcept {
    const std::int64_t size = number();
    if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) return {};
    const std::string_view value = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(value.size());
    return value;
  }
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace net::inline NET_ABI::detail

#endif

// The processes of this system, for those who start some. Internal.
#ifndef NET_DETAIL_SYS_PROCESSES_HPP
#define NET_DETAIL_SYS_PROCESSES_HPP

// Programs that are started, and how they end. Internal.
#ifndef NET_DETAIL_IO_PROCESSES_HPP
#define NET_DETAIL_IO_PROCESSES_HPP

namespace net::inline NET_ABI::detail {

/// A program, and what it is started with.
struct Program {
  std::string path;
  Vec<std::string> arguments;  // the first is its own name
  Vec<std::string> variables;  // "NAME=value", besides those of this process
};

/// How a process ended: by itself, or by a signal.
struct ProcessEnd {
  int code = 0;
  int signal = 0;
};

/// The contract. Errors are negated errno values.
template <class M>
concept MachineProcesses = requires(Program& program, NativeHandle channel, std::int64_t& id, std::int64_t process,
                                    ProcessEnd& end, const char* name, std::string& value) {
  { M::own_program(program) } -> std::same_as<int>;  // this program, with the arguments that it was given
  { M::start_program(program, channel, id) } -> std::same_as<int>;  // it finds the channel by itself:
  { M::given_channel() } -> std::same_as<NativeHandle>;             // who has started this one gave it; once
  { M::ended(process, end) } -> std::same_as<int>;  // 1: it has, and nobody learns of it again; 0: not yet
  { M::send_signal(process, 1) } -> std::same_as<int>;
  { M::take_variable(name, value) } -> std::same_as<bool>;  // of the environment, which loses it
  { M::process_id() } -> std::same_as<std::int64_t>;
  { M::child_signal() } -> std::same_as<int>;         // that comes when a child has ended
  { M::end_process(1) };                              // as exit(3) does
  { M::hands_over_in_turn() } -> std::same_as<bool>;  // what Node does on this system, unless it is told (S33.6)
};

}  // namespace net::inline NET_ABI::detail

#endif

// Programs that are started, by posix_spawn(3). Internal.
#ifndef NET_DETAIL_SYS_POSIX_PROCESSES_HPP
#define NET_DETAIL_SYS_POSIX_PROCESSES_HPP

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int own_program(Program& program);
/// The channel is its descriptor 3, where Node's children have theirs.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id);
inline NativeHandle given_channel() noexcept { return 3; }
NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept;
NET_API int send_signal(std::int64_t process, int signo) noexcept;
NET_API bool take_variable(const char* name, std::string& value);
NET_API std::int64_t process_id() noexcept;
NET_API int child_signal() noexcept;
NET_API void end_process(int code);
inline bool hands_over_in_turn() noexcept { return true; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif

// Programs that are started, by CreateProcessW. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP
#define NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int own_program(Program& program);
/// It inherits the channel, and what this process has as standard input and outputs; nothing else.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id);
NET_API NativeHandle given_channel();
/// ECHILD for one that this process has not started.
NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept;
/// As libuv has it: SIGINT, SIGQUIT, SIGTERM and SIGKILL end it, with that signal; 0 asks whether it is there (ESRCH).
NET_API int send_signal(std::int64_t process, int signo) noexcept;
NET_API bool take_variable(const char* name, std::string& value);
inline std::int64_t process_id() noexcept { return win::GetCurrentProcessId(); }
inline int child_signal() noexcept { return child_ended; }
NET_API void end_process(int code);
inline bool hands_over_in_turn() noexcept { return false; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// Tests with a machine of their own define NET_PROCESSES, before this, and have them too.
#if !defined(NET_PROCESSES)
#define NET_PROCESSES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Beside the machine, because whoever starts no program pays nothing for it.
struct Processes {
  static constexpr auto& own_program = os::own_program;
  static constexpr auto& start_program = os::start_program;
  static constexpr auto& given_channel = os::given_channel;
  static constexpr auto& ended = os::ended;
  static constexpr auto& send_signal = os::send_signal;
  static constexpr auto& take_variable = os::take_variable;
  static constexpr auto& process_id = os::process_id;
  static constexpr auto& child_signal = os::child_signal;
  static constexpr auto& end_process = os::end_process;
  static constexpr auto& hands_over_in_turn = os::hands_over_in_turn;
};

static_assert(MachineProcesses<Processes>);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE
#endif

#endif

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

#endif

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

#endif

// The primary's side of a cluster: its workers, and what it listens on for them. Internal; net::cluster is the face.
#ifndef NET_DETAIL_CLUSTER_PRIMARY_HPP
#define NET_DETAIL_CLUSTER_PRIMARY_HPP

// What a primary listens on for its workers, and how it hands the connections over in turn. Internal.
#ifndef NET_DETAIL_CLUSTER_SHARED_SERVER_HPP
#define NET_DETAIL_CLUSTER_SHARED_SERVER_HPP

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

#endif

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

#endif

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

#endif

// The bodies of processes.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_PROCESSES_IPP
#define NET_DETAIL_SYS_POSIX_PROCESSES_IPP

#if NET_BODIES

#if !defined(_WIN32)

#include <spawn.h>
#include <sys/wait.h>

#if defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__APPLE__)
#include <crt_externs.h>
#include <mach-o/dyld.h>
#endif

namespace net::inline NET_ABI::detail::os {

#if defined(__APPLE__)
inline char** environment() noexcept { return *_NSGetEnviron(); }

NET_API int own_program(Program& program) {
  char path[4096];
  std::uint32_t size = sizeof path;
  if (_NSGetExecutablePath(path, &size) != 0) return -ENAMETOOLONG;
  program.path = path;
  for (char** each = *_NSGetArgv(); *each; ++each) program.arguments.push(std::string(*each));
  return 0;
}
#else
#if defined(__linux__)
using ::environ;
#else
extern "C" char** environ;  // POSIX has programs declare it
#endif
inline char** environment() noexcept { return environ; }

/// By a name, which is what lists of processes show; not by one that another program has taken meanwhile.
inline std::string own_file() {
  const char* const itself = "/proc/self/exe";
  struct stat is{};
  const bool known = ::stat(itself, &is) == 0;
  const auto names_it = [&](const char* path) {
    struct stat there{};
    return known && ::stat(path, &there) == 0 && there.st_dev == is.st_dev && there.st_ino == is.st_ino;
  };
#if defined(__linux__)
  // as it was started: perhaps by a link
  const auto* const started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (started && names_it(started)) return started;
#endif
  char path[4096];
  const ssize_t size = ::readlink(itself, path, sizeof path - 1);
  if (size <= 0) return itself;
  path[size] = '\0';
  return names_it(path) ? path : itself;
}

/// Linux's way; elsewhere, where there is no such file, the program must be named.
NET_API int own_program(Program& program) {
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -ENOTSUP;
  std::string all;
  char some[4096];
  std::ptrdiff_t got = 0;
  while ((got = read_some(file, some, sizeof some)) > 0) all.append(some, static_cast<std::size_t>(got));
  close_descriptor(file);
  if (got < 0 || all.empty()) return -ENOTSUP;
  program.path = own_file();
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\0', at) == std::string::npos ? all.size() : all.find('\0', at);
    program.arguments.push(all.substr(at, end - at));
    at = end + 1;
  }
  return 0;
}
#endif

/// What this process ignores, or a thread of it blocks, is not the child's.
inline int with_signals_of_its_own(posix_spawnattr_t& attributes) noexcept {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (const int failed = ::posix_spawnattr_setsigmask(&attributes, &none)) return failed;
  if (const int failed = ::posix_spawnattr_setsigdefault(&attributes, &all)) return failed;
  return ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

inline int spawn(const char* path, NativeHandle channel, char** arguments, char** variables,
                 std::int64_t& id) noexcept {
  posix_spawn_file_actions_t actions;
  if (const int failed = ::posix_spawn_file_actions_init(&actions)) return failed;
  posix_spawnattr_t attributes;
  int failed = ::posix_spawnattr_init(&attributes);
  if (failed == 0) {
    pid_t child = 0;
    failed = with_signals_of_its_own(attributes);
    if (failed == 0) failed = ::posix_spawn_file_actions_adddup2(&actions, channel, given_channel());
    if (failed == 0) failed = ::posix_spawn(&child, path, &actions, &attributes, arguments, variables);
    if (failed == 0) id = child;
    ::posix_spawnattr_destroy(&attributes);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  return failed;
}

/// The channel under that number, and nothing else of this library's: all is closed on exec.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id) {
  Vec<char*> arguments, variables;
  const auto text = [](const std::string& from) { return const_cast<char*>(from.c_str()); };
  for (const std::string& each : program.arguments) arguments.push(text(each));
  arguments.push(nullptr);
  for (char** each = environment(); each && *each; ++each) variables.push(*each);
  for (const std::string& each : program.variables) variables.push(text(each));
  variables.push(nullptr);
  // one that stands there already would not be moved, and closed on exec
  const NativeHandle moved = ::fcntl(channel, F_DUPFD_CLOEXEC, given_channel() + 1);
  if (moved < 0) return -errno;
  const int failed = spawn(program.path.c_str(), moved, arguments.begin(), variables.begin(), id);
  close_descriptor(moved);
  return -failed;
}

NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept {
  int status = 0;
  const pid_t got = ::waitpid(static_cast<pid_t>(process), &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return 0;
  if (got < 0) return -errno;  // somebody else has asked for it
  if (WIFSIGNALED(status)) {
    end = {0, WTERMSIG(status)};
  } else {
    end = {WEXITSTATUS(status), 0};
  }
  return 1;
}

NET_API int send_signal(std::int64_t process, int signo) noexcept {
  return ::kill(static_cast<pid_t>(process), signo) == 0 ? 0 : -errno;
}

NET_API bool take_variable(const char* name, std::string& value) {
  const char* const found = std::getenv(name);
  if (!found) return false;
  value = found;
  ::unsetenv(name);
  return true;
}

NET_API std::int64_t process_id() noexcept { return ::getpid(); }

NET_API int child_signal() noexcept { return SIGCHLD; }

NET_API void end_process(int code) { std::exit(code); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

// The bodies of processes.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PROCESSES_IPP
#define NET_DETAIL_SYS_WINDOWS_PROCESSES_IPP

#if NET_BODIES

// A program's arguments as the one line that Windows has of them, and what it was given beside. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_HPP
#define NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_HPP

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// As the C library of the program that is started takes it apart; the first is its name, which cannot have a quote.
NET_API std::string command_line_of(const Vec<std::string>& arguments);
NET_API void split_command_line(std::string_view line, Vec<std::string>& arguments);

/// The variables of this process, each with a NUL behind it, and others: sorted by name, one of each name, and these
/// are the ones that count. The end is a NUL.
NET_API std::wstring environment_with(const wchar_t* own, const Vec<std::wstring>& others);

/// False: it is no UTF-8, or has a NUL.
NET_API bool widen(std::string_view text, std::wstring& into);
NET_API std::string narrowed(const wchar_t* text);

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Those that this process has started, until it was asked how they ended: so long their numbers are nobody else's.
class Children {
 public:
  static Children& instance() noexcept {
    static constinit Children children;
    return children;
  }

  /// The handle is its own from now on, unless this fails.
  int add(std::int64_t id, win::Handle process) noexcept;
  int ended(std::int64_t id, ProcessEnd& end) noexcept;
  int send_signal(std::int64_t id, int signo) noexcept;

 private:
  struct Child {
    std::int64_t id = 0;
    win::Handle process = nullptr, wait = nullptr;
    int signal = 0;  // by which it was ended here
    Child* next = nullptr;
  };

  constexpr Children() noexcept = default;

  Child** find(std::int64_t id) noexcept {
    Child** at = &first_;
    while (*at && (*at)->id != id) at = &(*at)->next;
    return at;
  }
  static bool is_over(const Child& child) noexcept { return win::WaitForSingleObject(child.process, 0) == 0; }
  static void __stdcall on_end(void*, unsigned char) { say_child_ended(); }

  Mutex mutex_;
  Child* first_ = nullptr;
};

NET_API int Children::add(std::int64_t id, win::Handle process) noexcept {
  auto* const child = new (std::nothrow) Child{id, process};
  if (!child) return -ENOMEM;
  if (!win::RegisterWaitForSingleObject(&child->wait, process, &on_end, nullptr, win::wait_forever,
                                        win::wait_execute_once)) {
    const int failed = last_error();
    delete child;
    return failed;
  }
  const LockGuard locked(mutex_);
  child->next = detail::exchange(first_, child);
  return 0;
}

NET_API int Children::ended(std::int64_t id, ProcessEnd& end) noexcept {
  Child* gone = nullptr;
  {
    const LockGuard locked(mutex_);
    Child** const at = find(id);
    if (!*at) return -ECHILD;
    if (!is_over(**at)) return 0;
    gone = *at;
    *at = gone->next;
  }
  win::Word code = 0;
  win::GetExitCodeProcess(gone->process, &code);
  end = gone->signal != 0 ? ProcessEnd{0, gone->signal} : ProcessEnd{static_cast<int>(code), 0};
  win::UnregisterWaitEx(gone->wait, win::no_file());  // waits until nobody is called any more
  win::CloseHandle(gone->process);
  delete gone;
  return 1;
}

NET_API int Children::send_signal(std::int64_t id, int signo) noexcept {
  constexpr int interrupt = 2, quit = 3, kill = 9, terminate = 15;
  const LockGuard locked(mutex_);
  Child* const child = *find(id);
  if (!child || is_over(*child)) return -ESRCH;
  if (signo == 0) return 0;
  if (signo != interrupt && signo != quit && signo != kill && signo != terminate) return -ENOSYS;
  if (!win::TerminateProcess(child->process, 1)) return is_over(*child) ? -ESRCH : last_error();
  child->signal = signo;
  return 0;
}

NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept { return Children::instance().ended(process, end); }
NET_API int send_signal(std::int64_t process, int signo) noexcept {
  return Children::instance().send_signal(process, signo);
}

NET_API int own_program(Program& program) {
  std::wstring path(32768, L'\0');
  const win::Word size = win::GetModuleFileNameW(nullptr, path.data(), static_cast<win::Word>(path.size()));
  if (size == 0 || size == path.size()) return size == 0 ? last_error() : -ENAMETOOLONG;
  program.path = narrowed(path.c_str());
  split_command_line(narrowed(win::GetCommandLineW()), program.arguments);
  return 0;
}

/// The handles that a program inherits, and no other one does: duplicates, of which this process has none when it runs.
class Inherited {
 public:
  static constexpr win::Word max_handles = 4;

  Inherited() noexcept = default;
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;
  ~Inherited() {
    if (list_) win::DeleteProcThreadAttributeList(list_);
    for (win::Word i = 0; i < count_; ++i) win::CloseHandle(handles_[i]);
  }

  /// Null: there is no such handle.
  win::Handle add(win::Handle handle) noexcept {
    win::Handle same = nullptr;
    const win::Handle self = win::GetCurrentProcess();
    if (!handle || handle == win::no_file() ||
        !win::DuplicateHandle(self, handle, self, &same, 0, 1, win::same_access)) {
      return nullptr;
    }
    return handles_[count_++] = same;
  }
  ::_PROC_THREAD_ATTRIBUTE_LIST* list() noexcept {
    win::Size size = sizeof memory_;
    auto* const list = reinterpret_cast<::_PROC_THREAD_ATTRIBUTE_LIST*>(&memory_[0]);
    if (!win::InitializeProcThreadAttributeList(list, 1, 0, &size)) return nullptr;
    list_ = list;
    const bool set = win::UpdateProcThreadAttribute(list_, 0, win::attribute_handle_list, &handles_[0],
                                                    count_ * sizeof(win::Handle), nullptr, nullptr);
    return set ? list_ : nullptr;
  }

 private:
  win::Handle handles_[max_handles] = {};
  win::Word count_ = 0;
  ::_PROC_THREAD_ATTRIBUTE_LIST* list_ = nullptr;
  alignas(std::max_align_t) unsigned char memory_[256];
};

inline constexpr const char* channel_variable = "NET_CHANNEL_HANDLE";

/// The variables of this process, those of the program, and one that says which handle is the channel; 0 or a negated
/// errno.
inline int environment_of(const Program& program, win::Handle channel, std::wstring& environment) {
  const std::string channel_is =
      std::string(channel_variable) + "=" + std::to_string(reinterpret_cast<std::intptr_t>(channel));
  Vec<std::wstring> variables;
  for (std::size_t i = 0; i <= program.variables.size(); ++i) {
    std::wstring wide;
    if (!widen(i == program.variables.size() ? channel_is : program.variables[i], wide)) return -EINVAL;
    variables.push(std::move(wide));
  }
  wchar_t* const own = win::GetEnvironmentStringsW();
  if (!own) return -ENOMEM;
  struct Free {
    wchar_t* strings;
    ~Free() { win::FreeEnvironmentStringsW(strings); }
  } const free_own{own};
  environment = environment_with(own, variables);
  return 0;
}

NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id) {
  Inherited inherited;
  const win::Handle given = inherited.add(handle_of(channel));
  if (!given) return last_error();
  win::StartupInfo start{};
  start.size = sizeof start;
  start.flags = win::use_handles;
  win::Handle* const standard[] = {&start.input, &start.output, &start.error};
  for (win::Word i = 0; i < 3; ++i) *standard[i] = inherited.add(win::GetStdHandle(win::standard_input - i));
  start.attributes = inherited.list();
  if (!start.attributes) return last_error();

  std::wstring path, line, environment;
  if (!widen(program.path, path) || !widen(command_line_of(program.arguments), line)) return -EINVAL;
  if (const int failed = environment_of(program, given, environment); failed < 0) return failed;

  win::ProcessInfo started{};
  if (!win::CreateProcessW(path.c_str(), line.data(), nullptr, nullptr, 1,
                           win::create_extended | win::create_unicode_environment, environment.data(), nullptr,
                           win::as<::_STARTUPINFOW>(&start), win::as<::_PROCESS_INFORMATION>(&started))) {
    return last_error();
  }
  win::CloseHandle(started.thread);
  id = started.process_id;
  const int failed = Children::instance().add(id, started.process);
  if (failed < 0) {
    win::TerminateProcess(started.process, 1);
    win::CloseHandle(started.process);
  }
  return failed;
}

NET_API NativeHandle given_channel() {
  std::string number;
  if (!take_variable(channel_variable, number)) return no_handle;
  NativeHandle given = 0;
  for (const char digit : number) {
    if (digit < '0' || digit > '9' || given > INTPTR_MAX / 16) return no_handle;
    given = given * 10 + (digit - '0');
  }
  return given;
}

/// The C library has an environment of its own beside the process's; it changes both.
NET_API bool take_variable(const char* name, std::string& value) {
  const char* const found = std::getenv(name);
  if (!found) return false;
  value = found;
  ::_putenv_s(name, "");
  return true;
}

NET_API void end_process(int code) { std::exit(code); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// The bodies of worker_state.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_WORKER_STATE_IPP
#define NET_DETAIL_CLUSTER_WORKER_STATE_IPP

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

// The bodies of own_side.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_OWN_SIDE_IPP
#define NET_DETAIL_CLUSTER_OWN_SIDE_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations OwnSide::table{
    .free = [](Handle& handle) noexcept { delete static_cast<OwnSide*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& side = static_cast<OwnSide&>(handle);
          if (side.loop) side.loop->served_elsewhere = nullptr;
          side.servers.clear();
          the_one = nullptr;
          side.release();
        }};

NET_API constexpr ServedElsewhere OwnSide::hooks{
    [](ServerState& server, const ListenOptions& asked) { the_one->listen(server, asked); },
    [](ServerState&, std::uint32_t number) noexcept {
      if (the_one) the_one->left(number);
    },
    [](ServerState& server) {
      if (the_one) the_one->has_space(server);
    }};

/// The variable goes: a process that this one starts is no worker of its primary.
NET_API OwnSide* OwnSide::of_process() {
  if (role != ClusterRole::unknown) return the_one;
  role = ClusterRole::none;
  std::string id;
  if (!Processes::take_variable("NET_CLUSTER_WORKER", id)) return nullptr;
  const NativeHandle channel = Processes::given_channel();
  if (Machine::kind_of(channel) == DescriptorKind::unknown) {
    throw_error(make_error(Errc::ERR_INVALID_STATE, "NET_CLUSTER_WORKER is set, and there is no channel to a primary"));
  }
  Loop& loop = Loop::current();
  the_one = new OwnSide(Access::core(loop));
  the_one->retain();
  CallOnThrow none([] { detail::exchange(the_one, nullptr)->release(); });
  int number = 0;
  for (const char digit : id) number = number * 10 + (digit - '0');
  the_one->begin(loop, number, channel);
  none.passed = true;
  role = ClusterRole::worker;
  return the_one;
}

NET_API void OwnSide::begin(Loop& on, int id, NativeHandle channel) {
  self->id = id;
  self->process = Processes::process_id();
  self->started = true;
  self->channel = IpcChannel(Socket(on, SocketOptions{.fd = channel}));
  self->channel->on<"message">([](std::string_view bytes, const ReceivedHandle& handle) {
    if (the_one) the_one->heard(bytes, handle);
  });
  self->channel->on<"error">([](const Error&) {});  // its 'disconnect' follows
  self->channel->on<"disconnect">([] {
    if (the_one) the_one->gone();
  });
  loop->served_elsewhere = &hooks;
  self->say(Spoken(Say::online));
}

/// Those of one worker that ask for the same are told apart by a number, so that each of two that ask for any port has
/// one.
NET_API void OwnSide::listen(ServerState& server, const ListenOptions& asked) {
  Spoken wanted(Say::message);
  const std::int64_t flags =
      (asked.ipv6Only ? 1 : 0) | (asked.reusePort ? 2 : 0) | (asked.readableAll ? 4 : 0) | (asked.writableAll ? 8 : 0);
  wanted.text(asked.port == -1 ? "" : asked.host).text(asked.port == -1 ? asked.path : "").number(asked.port);
  wanted.number(asked.ipv6Only);
  std::string key;
  for (std::int64_t index = 0;; ++index) {
    Spoken one = wanted;
    key = one.number(index).bytes();
    bool taken = false;
    for (const Shared& each : servers) taken = taken || each.key == key;
    if (!taken) break;
  }
  Spoken said(Say::listen);
  said.number(++last_question).text(key).number(asked.port).number(asked.backlog).number(flags);
  said.text(asked.port == -1 ? "" : asked.host).text(asked.port == -1 ? asked.path : "");
  servers.push({Ref<ServerState>(&server), server.generation, last_question, 0, key,
                asked.port == -1     ? asked.path
                : asked.host.empty() ? "null"
                                     : asked.host,
                asked.port});
  if (!self->say(said) && !self->connected()) {
    servers.pop();
    server.looking_up = false;
    server.tick_with(
        make_error(Errc::ERR_IPC_CHANNEL_CLOSED),
        +[](ServerState& whose, const Error& error) { whose.emit_error(error); });
  }
}

NET_API std::size_t OwnSide::find(std::uint32_t number) const noexcept {
  std::size_t at = 0;
  while (at < servers.size() && (servers[at].question != 0 || servers[at].number != number)) ++at;
  return at;
}

NET_API void OwnSide::left(std::uint32_t number) noexcept {
  const std::size_t at = find(number);
  if (at == servers.size()) return;
  const Shared gone = std::move(servers[at]);
  servers.erase(at, at + 1);
  if (!self->connected()) return;
  undo_or_give_up(Access::state(*self->channel), [&] { self->say(Spoken(Say::closed).number(number)); });
}

/// S33.7: it had no space, and has again.
NET_API void OwnSide::has_space(ServerState& server) {
  for (Shared& each : servers) {
    if (each.server.get() != &server || !each.gave_back) continue;
    if (server.max_connections && server.connections >= *server.max_connections) continue;
    each.gave_back = false;
    self->say(Spoken(Say::space).number(each.number));
  }
}

NET_API void OwnSide::heard(std::string_view bytes, const ReceivedHandle& handle) {
  const Ref<OwnSide> alive(this);
  Heard words(bytes);
  switch (words.what()) {
    case Say::answer: return answered(words, handle);
    case Say::connection:
      if (handle.socket()) given(words.number(), *handle.socket());
      return;
    case Say::leave: return disconnect();
    case Say::message: return message(words.rest(), handle);
    default: return;
  }
}

NET_API void OwnSide::answered(Heard& words, const ReceivedHandle& handle) {
  const std::int64_t question = words.number();
  const auto failed = static_cast<int>(words.number());
  const auto number = static_cast<std::uint32_t>(words.number());
  const bool accepts = words.number() != 0;
  std::size_t at = 0;
  while (at < servers.size() && servers[at].question != question) ++at;
  if (at == servers.size()) return;
  const Ref<ServerState> server = servers[at].server;
  const bool wanted = server->loop && server->looking_up && server->generation == servers[at].asked_in;
  if (failed != 0 || !handle.server() || !wanted) {
    const Shared gone = std::move(servers[at]);
    servers.erase(at, at + 1);
    if (handle.server()) {
      handle.server()->close();
      self->say(Spoken(Say::closed).number(number));
    }
    if (wanted) server->refused_elsewhere(address_failure(failed, "bind", gone.address, gone.port));
    return;
  }
  servers[at].question = 0;
  servers[at].number = number;
  server->opened_elsewhere(Access::state(*handle.server()), number, accepts);
  handle.server()->close();
  // after its own 'listening', as in Node
  loop->ticks().push(Tick{Ref<OwnSide>(this), [server, number](OwnSide& side) { side.listens(*server, number); }});
}

NET_API void OwnSide::listens(ServerState& server, std::uint32_t number) {
  if (!server.acceptor.is_open() || server.elsewhere != number) return;
  const std::optional<AddressInfo> is = Access::make<Server>(&server).address();
  Spoken said(Say::listening);
  said.number(number).number(is ? static_cast<std::int64_t>(is->family) : 0).number(is ? is->port : 0);
  said.text(is ? is->address : "").text(is ? is->path : "");
  self->say(said);
}

NET_API void OwnSide::given(std::int64_t number, const Socket& socket) {
  const std::size_t at = find(static_cast<std::uint32_t>(number));
  if (at == servers.size()) return give_back(number, socket, false);
  ServerState& server = *servers[at].server;
  const bool full = server.max_connections && server.connections >= *server.max_connections;
  if (full && !server.drop_max_connection) {
    servers[at].gave_back = true;
    return give_back(number, socket, true);
  }
  const Ref<ServerState> alive(&server);
  std::string received;  // by who had it before
  take_unread(Access::state(socket), received);
  const NativeHandle descriptor = socket.release();
  if (descriptor != no_handle) server.take(descriptor, received);
}

/// A primary that has no descriptor left for it, or no memory, is asked again.
NET_API void OwnSide::give_back(std::int64_t number, const Socket& socket, bool for_want_of_space) {
  Access::state(socket).errors_heard = true;
  if (!self->connected()) return void(socket.destroy());
  Spoken said(Say::back);
  said.number(number).number(for_want_of_space);
  self->channel->send(said.bytes(), socket, {}, [=](const Error& error) {
    if (!error) return;
    if (!the_one || !the_one->self->connected() || socket.destroyed()) return void(socket.destroy());
    const Ref<TimerState> again(new TimerState(*the_one->loop));
    again->callback = [=] { the_one ? the_one->give_back(number, socket, for_want_of_space) : void(socket.destroy()); };
    the_one->loop->start_timer(*again, 100, the_one->loop->now());
  });
}

NET_API void OwnSide::message(std::string_view bytes, const ReceivedHandle& handle) {
  if (self->emit_event<worker_message>(bytes, handle)) return;
  if (handle.socket()) handle.socket()->destroy();
  if (handle.server()) handle.server()->close();
}

/// S33.5: its servers close, and then the channel.
NET_API void OwnSide::disconnect() {
  const Ref<OwnSide> alive(this);
  if (!self->connected()) return;
  self->on_purpose = true;
  self->say(Spoken(Say::leaving));
  while (!servers.empty()) {
    const Ref<ServerState> server = servers.back().server;
    if (servers.back().question == 0) {
      server->close();
      continue;
    }
    const bool wanted = server->loop && server->looking_up && server->generation == servers.back().asked_in;
    servers.pop();
    if (wanted) server->close();
  }
  self->channel->disconnect();
}

/// As in Node a worker whose primary is gone ends its process.
NET_API void OwnSide::gone() {
  const Ref<OwnSide> alive(this);
  loop->served_elsewhere = nullptr;
  self->disconnected = true;
  CallOnThrow ends([&] {
    if (loop)
      undo_or_give_up(*this, [&] { loop->ticks().push(Step<OwnSide>{alive, [](OwnSide& side) { side.end(); }}); });
  });
  self->emit_event<worker_disconnect>();
  ends.passed = true;
  end();
}

NET_API void OwnSide::end() {
  self->listeners.clear();
  if (!self->on_purpose) Processes::end_process(0);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of shared_server.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_SHARED_SERVER_IPP
#define NET_DETAIL_CLUSTER_SHARED_SERVER_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations SharedServer::table{
    .free = [](Handle& handle) noexcept { delete static_cast<SharedServer*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& self = static_cast<SharedServer&>(handle);
          self.closed = true;
          self.questions.clear();
          self.members.clear();
          self.waiting.clear();
        }};

NET_API SharedServer::SharedServer(LoopCore& core, Loop& on, bool in_turn, std::int64_t its_number, std::string asked)
    : Handle(core, table),
      server(on, ServerOptions{.allowHalfOpen = true, .pauseOnConnect = true}),
      key(std::move(asked)),
      number(its_number),
      round_robin(in_turn) {}

/// The listeners keep it until the server has closed. What keeps the primary alive are its workers.
NET_API void SharedServer::start(const ListenOptions& asked) {
  const Ref<SharedServer> self(this);
  server.unref();
  server.on<"listening">([self] {
    self->ready = true;
    self->answer_all(0);
    self->hand_out();
  });
  server.on<"error">([self](const Error& error) {
    if (self->ready) return;  // a client that could not be accepted: the next one can
    self->closed = true;
    self->answer_all(-error.number());
    self->server.close();
  });
  server.on<"connection">([self](const Socket& socket) { self->arrived(socket); });
  server.listen(asked);
}

NET_API void SharedServer::ask(WorkerState& worker, std::int64_t question) {
  const Question one{Ref<WorkerState>(&worker), question};
  if (ready) {
    answer(one, 0);
    hand_out();
  } else {
    questions.push(one);
  }
}

NET_API void SharedServer::answer_all(int failed) {
  Vec<Question> all;
  all.swap(questions);
  for (const Question& each : all) answer(each, failed);
  if (failed == 0 && members.empty()) close();
}

NET_API void SharedServer::answer(const Question& question, int failed) {
  const WorkerState& worker = *question.worker;
  if (!worker.connected()) return;
  Spoken said(Say::answer);
  said.number(question.number).number(failed).number(number).number(!round_robin);
  if (failed != 0) {
    worker.say(said);
    return;
  }
  members.push({question.worker});
  worker.channel->send(said.bytes(), server, {}, [self = Ref<SharedServer>(this), question](const Error& error) {
    if (error) self->not_answered(question, error);
  });
}

/// The worker has no descriptor left for it, or no memory, or on this system no other process can have it: its `listen`
/// fails with that.
NET_API void SharedServer::not_answered(const Question& question, const Error& error) {
  leave(*question.worker);
  answer(question, error.number() < 0 ? -error.number() : ECONNRESET);
}

NET_API void SharedServer::accept(bool on) noexcept {
  ServerState& state = Access::state(server);
  if (!state.acceptor.is_open()) return;
  (void)state.loop->poller().watch(state.acceptor, on ? readable : 0u);
}

NET_API void SharedServer::arrived(const Socket& socket) {
  waiting.push(socket);
  hand_out();
}

/// One that a worker had no space for, or that came when its server had just closed. It is not read here.
NET_API void SharedServer::came_back(WorkerState& worker, const Socket& socket, bool for_want_of_space) {
  SocketState& state = Access::state(socket);
  state.errors_heard = true;
  state.flow_state = Flow::paused;
  state.read_interest = false;
  (void)state.loop->poller().watch(state.channel, 0);
  if (Member* const whose = member(worker); whose && for_want_of_space) whose->full = true;
  waiting.insert(0, socket);
  hand_out();
}

NET_API void SharedServer::has_space(WorkerState& worker) {
  if (Member* const whose = member(worker)) whose->full = false;
  hand_out();
}

/// Of those who have the fewest on their way the one whose turn it is; null if nobody can take one.
NET_API SharedServer::Member* SharedServer::next_in_turn() noexcept {
  Member* best = nullptr;
  for (Member& each : members) {
    if (each.full || each.under_way == max_under_way || !each.worker->connected()) continue;
    if (!best || each.under_way < best->under_way) best = &each;
  }
  return best;
}

/// S33.6: in turn, to whoever has space.
NET_API void SharedServer::hand_out() {
  if (closed || !ready) return;
  while (!waiting.empty()) {
    Member* const turn = next_in_turn();
    if (!turn) break;
    const Socket socket = waiting[0];
    waiting.erase(0, 1);
    if (socket.destroyed()) continue;
    ++turn->under_way;
    const Ref<WorkerState> worker = turn->worker;
    to_the_end(*worker);
    worker->channel->send(Spoken(Say::connection).number(number).bytes(), socket, {},
                          [self = Ref<SharedServer>(this), worker, socket](const Error& error) {
                            self->handed_over(*worker, socket, error);
                          });
  }
  accept(round_robin && waiting.empty());
}

/// S33.8: what a worker has not taken goes to another one.
NET_API void SharedServer::handed_over(WorkerState& worker, const Socket& socket, const Error& error) {
  if (closed) {
    socket.destroy();
    return;
  }
  if (Member* const whose = member(worker); whose && whose->under_way > 0) --whose->under_way;
  if (error && !socket.destroyed()) {
    waiting.insert(0, socket);
    // its process has no descriptor left, or no memory: it is asked again when some time has passed
    if (Member* const whose = member(worker); whose && worker.connected()) {
      whose->full = true;
      const Ref<SharedServer> self(this);
      const Ref<TimerState> again(new TimerState(*loop));
      again->refd = false;
      again->callback = [self, who = Ref<WorkerState>(&worker)] { self->has_space(*who); };
      loop->start_timer(*again, 100, loop->now());
    }
  }
  hand_out();
}

NET_API SharedServer::Member* SharedServer::member(const WorkerState& worker) noexcept {
  for (Member& each : members) {
    if (each.worker.get() == &worker) return &each;
  }
  return nullptr;
}

NET_API void SharedServer::to_the_end(const WorkerState& worker) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].worker.get() != &worker) continue;
    Member last = std::move(members[i]);
    members.erase(i, i + 1);
    members.push(std::move(last));
    return;
  }
}

/// S33.8: when no worker listens any more the primary does not either.
NET_API void SharedServer::leave(WorkerState& worker) {
  for (std::size_t i = members.size(); i > 0; --i) {
    if (members[i - 1].worker.get() == &worker) members.erase(i - 1, i);
  }
  for (std::size_t i = questions.size(); i > 0; --i) {
    if (questions[i - 1].worker.get() == &worker) questions.erase(i - 1, i);
  }
  if (!of_use()) close();
}

NET_API void SharedServer::close() {
  if (detail::exchange(closed, true)) return;
  const Ref<SharedServer> alive(this);
  Vec<Socket> nobodys;
  nobodys.swap(waiting);
  for (const Socket& each : nobodys) each.destroy();
  server.close();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of primary.hpp. Internal.
#ifndef NET_DETAIL_CLUSTER_PRIMARY_IPP
#define NET_DETAIL_CLUSTER_PRIMARY_IPP

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations ClusterState::table{
    .free = [](Handle& handle) noexcept { delete static_cast<ClusterState*>(&handle); },
    .abandon =
        [](Handle& handle) noexcept {
          auto& self = static_cast<ClusterState&>(handle);
          self.listeners.clear();
          self.workers.clear();
          self.servers.clear();
          the_one = nullptr;
          self.release();
        }};

NET_API ClusterState& ClusterState::of_process() {
  if (!the_one) {
    Loop& loop = Loop::current();
    the_one = new ClusterState(Access::core(loop), loop);
    the_one->retain();
  }
  return *the_one;
}

/// S33.5: a new process of the same program, which finds its channel by the environment.
NET_API Ref<WorkerState> ClusterState::fork(const WorkerOptions& options) {
  const Ref<WorkerState> worker(new WorkerState(*loop));
  worker->id = ++last_id;
  Program program;
  int failed = 0;
  if (options.exec.empty()) {
    failed = Processes::own_program(program);
    if (!options.args.empty()) program.arguments.erase(1, program.arguments.size());
  } else {
    program.path = options.exec;
    program.arguments.push(options.exec);
  }
  for (const std::string& each : options.args) program.arguments.push(each);
  program.variables.push("NET_CLUSTER_WORKER=" + std::to_string(worker->id));
  for (const auto& [name, value] : options.env) program.variables.push(name + "=" + value);

  if (!children_watched) {
    children = on_loop.onSignal(Processes::child_signal(), [this] { look_at_children(); });
    children_watched = true;
  }
  const auto [mine, theirs] = IpcChannel::pair(on_loop);
  if (failed == 0) failed = Processes::start_program(program, theirs.nativeHandle(), worker->process);
  worker->channel = mine;
  worker->started = failed == 0;
  theirs.disconnect().disconnect();
  workers.push(worker);
  children.ref();
  connect(*worker);
  loop->ticks().push(Tick{Ref<WorkerState>(worker), [failed](WorkerState& self) {
                            if (the_one) the_one->forked(self, failed);
                          }});
  return worker;
}

NET_API void ClusterState::forked(WorkerState& worker, int failed) {
  CallOnThrow ends([&] {
    later([who = Ref<WorkerState>(&worker), failed](ClusterState& self) { self.not_started(*who, failed); });
  });
  emit_event<cluster_fork>(worker);
  ends.passed = true;
  not_started(worker, failed);
}

/// If it could not be: 'error', and the end.
NET_API void ClusterState::not_started(WorkerState& worker, int failed) {
  if (worker.started) return;
  worker.end = {failed, 0};
  worker.ended = true;
  worker.channel->disconnect().disconnect();
  const Error error = system_failure(-failed, "spawn");
  if (!worker.emit_event<worker_error>(error)) throw_error(error);
}

NET_API void ClusterState::connect(WorkerState& worker) {
  const Ref<WorkerState> self(&worker);
  worker.channel->on<"message">([self](std::string_view bytes, const ReceivedHandle& handle) {
    if (the_one) the_one->heard(*self, bytes, handle);
  });
  worker.channel->on<"error">([](const Error&) {});  // its 'disconnect' follows
  worker.channel->on<"disconnect">([self] {
    if (the_one) the_one->gone(*self);
  });
}

NET_API void ClusterState::heard(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle) {
  const Ref<ClusterState> alive(this);
  Heard words(bytes);
  switch (words.what()) {
    case Say::online: return tell<worker_online, cluster_online>(worker);
    case Say::listen: return question(worker, words);
    case Say::listening: return listens(worker, words);
    case Say::closed:
      if (SharedServer* const server = shared(words.number())) server->leave(worker);
      return;
    case Say::back:
      if (!handle.socket()) return;
      if (SharedServer* const server = shared(words.number())) {
        server->came_back(worker, *handle.socket(), words.number() != 0);
      } else {
        handle.socket()->destroy();
      }
      return;
    case Say::space:
      if (SharedServer* const server = shared(words.number())) server->has_space(worker);
      return;
    case Say::leaving: worker.on_purpose = true; return;
    case Say::message: return message(worker, words.rest(), handle);
    default: return;
  }
}

NET_API void ClusterState::listens(WorkerState& worker, Heard& words) {
  if (!shared(words.number())) return;
  AddressInfo at;
  at.family = static_cast<Family>(words.number());
  at.port = static_cast<std::uint16_t>(words.number());
  at.address = words.text();
  at.path = words.text();
  tell<worker_listening, cluster_listening>(worker, at);
}

/// S33.6: who asks for the same gets the same.
NET_API void ClusterState::question(WorkerState& worker, Heard& words) {
  const std::int64_t number = words.number();
  const std::string key(words.text());
  for (std::size_t i = servers.size(); i > 0; --i) {
    if (servers[i - 1]->closed) servers.erase(i - 1, i);
  }
  for (const Ref<SharedServer>& each : servers) {
    if (each->key == key) return each->ask(worker, number);
  }
  ListenOptions asked;
  asked.port = static_cast<int>(words.number());
  asked.backlog = static_cast<int>(words.number());
  const std::int64_t flags = words.number();
  asked.ipv6Only = (flags & 1) != 0;
  asked.reusePort = (flags & 2) != 0;
  asked.readableAll = (flags & 4) != 0;
  asked.writableAll = (flags & 8) != 0;
  asked.host = words.text();
  asked.path = words.text();
  const Ref<SharedServer> server(new SharedServer(*loop, on_loop, policy == SchedulingPolicy::rr, ++last_number, key));
  servers.push(server);
  server->ask(worker, number);
#if defined(__cpp_exceptions)
  try {
    server->start(asked);
  } catch (const Error& error) {  // what is wrong with a path is thrown
    server->closed = true;
    server->answer_all(error.number() != 0 ? -error.number() : EINVAL);
  }
#else
  server->start(asked);
#endif
}

/// What nobody listens to is thrown away, and a handle with it closed.
NET_API void ClusterState::message(WorkerState& worker, std::string_view bytes, const ReceivedHandle& handle) {
  const bool one = worker.emit_event<worker_message>(bytes, handle);
  const bool all = emit_event<cluster_message>(worker, bytes, handle);
  if (one || all) return;
  if (handle.socket()) handle.socket()->destroy();
  if (handle.server()) handle.server()->close();
}

NET_API SharedServer* ClusterState::shared(std::int64_t number) noexcept {
  for (const Ref<SharedServer>& each : servers) {
    if (each->number == number && !each->closed) return each.get();
  }
  return nullptr;
}

/// Its channel has ended, and with it what it listened on.
NET_API void ClusterState::gone(WorkerState& worker) {
  const Ref<ClusterState> alive(this);
  const Ref<WorkerState> who(&worker);
  worker.disconnected = true;
  for (std::size_t i = servers.size(); i > 0; --i) {
    const Ref<SharedServer> server = servers[i - 1];
    server->leave(worker);
    server->hand_out();
  }
  CallOnThrow exits([&] { later([who](ClusterState& self) { self.exit_if_over(*who); }); });
  tell<worker_disconnect, cluster_disconnect>(worker);
  exits.passed = true;
  exit_if_over(worker);
}

/// One signal may stand for many children.
NET_API void ClusterState::look_at_children() {
  const Ref<ClusterState> alive(this);
  CallOnThrow again([this] { later([](ClusterState& self) { self.look_at_children(); }); });
  Vec<Ref<WorkerState>> all;
  for (const Ref<WorkerState>& each : workers) all.push(each);
  for (const Ref<WorkerState>& each : all) {
    if (!each->started || each->ended) continue;
    if (Processes::ended(each->process, each->end) == 0) continue;
    each->ended = true;
    if (each->disconnected) {
      exit_if_over(*each);
    } else {
      // what it said last is read before its end is; a child of its own may hold the channel open
      const Ref<TimerState> late(new TimerState(*loop));
      late->callback = [who = each] {
        if (!who->disconnected && who->channel) who->channel->disconnect().disconnect();
      };
      loop->start_timer(*late, 1000, loop->now());
    }
  }
  again.passed = true;
}

/// 'exit' comes last, once.
NET_API void ClusterState::exit_if_over(WorkerState& worker) {
  if (!worker.ended || !worker.disconnected || worker.exit_emitted) return;
  const Ref<WorkerState> who(&worker);
  worker.exit_emitted = true;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (workers[i].get() != &worker) continue;
    workers.erase(i, i + 1);
    break;
  }
  if (workers.empty()) children.unref();
  struct Forget {
    WorkerState& worker;
    ~Forget() { worker.listeners.clear(); }
  } const forget{worker};
  tell<worker_exit, cluster_exit>(worker, worker.end.code, worker.end.signal);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

// The bodies of cluster.hpp. Internal.
#ifndef NET_CLUSTER_IPP
#define NET_CLUSTER_IPP

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

// The bodies of command_line.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_IPP
#define NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_IPP

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool widen(std::string_view text, std::wstring& into) {
  into.clear();
  if (text.find('\0') != text.npos || text.size() > 0x7fffffff) return false;
  if (text.empty()) return true;
  const int size = static_cast<int>(text.size());
  const int length = win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), size, nullptr, 0);
  if (length <= 0) return false;
  into.resize(static_cast<std::size_t>(length));
  return win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), size, into.data(), length) > 0;
}

NET_API std::string narrowed(const wchar_t* text) {
  const int with_end = win::WideCharToMultiByte(win::utf8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  if (with_end <= 1) return {};
  std::string all(static_cast<std::size_t>(with_end), '\0');
  win::WideCharToMultiByte(win::utf8, 0, text, -1, all.data(), with_end, nullptr, nullptr);
  all.pop_back();
  return all;
}

/// Backslashes are what they are, unless a quote stands behind them.
NET_API std::string command_line_of(const Vec<std::string>& arguments) {
  std::string line;
  for (const std::string& each : arguments) {
    if (&each != arguments.begin()) line += ' ';
    if (!each.empty() && each.find_first_of(" \t\n\v\"") == each.npos) {
      line += each;
      continue;
    }
    line += '"';
    std::size_t backslashes = 0;
    for (const char one : each) {
      if (one == '"') line.append(backslashes + 1, '\\');
      backslashes = one == '\\' ? backslashes + 1 : 0;
      line += one;
    }
    line.append(backslashes, '\\');
    line += '"';
  }
  return line;
}

NET_API void split_command_line(std::string_view line, Vec<std::string>& arguments) {
  const auto is_space = [&](std::size_t at) { return line[at] == ' ' || line[at] == '\t'; };
  std::size_t at = 0;
  const bool named = !line.empty() && line[0] == '"';
  for (at = named ? 1 : 0; at < line.size() && (named ? line[at] != '"' : !is_space(at));) ++at;
  arguments.push(std::string(line.substr(named ? 1 : 0, at - (named ? 1 : 0))));
  if (named && at < line.size()) ++at;
  for (;;) {
    while (at < line.size() && is_space(at)) ++at;
    if (at == line.size()) return;
    std::string argument;
    for (bool quoted = false; at < line.size() && (quoted || !is_space(at));) {
      std::size_t backslashes = 0;
      while (at < line.size() && line[at] == '\\') ++backslashes, ++at;
      if (at == line.size() || line[at] != '"') {
        argument.append(backslashes, '\\');
        if (at < line.size() && (quoted || !is_space(at))) argument += line[at++];
        continue;
      }
      argument.append(backslashes / 2, '\\');
      ++at;
      const bool twice = quoted && at < line.size() && line[at] == '"';
      if (backslashes % 2 != 0) {
        argument += '"';
      } else if (twice) {
        argument += line[at++];
      } else {
        quoted = !quoted;
      }
    }
    arguments.push(std::move(argument));
  }
}

/// Of names that begin with '=' Windows has some.
inline std::wstring_view variable_name(std::wstring_view variable) noexcept {
  return variable.substr(0, variable.find(L'=', 1));
}

/// As Windows compares names, as far as they are ASCII.
inline int compare_names(std::wstring_view one, std::wstring_view other) noexcept {
  const auto upper = [](wchar_t letter) { return letter >= L'a' && letter <= L'z' ? letter - L'a' + L'A' : +letter; };
  for (std::size_t i = 0; i < one.size() && i < other.size(); ++i) {
    if (const int more = upper(one[i]) - upper(other[i]); more != 0) return more;
  }
  return one.size() < other.size() ? -1 : one.size() > other.size();
}

NET_API std::wstring environment_with(const wchar_t* own, const Vec<std::wstring>& others) {
  Vec<std::wstring_view> all;
  for (const wchar_t* each = own; *each != L'\0'; each += all.back().size() + 1) all.push(std::wstring_view(each));
  for (const std::wstring& each : others) {
    std::size_t at = 0;
    int order = -1;
    while (at < all.size() && (order = compare_names(variable_name(all[at]), variable_name(each))) < 0) ++at;
    if (at < all.size() && order == 0) {
      all[at] = each;
    } else {
      all.insert(at, std::wstring_view(each));
    }
  }
  std::wstring block;
  for (const std::wstring_view each : all) block.append(each) += L'\0';
  if (all.empty()) block += L'\0';
  return block += L'\0';
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// What a channel between processes is made of: frames out, frames in, and its end. Internal; net::IpcChannel is its
// face.
#ifndef NET_DETAIL_IPC_STATE_HPP
#define NET_DETAIL_IPC_STATE_HPP

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <net/detail/base/maybe.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/events/listeners.hpp>
#include <net/detail/ipc/events.hpp>
#include <net/detail/ipc/frame_reader.hpp>
#include <net/detail/ipc/outgoing.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/loop/keeps_alive.hpp>
#include <net/detail/loop/owing.hpp>
#include <net/detail/loop/retry.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What this side has to say of the handles that came, in order. It needs no memory: who sends more of them than
/// `window` without an answer is none of ours.
class Answers {
 public:
  static constexpr std::size_t window = 64;

  bool empty() const noexcept { return count_ == 0 && number_ == 0 && written_ == size_; }
  /// Which process this is; once.
  void say_number(std::uint32_t number) noexcept { number_ = number; }
  /// False: there are too many.
  bool push(FrameKind kind, Refused why = {}) noexcept;
  /// What is to be written next.
  IoSlice slice() noexcept;
  void consume(std::size_t bytes) noexcept { written_ += bytes; }

 private:
  std::uint8_t waiting_[window];  // 0: taken; otherwise one more than why it was refused
  std::size_t count_ = 0;
  std::uint32_t number_ = 0;
  char bytes_[(window + 1) * frame_header_size];
  std::size_t size_ = 0, written_ = 0;
};

struct IpcState : Handle, MindsNoListeners {
  static const Operations table;

  explicit IpcState(LoopCore& core);
  ~IpcState();

  // ── its life (state.ipp) ──
  void open(NativeHandle descriptor);
  void start();
  void introduce_itself();
  void begin_with(std::string_view bytes);
  bool is_open() const noexcept { return channel.is_open(); }
  bool connected() const noexcept { return is_open() && !disconnecting; }
  void disconnect();
  void close(const Error& why) noexcept;
  void close_descriptor() noexcept;
  void close_if_done() noexcept;
  void close_now();
  void fail_all();
  void abandon() noexcept;
  void drop_all() noexcept;
  void settle() noexcept;
  void recount() noexcept;
  void update_watch();
  void wait_for_system();

  // ── sending (send.ipp) ──
  bool send(std::string_view bytes, SocketState* socket, ServerState* server, bool keep_open, WriteCallback callback);
  Error refusal(const Outgoing& one) const;
  void wait_for_socket(Outgoing& one);
  void socket_is_ready(std::uint64_t id, const Error& error);
  void set_out(OutgoingList& one);
  void flush();
  std::ptrdiff_t send_some() noexcept;
  std::ptrdiff_t gather(IoSlice* slices, NativeHandle& passed) noexcept;
  std::ptrdiff_t take_along(Outgoing& one, NativeHandle& passed) noexcept;
  void consume(std::size_t bytes) noexcept;
  void cannot_send(std::ptrdiff_t result);
  bool has_to_send() const noexcept;
  void finish_first(const Error& error);
  void hand_over() noexcept;
  void call_done();
  void tick_done();

  // ── receiving (receive.ipp) ──
  void receive();
  void parse();
  void take(const ReadFrame& frame);
  void answered(const ReadFrame& frame);
  void answer(FrameKind kind, Refused why = {});
  void came(const ReadFrame& frame, NativeHandle descriptor);
  int open_ticket(std::string_view ticket, NativeHandle& opened);
  void close_what_came() noexcept;
  void close_unopened();
  void emit_message(std::string_view bytes, const ReceivedHandle& handle);
  static void on_ready(Handle& self, Watcher&, unsigned what, int);

  // ── tasks that receive (pull.ipp) ──
  bool prepare_to_receive();
  void wait_to_receive(WaitingTask& its_wait, std::coroutine_handle<> task);
  std::optional<IpcMessage> take_received();
  bool is_wanted() const noexcept;
  bool reads() const noexcept;
  void look_who_reads() noexcept;
  void hold_message(std::string_view bytes, const ReceivedHandle& handle);
  void wake_receiver();
  void emit_received();
  void drop_received() noexcept;
  void let_go_unless(bool in_use) noexcept;
  void last_owner_gone() noexcept;
  static std::size_t cost_of(const IpcMessage& message) noexcept { return sizeof message + message.bytes.size(); }
  /// For `once` and its like.
  bool is_over() const noexcept { return over || !loop; }
  static Error closed_error() { return make_error(Errc::ERR_IPC_CHANNEL_CLOSED); }

  template <unsigned Event, class... Args>
  bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<IpcState> alive(this);
    using Row = typename EventAt<IpcEvents, Event>::type;
    return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
  }
  void emit_error(const Error& error) {
    if (!emit_event<ipc_error>(error)) throw_error(error);
  }
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == ipc_message; }
  void listener_added(unsigned event);
  void listener_put_in_front(unsigned event) { listener_added(event); }
  void listener_removed(unsigned event) noexcept {
    if (event == ipc_message) look_who_reads();
  }
  void all_listeners_go(unsigned event);

  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<IpcState&>(self).*Member)();
  }
  template <auto Member>
  static void step_of(IpcState& self) {
    (self.*Member)();
  }
  void tick(void (*step)(IpcState&)) {
    if (loop) loop->ticks().push(OwedStep<IpcState>{Owing<IpcState>(*this), step});
  }

  static constexpr std::size_t mark = 65536;  // bytes that may wait before send() says false

  Machine::Channel channel;
  Listeners listeners;
  FrameReader reader{Machine::ticket_size};
  std::string_view arrived;  // while there may be no memory for it
  Answers answers;
  OutgoingList waiting;    // for their sockets, which still have to send
  OutgoingList queue;      // to be sent
  OutgoingList awaiting;   // sent, with a handle: until the other side says that it has it
  OutgoingList done;       // their callbacks are to be called
  Error failure;           // emitted before 'disconnect'
  std::size_t length = 0;  // bytes that wait
  std::size_t max_message = std::size_t{64} << 20;
  std::size_t owed = 0;  // what is queued and may be emitted
  std::uint64_t last_id = 0;
  std::uint32_t other_process = 0;  // for which tickets are made; 0: it has not said yet
  KeepsAlive keeps_alive;
  WaitPlace receiver;
  Queue<IpcMessage> received;  // for a task, and none has taken it yet
  std::size_t received_bytes = 0;
  Maybe<Error> ended_with;
  int parsing = 0;  // whoever does now looks afterwards who reads
  bool kept_by_loop = false;
  bool close_expected = false;
  bool disconnecting = false;
  bool pulled = false;  // tasks receive from it
  bool ended = false;   // no message comes any more
  bool over = false;    // 'disconnect' came, or nobody will be told
  bool need_drain = false;
  bool flush_ticking = false;
  bool done_ticking = false;
  bool blocked = false;    // the system took no more
  bool offered = false;    // what is queued was, and some of it may be under way: it is what is offered again
  bool short_now = false;  // the system has no memory: nothing is watched for a moment
  bool unparsed = false;   // a listener has thrown, and frames may be behind the one that it was given
  bool broken = false;     // nothing can be sent any more; what has come is still read
  Retry memory{*this, [](Handle& handle) {
                 auto& self = static_cast<IpcState&>(handle);
                 self.short_now = false;
                 self.update_watch();
                 self.flush();
               }};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/ipc/pull.ipp>
#include <net/detail/ipc/receive.ipp>
#include <net/detail/ipc/send.ipp>
#include <net/detail/ipc/state.ipp>

#endif

// What a socket is made of: one state machine for reading, writing and ending. Internal; net::Socket is its face.
#ifndef NET_DETAIL_STREAM_STATE_HPP
#define NET_DETAIL_STREAM_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/chunk.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/loop/keeps_alive.hpp>
#include <net/detail/loop/owing.hpp>
#include <net/detail/stream/connection.hpp>
#include <net/detail/stream/events.hpp>
#include <net/detail/stream/gates.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Modelled after Node's own streams, function by function, so that events come in Node's order.
struct SocketState : Handle, ReadGate, WriteGate, Connection {
  static const Operations table;

  explicit SocketState(LoopCore& core) noexcept : Handle(core, table) { channel.owner = this; }
  ~SocketState();

  // ── reading from the kernel (read.ipp) ──
  void read();
  void read_slow(bool to_the_end);
  void read_loop(ReadResult got, bool to_the_end);
  void deliver(std::string_view all);
  void deliver_piece(std::string_view piece);
  void deliver_unread();
  bool push(std::string_view bytes);
  void buffer_bytes(std::string&& bytes);
  void on_read_end(std::ptrdiff_t got);
  void on_no_bytes(std::ptrdiff_t got);
  void read_onread(bool to_the_end);
  void next_onread_buffer();
  void push_end();
  bool speculative_read();
  void watch_readable();
  void unwatch_readable();

  // ── the stream's reading side (readable.ipp) ──
  bool read_piece(std::size_t n, bool all, std::string& piece, bool silently = false);
  void read_zero();
  void prime_read();
  bool ends_quietly() const noexcept;
  void end_quietly();
  void flow();
  void emit_readable();
  void emit_readable_now();
  void maybe_read_more();
  void end_readable();
  /// Until somebody reads on.
  bool end_waits() const noexcept { return reader_note == ReaderNote::holds_bytes && flow_state == Flow::paused; }
  void end_readable_now();
  void after_end();

  // ── what is asked of the reading side (flow.ipp) ──
  void pause();
  void resume();
  void resume_now();
  void set_encoding(Encoding encoding);
  void unshift(std::string_view bytes);
  void request_read();
  void data_listener_added();
  void data_listener_removed() noexcept { data_listening = data_listening && listeners.has(on_data); }
  void readable_listener_added();
  void expect_removal();
  void expect_no_removal() noexcept {
    if (removal_expected && loop) loop->ticks().expect_no_more();
    removal_expected = false;
  }
  void readable_listener_removed() noexcept;
  void look_at_readable_listeners();
  // ── when a reader goes (leave.ipp) ──
  void expect_to_be_left(double lingering_ms);
  void leave(std::string_view held, bool before_end) noexcept;
  void taken_over() noexcept;
  void require_no_idle_reader() const;
  void close_is_awaited();
  void end_is_awaited();
  void look_for_end();
  void reader_is_asked(bool holds_part) noexcept;
  void look_after();
  void linger();
  void stop_lingering() noexcept;
  void last_owner_gone() noexcept;
  /// A task has it: an error that comes between two waits is thrown by the next one, and is nobody's after the last.
  void given_to_task() noexcept {
    if (!closed()) errors_heard = true;
  }

  // ── writing (write.ipp) ──
  char* batch(const char* data, std::size_t size) noexcept;
  bool write(const WriteSource& source, WriteCallback callback);
  bool refuse_write(WriteCallback& callback);
  Error refusal(bool names_other) const;
  Callback call_later(const Error& error, WriteCallback callback);
  bool send_now(const char* data, std::size_t size, std::size_t& taken);
  void batch_sent(std::size_t batched, std::ptrdiff_t sent);
  void batch_left(std::size_t batched, std::ptrdiff_t sent);
  static void flush_batched(Handle& self);
  void after_write(const std::size_t& last);
  void prepare_to_emit(WriteQueue& to_call, WriteCallback& callback);
  void emit_written(WriteQueue& to_call);
  // ── what waits for the kernel, or for a connection (send.ipp) ──
  void send_in_flight();
  void in_flight_taken();
  void write_failed(const Error& error);
  void write_failed_later(const Error& error, WriteCallback callback);
  void send_buffered();
  void send_pending_connect();
  void drop_request(const Error& error);
  /// Whether somebody waits for a write that was never handed over, or for the end.
  bool owes_callbacks() const noexcept {
    return (backlog && !backlog->buffered.empty()) || (cold && !cold->finish_callbacks.empty());
  }
  void fail_buffered();
  void call_finish_callbacks(const Error& error);
  void wait_for_connect();
  void cork() { ++ensure_cold().corks, corked = true; }
  void uncork();
  void uncork_all();

  // ── the end of writing (finish.ipp) ──
  void expect_end(const WriteCallback& callback);
  void end(WriteCallback callback);
  void refuse_end(WriteCallback callback);
  Error end_refusal() const;
  bool needs_finish() const noexcept;
  void maybe_finish();
  void call_final();
  void final_done();
  void finish();
  void shutdown_now();

  // ── closing (close.ipp) ──
  void destroy(const Error& error);
  void fail(const Error& error) {
    if (!destroyed()) destroy(error);
  }
  void failed_with(const Error& error);
  void tick_error(Callback& emission);
  Callback emit_later(const Error& error);
  void flush_last() noexcept;
  void emit_error(const Error& error, bool current);
  void close_handle(bool failing);
  void close_channel() noexcept;
  void close_now();
  void expect_close();
  void close_later(void (*step)(Handle&));
  void give_up() noexcept;
  void destroy_always() noexcept;
  void emit_cancelled(Place<Job>& rest);
  void emit_close(bool current, Place<Job>* rest);
  void never_connected();
  void settle() noexcept;
  void drop_listeners() noexcept;
  void destroy_soon();
  void reset_and_destroy();
  void leave_server();
  void watch_signal(const AbortSignal& signal);
  // ── connecting again (reconnect.ipp) ──
  void undestroy();
  void leave_writes_behind();
  // ── descriptors of others, and what the loop keeps (adopt.ipp) ──
  void hand_over() noexcept;
  bool in_order_sent(WriteQueue& queue) noexcept;
  void abandon();
  void drop_captures() noexcept;
  NativeHandle release_descriptor(Machine::Channel* into = nullptr);
  static void close_released(Handle& handle);
  void keep_unread();
  void keep_unread(std::string_view bytes);
  void adopt_descriptor(NativeHandle fd, bool reads, bool writes);
  void give_descriptor_back() noexcept;
  void retain_for_loop() noexcept;
  void release_from_loop() noexcept;

  // ── options and the idle timeout (options.ipp) ──
  void set_up(const SocketOptions& options);
  void set_timeout(double ms);
  void note_timed() noexcept;
  std::uint64_t idle_ms() const noexcept;
  void idle_check();
  void wake_idle();
  void stop_idle() noexcept;
  void touch() {
    if (timed) note_activity();
  }
  void note_activity();
  void set_no_delay(bool on);
  void set_keep_alive(bool on, Duration delay);
  void set_type_of_service(int value);
  int get_type_of_service() const;
  void apply_options();
  bool has_tcp() const noexcept { return channel.is_open() && !connecting() && !is_path; }

  // ── connecting (connect/connected.ipp) ──
  void connected();
  void connect_failed(const Error& error) {
    if (connecting()) fail(error);
  }
  void start_if_asked();
  void catch_up_connected();
  void read_after_connect();
  void stop_connecting() noexcept;
  Endpoint remote();

  // ── events ──
  /// Calls the listeners of one event; false if there is none.
  template <unsigned Event, class... Args>
  NET_GNU(always_inline) inline bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<SocketState> alive(this);
    using Row = typename EventAt<SocketEvents, Event>::type;
    if constexpr (Event == on_data) {
      return call_listeners(*this, Event, typename Row::Given(args...).at);
    } else {
      return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
    }
  }
  void emit_error_event(const Error& error);
  /// Whether a new listener of the event changes anything.
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == on_data || event == on_readable; }
  void listener_added(unsigned event);
  void listener_put_in_front(unsigned event);
  void listener_removed(unsigned event) noexcept;
  void all_listeners_go(unsigned event);
  std::size_t own_listeners(unsigned event) const noexcept;

  // ── helpers ──
  void ready_otherwise(unsigned what);
  static void on_ready(Handle& self, Watcher& watcher, unsigned what, int error);
  /// Member functions as plain ones, for what comes later: one function for each, where a lambda is three.
  template <auto Member>
  static void step_of(SocketState& self) {
    (self.*Member)();
  }
  template <auto Member>
  static void tick_step_of(SocketState& self) {
    self.tick(step_of<Member>);
  }
  template <auto Member>
  static void job_of(Handle& self) {
    (static_cast<SocketState&>(self).*Member)();
  }
  /// On the next tick, if the loop still exists, and if the socket is still at the same connection then.
  void tick(void (*step)(SocketState&));
  template <auto Member, class What>
  void tick_with(const What& what);
  /// On the next tick, what ever has become of the connection: what is buffered, and how it flows, stays over them.
  void tick_always(void (*step)(SocketState&));
  /// The same with what is not a function of its own.
  template <class F>
  void tick_call(F&& call);
  /// The same for a callback of the user's, for which no listeners stay.
  template <class F>
  void tick_callback(F&& call);
  void update_watch();
  void wait_for_memory();
  void recount() noexcept;
  Backlog& ensure_backlog() {
    if (!backlog) backlog = new Backlog;
    return *backlog;
  }
  ColdState& ensure_cold() {
    if (!cold) cold = new ColdState(*this);
    return *cold;
  }
  Pipes& ensure_pipes();
  /// An internal once-listener, in its place among the user's.
  void once_inside(OwnListener which, unsigned event, void (*step)(SocketState&));
  void drop_own(OwnListener which) noexcept;
  /// What a connection that is over has moved stays in the loop's metrics.
  void count_bytes() noexcept {
    if (loop) loop->count_bytes(bytes_read, bytes_sent);
  }
  void note_answer() noexcept { answered = static_cast<std::uint32_t>(bytes_read); }
  void note_question() noexcept { answered = static_cast<std::uint32_t>(~bytes_read); }
  /// Nothing waits on either side, and what came has been answered.
  bool is_idle() const noexcept {
    const bool quiet = static_cast<std::uint32_t>(answered) == static_cast<std::uint32_t>(bytes_read);
    return quiet && write_length == 0 && read_length() == 0;
  }
  /// Since when somebody knows that it is idle; now, if nobody did. 0 would say that nobody does: it is 1 ms earlier.
  std::uint32_t idle_since(std::uint32_t now) noexcept {
    if (answered >> 32 == 0) answered |= static_cast<std::uint64_t>(now ? now : ~now) << 32;
    return static_cast<std::uint32_t>(answered >> 32);
  }
  bool is_paused() const noexcept { return asked_flow == Flow::paused || flow_state == Flow::paused; }
  Error error_or(Errc code) const;

  // ── data, hot first; these fill up the last bytes of the connection ──
  // reading
  bool never_read : 1 = true;            // nobody has asked the kernel yet
  bool read_when_connected : 1 = false;  // it was asked for when there was no connection
  bool need_readable : 1 = false;
  bool readable_emitted : 1 = false;
  bool readable_listening : 1 = false;
  bool data_listening : 1 = false;  // as Node counts: not who was put in front, nor that all were removed at once
  bool resume_ticking : 1 = false;
  bool reading_more : 1 = false;
  // the whole
  bool idle_over : 1 = false;     // 'timeout' was emitted, and nothing happened since
  bool kept_by_loop : 1 = false;  // the loop's reference
  bool removed_end_listener : 1 = false;
  bool close_expected : 1 = false;    // the loop has space for its 'close'
  bool removal_expected : 1 = false;  // there is space for what follows when a 'readable' listener is removed
  bool no_memory : 1 = false;         // the system has none: nothing is watched for a moment
  Settings settings;
  KeepsAlive keeps_alive;
  Flow asked_flow = Flow::unset;  // by pause() and resume(), whichever came last

  Machine::Channel channel;
  std::uint64_t generation = 0;  // counts connections, so that what belongs to an old one knows
  std::size_t owed = 0;          // what is queued and may be emitted: 'close' itself, and every tick

  std::size_t read_mark = 65536;
  std::size_t write_mark = 65536;

  Listeners listeners;
  ReadBuffer* buffer = nullptr;
  Backlog* backlog = nullptr;
  ColdState* cold = nullptr;
  Ref<Handle> server;  // a ServerState, if it was accepted

  std::size_t read_length() const noexcept { return buffer ? buffer->length : 0; }
  bool has_space() const noexcept { return !ended() && (read_length() < read_mark || read_length() == 0); }
};

/// S18.1: throws what is wrong with an idle time.
NET_API void require_timeout(Duration idle, double longest = 1e15);

/// Nothing is owed any more after 'close': the listeners go, and with them every cycle, unless the socket is used
/// again. Those that are added later stay, as in Node.
NET_GNU(always_inline) inline void SocketState::settle() noexcept {
  if (--owed == 0 && closed() && !settings.reusable) [[unlikely]]
    drop_listeners();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/stream/state.ipp>

#endif

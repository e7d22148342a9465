// The bodies of state.hpp. Internal.
#ifndef NET_DETAIL_STREAM_STATE_IPP
#define NET_DETAIL_STREAM_STATE_IPP

#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(SocketEvents::index<"close"> == on_close);
static_assert(SocketEvents::index<"connect"> == on_connect);
static_assert(SocketEvents::index<"connectionAttempt"> == on_attempt);
static_assert(SocketEvents::index<"connectionAttemptFailed"> == on_attempt_failed);
static_assert(SocketEvents::index<"connectionAttemptTimeout"> == on_attempt_timeout);
static_assert(SocketEvents::index<"data"> == on_data);
static_assert(SocketEvents::index<"drain"> == on_drain);
static_assert(SocketEvents::index<"end"> == on_end);
static_assert(SocketEvents::index<"error"> == on_error);
static_assert(SocketEvents::index<"lookup"> == on_lookup);
static_assert(SocketEvents::index<"ready"> == on_ready_event);
static_assert(SocketEvents::index<"timeout"> == on_timeout);
static_assert(SocketEvents::index<"finish"> == on_finish);
static_assert(SocketEvents::index<"prefinish"> == on_prefinish);
static_assert(SocketEvents::index<"pause"> == on_pause);
static_assert(SocketEvents::index<"resume"> == on_resume);
static_assert(SocketEvents::index<"readable"> == on_readable);
static_assert(SocketEvents::index<"pipe"> == on_pipe);
static_assert(SocketEvents::index<"unpipe"> == on_unpipe);

NET_API constexpr Handle::Operations SocketState::table{
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).last_owner_gone(); },
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).abandon(); },
    &SocketState::on_ready,
    nullptr,
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).hand_over(); },
    nullptr,
    nullptr,
    [](Handle& handle) noexcept { static_cast<SocketState&>(handle).give_up(); },
    [](const Handle& handle, LoopCounts& counts) noexcept {
      const auto& self = static_cast<const SocketState&>(handle);
      counts.sockets += self.has_handle();
      counts.bytes_in += self.bytes_read;
      counts.bytes_out += self.bytes_sent;
    }};

NET_API void ReadBuffer::take(std::size_t size, std::string& into) {
  into.clear();
  if (size == 0) return;
  if (pieces.first().size() != size) into.reserve(size);  // if there is no memory, nothing is taken
  length -= size;
  while (size > 0) {
    Piece& first = pieces.first();
    if (first.size() > size) {
      into.append(first.bytes, first.begin, size);
      first.begin += size;
      return;
    }
    size -= first.size();
    if (into.empty() && size == 0) {
      into = pieces.pop_front().rest();
    } else {
      into.append(first.bytes, first.begin);
      (void)pieces.pop_front();
    }
  }
}

/// What keeps the loop alive (S2.10, S2.11): a socket that reads and is ref'd; a connection, a write or a shutdown
/// under way.
NET_API void SocketState::recount() noexcept {
  if (!loop) return;
  const bool busy = connecting() || (writing() && !destroyed()) || shutting_down || (read_interest && keeps_alive.refd);
  keeps_alive.count(*loop, busy);
}

/// Tells the poller what is awaited, and the loop whether that keeps it alive.
NET_API void SocketState::update_watch() {
  if (channel.is_open() && !connecting()) {
    unsigned mask = (read_interest ? readable : 0u) | (request == WriteRequest::in_flight ? writable : 0u);
    if (no_memory) [[unlikely]]
      mask = 0;
    if (const int failed = loop->poller().watch(channel, mask); failed < 0) fail(system_failure(-failed, "read"));
  }
  recount();
}

NET_API ColdState::ColdState(SocketState& self)
    : memory(self, [](Handle& handle) {
        const Ref<SocketState> socket(static_cast<SocketState*>(&handle));
        socket->no_memory = false;
        socket->update_watch();
      }) {}

/// S32.2: the poller says "now", and the system has no memory for it. It would say so again at once.
NET_RARE void SocketState::wait_for_memory() {
  ColdState& kept = ensure_cold();
  kept.memory.after(10);
  no_memory = true;
  update_watch();
}

NET_API void SocketState::on_ready(Handle& handle, Watcher& watcher, unsigned what, int) {
  auto& self = static_cast<SocketState&>(handle);
  if (self.connecting()) [[unlikely]]
    return self.cold->connecting->ready(self, watcher);
  if (what == readable) [[likely]]
    return self.read();
  self.ready_otherwise(what);
}

NET_GNU(noinline) NET_API void SocketState::ready_otherwise(unsigned what) {
  if (what & readable) read_slow((what & hung_up) != 0);
  if ((what & writable) && request == WriteRequest::in_flight && channel.is_open()) send_in_flight();
}

NET_API Pipes& SocketState::ensure_pipes() {
  ColdState& kept = ensure_cold();
  return kept.pipes ? *kept.pipes : kept.pipes.make();
}

NET_API void SocketState::once_inside(OwnListener which, unsigned event, void (*step)(SocketState&)) {
  struct Body {
    SocketState* self;
    void (*step)(SocketState&);
    std::uint64_t generation;
  };
  struct Record : ListenerRecord {
    Body body;
    explicit Record(const Body& from) : ListenerRecord{}, body(from) {}
  };
  static constexpr ListenerRecord::Operations calls{
      [](ListenerRecord& record, void*, void* const*) {
        const Body body = static_cast<Record&>(record).body;
        if (body.generation == body.self->generation || body.generation == any_generation) body.step(*body.self);
      },
      [](ListenerRecord&) noexcept {}};
  ListenerId& own = ensure_cold().own[which];
  if (own == 0)
    own = listeners.add<Record>(event, ListenerRecord::once, false, calls,
                                Body{this, step, which == own_read ? any_generation : generation});
}

NET_API void SocketState::drop_own(OwnListener which) noexcept {
  if (cold && cold->own[which] != 0) listeners.remove(detail::exchange(cold->own[which], 0));
}

/// What it has failed with, or else this.
NET_API Error SocketState::error_or(Errc code) const { return errored() ? cold->errored : make_error(code); }

NET_API std::string ReadBuffer::Piece::rest() && {
  if (begin > 0) bytes.erase(0, begin);
  return std::move(bytes);
}

NET_API void ReadBuffer::push(std::string&& bytes) {
  const std::size_t size = bytes.size();
  pieces.push({std::move(bytes)});
  length += size;
}

NET_API void ReadBuffer::push_front(std::string_view bytes) {
  pieces.push_front({std::string(bytes)});
  length += bytes.size();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

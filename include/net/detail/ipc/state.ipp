// The bodies of state.hpp: how a channel begins and ends. Internal.
#ifndef NET_DETAIL_IPC_STATE_IPP
#define NET_DETAIL_IPC_STATE_IPP

#include <net/detail/ipc/state.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>
#include <net/detail/ipc/handover.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

// The table of events, and the numbers by which they are emitted.
static_assert(IpcEvents::index<"message"> == ipc_message);
static_assert(IpcEvents::index<"error"> == ipc_error);
static_assert(IpcEvents::index<"disconnect"> == ipc_disconnect);
static_assert(IpcEvents::index<"drain"> == ipc_drain);

NET_API constexpr Handle::Operations IpcState::table{
    .free = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).last_owner_gone(); },
    .abandon = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).abandon(); },
    .ready = &IpcState::on_ready,
    .hand_over = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).hand_over(); },
    .give_up = [](Handle& handle) noexcept { static_cast<IpcState&>(handle).close(no_error()); }};

NET_API bool Answers::push(FrameKind kind, Refused why) noexcept {
  if (count_ == window) return false;
  waiting_[count_++] = kind == FrameKind::taken ? 0 : static_cast<std::uint8_t>(static_cast<unsigned>(why) + 1);
  return true;
}

NET_API IoSlice Answers::slice() noexcept {
  if (written_ == size_) {
    size_ = written_ = 0;
    if (number_ != 0) {
      write_frame_header({.kind = FrameKind::process, .number = detail::exchange(number_, 0)}, bytes_);
      size_ = frame_header_size;
    }
    for (std::size_t i = 0; i < count_; ++i, size_ += frame_header_size) {
      FrameHeader header{.kind = waiting_[i] == 0 ? FrameKind::taken : FrameKind::refused};
      if (waiting_[i] != 0) header.flags = static_cast<std::uint8_t>(waiting_[i] - 1);
      write_frame_header(header, bytes_ + size_);
    }
    count_ = 0;
  }
  return {bytes_ + written_, size_ - written_};
}

NET_API IpcState::IpcState(LoopCore& core) : Handle(core, table) {
  channel.owner = static_cast<Handle*>(this);
  loop->closing().expect();  // its 'disconnect' needs no memory
  close_expected = true;
}

NET_API IpcState::~IpcState() {
  close_descriptor();
  if (loop && !loop->inert() && !loop->leaving()) drop_received();
  if (close_expected && loop) loop->closing().expect_no_more();
}

/// The descriptor is its own from now on, also if this throws.
NET_API void IpcState::open(NativeHandle descriptor) {
  (void)channel.adopt_connected(descriptor);
  if (!is_open()) (void)Machine::close_file(descriptor);  // there was no memory for it
  start();
}

/// Where there are tickets it is read from the next turn on: until then it is nobody's, and may be handed on.
NET_API void IpcState::start() {
  if constexpr (Machine::ticket_size == 0) {
    if (const int failed = loop->poller().watch(channel, readable); failed < 0) {
      close_descriptor();
      throw_error(system_failure(-failed, "open"));
    }
  } else {
    if (!is_open()) throw_error(system_failure(ENOMEM, "open"));
    CallOnThrow drop([this] { drop_all(); });
    loop->pending().push({Ref<Handle>(this), job_of<&IpcState::introduce_itself>});
    drop.passed = true;
  }
  kept_by_loop = true;
  retain();
  recount();
}

NET_API void IpcState::introduce_itself() {
  if (!is_open()) return;
  answers.say_number(Machine::ticket_number());
  flush();
}

/// What the socket had received that it is made of.
NET_API void IpcState::begin_with(std::string_view bytes) {
  CallOnThrow drop([this] { drop_all(); });
  (void)reader.feed(bytes, {});
  loop->pending().push({Ref<Handle>(this), job_of<&IpcState::parse>});
  drop.passed = true;
}

/// What keeps the loop alive: a channel that is ref'd and wanted, and one that has something to send.
NET_API void IpcState::recount() noexcept {
  if (!loop) return;
  const bool sends = !queue.empty() || !awaiting.empty() || !waiting.empty();
  const bool wanted = is_wanted();
  keeps_alive.count(*loop, is_open() && ((keeps_alive.refd && wanted) || sends));
  let_go_unless(wanted || sends || !answers.empty());
}

NET_API void IpcState::update_watch() {
  if (is_open()) {
    const unsigned mask = short_now ? 0 : (reads() ? readable : 0u) | (blocked ? writable : 0u);
    if (const int failed = loop->poller().watch(channel, mask); failed < 0) close(system_failure(-failed, "read"));
  }
  recount();
}

/// S32.2: the system has no memory, or too many descriptors are under way. It would say so again at once.
NET_RARE void IpcState::wait_for_system() {
  memory.after(10);
  short_now = true;
}

/// What waits is sent first. Who cannot wait for the other side calls it again.
NET_API void IpcState::disconnect() {
  if (!is_open()) return;
  if (detail::exchange(disconnecting, true) || loop->inert()) return close(no_error());
  drop_received();
  if (pulled) update_watch();  // the other side's answers are still read
  close_if_done();
}

NET_API void IpcState::close_if_done() noexcept {
  if (disconnecting && waiting.empty() && queue.empty() && awaiting.empty() && answers.empty()) close(no_error());
}

NET_API void IpcState::close_descriptor() noexcept {
  memory.stop();
  close_what_came();
  if (is_open()) close_watched(loop, channel);
}

/// Closes it now; the rest comes in the close phase: callbacks, 'error' and 'disconnect'.
NET_API void IpcState::close(const Error& why) noexcept {
  if (!is_open()) return;
  if (why) failure = why;
  close_descriptor();
  recount();
  if (!detail::exchange(close_expected, false)) return;
  ++owed;
  loop->closing().push_expected({Ref<Handle>(this), job_of<&IpcState::close_now>});
}

NET_API void IpcState::close_now() {
  Place<Job> rest(loop->closing());  // from which this step has just come
  // whatever is thrown here, the rest comes
  AgainOnThrow again(*this, job_of<&IpcState::close_now>, rest);
  fail_all();
  call_done();
  if (failure) {
    const Error why = detail::exchange(failure, no_error());
    if (pulled) ended_with.emplace(why);  // thrown to who receives
    if (!emit_event<ipc_error>(why) && !pulled) throw_error(why);
  }
  ended = true;
  wake_receiver();
  again.passed = true;
  struct Settle {
    IpcState& self;
    ~Settle() { self.settle(); }
  } const settle{*this};
  over = true;
  emit_event<ipc_disconnect>();
}

/// What was sent and has not arrived, and what was not sent; sockets that nobody has taken go on here.
NET_API void IpcState::fail_all() {
  if (waiting.empty() && queue.empty() && awaiting.empty()) return;
  const Error why = failure ? failure : make_error(Errc::ERR_IPC_CHANNEL_CLOSED);
  for (OutgoingList* const list : {&awaiting, &queue, &waiting}) {
    while (!list->empty()) {
      Outgoing* const one = list->pop();
      one->error = why;
      if (one->aside) take_back(*one->socket, one->unread());
      one->aside = false;
      // who did not ask learns by 'disconnect'
      one->callback ? done.push(one) : delete one;
    }
  }
  length = 0;
}

/// The loop is going, or all is over: nothing is emitted any more.
NET_API void IpcState::drop_all() noexcept {
  over = true;
  close_descriptor();
  recount();
  reader.clear();
  for (OutgoingList* const list : {&waiting, &queue, &awaiting, &done}) list->clear();
  listeners.clear();
  if (detail::exchange(kept_by_loop, false)) release();
}

NET_API void IpcState::abandon() noexcept {
  hand_over();
  drop_all();
}

NET_API void IpcState::settle() noexcept {
  if (--owed == 0 && over) drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

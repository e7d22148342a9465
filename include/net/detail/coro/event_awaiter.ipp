// The bodies of event_awaiter.hpp. Internal.
#ifndef NET_DETAIL_CORO_EVENT_AWAITER_IPP
#define NET_DETAIL_CORO_EVENT_AWAITER_IPP

#include <net/detail/coro/event_awaiter.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API bool is_over(const Socket& socket) { return Access::state(socket).closed() || !Access::state(socket).loop; }

NET_API bool is_over(const Server& server) { return !Access::state(server).loop; }

NET_API bool was_closed(const Server& server) { return Access::state(server).was_closed(); }

NET_API void expect_close(const Socket& socket) { Access::state(socket).close_is_awaited(); }

NET_API void expect_end(const Socket& socket) { Access::state(socket).end_is_awaited(); }

NET_API Error closed_error(const Socket& socket) {
  const Error error = socket.errored();
  return error ? error : make_error(Errc::ERR_SOCKET_CLOSED);
}

NET_API Error closed_error(const Server&) { return make_error(Errc::ERR_SERVER_NOT_RUNNING); }

NET_API void WriteAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  begin(waiter);
  listeners_.on<"drain">([this] { go_on(); });
  listeners_.on<"finish">([this] { go_on(); });
  listen_for_error();
  listen_for_close();
}

NET_API ConnectAwaiter::~ConnectAwaiter() {
  if (!connected_) Access::state(emitter()).destroy_always();
}

NET_API Socket ConnectAwaiter::await_resume() {
  Base::await_resume();
  connected_ = true;
  return emitter();
}

NET_RARE bool WriteAwaiter::was_refused() {
  if (is_over(emitter())) {
    const Error error = emitter().errored();
    failure_.emplace(error ? error : make_error(Errc::ERR_STREAM_DESTROYED));
  }
  return static_cast<bool>(failure_);
}

NET_API void SleepAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  limit_.start(Access::core(loop_), this, [](void* self) { static_cast<SleepAwaiter*>(self)->go_on(); });
  timer_ = loop_.setTimeout([this] { go_on(); }, length_);
  waiter_ = waiter;
}

NET_API void SleepAwaiter::go_on() {
  limit_.stop();
  timer_.close();
  RunningTask::resume(detail::exchange(waiter_, {}));
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

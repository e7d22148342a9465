// The bodies of signals.hpp. Internal.
#ifndef NET_DETAIL_LOOP_SIGNALS_IPP
#define NET_DETAIL_LOOP_SIGNALS_IPP

#include <net/detail/loop/signals.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations SignalState::table{
    [](Handle& handle) noexcept { delete static_cast<SignalState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<SignalState&>(handle).close(); },
    &SignalState::on_ready,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) { static_cast<SignalState&>(handle).listen_again(); }};

NET_API int SignalState::open() noexcept {
  const int failed = listen();
  if (failed < 0) return failed;
  is_open = true;
  retain();
  return 0;
}

NET_API int SignalState::listen() noexcept {
  if (const int failed = Machine::listen_to_signal(*this); failed < 0) return failed;
  watcher.fd = waker.descriptor();
  const int failed = loop->poller().watch(watcher, readable);
  if (failed < 0) {
    loop->poller().drop(watcher);
    Machine::forget_signal(*this);
  }
  return failed;
}

NET_API void SignalState::close() noexcept {
  if (!detail::exchange(is_open, false)) return;
  set_ref(false);
  Machine::forget_signal(*this);
  loop->poller().drop(watcher);
  waker.close();
  callback.reset();
  release();
}

NET_API void SignalState::on_ready(Handle& handle, Watcher&, unsigned, int) {
  const Ref<SignalState> self(static_cast<SignalState*>(&handle));
  self->waker.drain();
  // the callback lives as long as it runs, even if it closes its signal
  struct Call {
    SignalState& state;
    Function<void(int)> callback;
    ~Call() {
      if (state.is_open) state.callback = std::move(callback);
    }
  } const call{*self, std::move(self->callback)};
  if (call.callback) call.callback(self->signo);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif

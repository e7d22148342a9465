// The bodies of acceptor.hpp. Internal.
#ifndef NET_ACCEPTOR_IPP
#define NET_ACCEPTOR_IPP

#include <net/acceptor.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Acceptor::Acceptor(const Server& server) : listeners_(server) {
  closed_ = !detail::Access::state(server).loop;
  listeners_.on<"connection">([this](Socket socket) {
    Listener error;
    if (!waiter_) error = socket.addListener<"error">([](const Error&) {});
    arrived_.push({socket, error});
    wake();
  });
  listeners_.on<"error">([this](const Error& error) {
    failure_ = error;
    wake();
  });
  listeners_.on<"close">([this] {
    closed_ = true;
    wake();
  });
}

NET_API Acceptor::~Acceptor() {
  listeners_.off();
  // nobody will ever serve them
  while (!arrived_.empty()) detail::Access::state(arrived_.pop_front().socket).destroy_always();
}

NET_API bool Acceptor::prepare() {
  if (waiter_)
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this acceptor already"));
  return !arrived_.empty() || failure_ || closed_;
}

NET_API void Acceptor::Awaiter::await_suspend(std::coroutine_handle<> task) {
  acceptor_.waiter_.note(waiting_, *detail::Access::state(acceptor_.listeners_.emitter()).loop, task);
}

NET_API std::optional<Socket> Acceptor::take() {
  if (!arrived_.empty()) {
    const Arrived arrived = arrived_.pop_front();
    arrived.socket.off(arrived.error);
    return arrived.socket;
  }
  if (failure_) {
    const Error error = *std::exchange(failure_, std::nullopt);
    detail::throw_error(error);
  }
  return std::nullopt;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

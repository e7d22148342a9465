// The bodies of acceptor.hpp. Internal.
#ifndef NET_ACCEPTOR_IPP
#define NET_ACCEPTOR_IPP

#include <net/acceptor.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Acceptor::Acceptor(const Server& server) : listeners_(server) {
  listeners_.on<"connection">([this](Socket socket) {
    detail::Access::state(socket).given_to_task();
    arrived_.push(std::move(socket));
    wake();
  });
  listeners_.on<"error">([this](const Error& error) {
    failure_.emplace(error);
    wake();
  });
  listeners_.on<"close">([this] {
    closed_ = true;
    wake();
  });
}

NET_API Acceptor::~Acceptor() {
  listeners_.off();
  waiter_.close(detail::Access::state(listeners_.emitter()));
  // nobody will ever serve them
  while (!arrived_.empty()) detail::Access::state(arrived_.pop_front()).destroy_always();
}

NET_API bool Acceptor::prepare() {
  if (waiter_)
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this acceptor already"));
  return !arrived_.empty() || failure_ || closed_ || detail::Access::state(listeners_.emitter()).was_closed();
}

NET_API void Acceptor::Awaiter::await_suspend(std::coroutine_handle<> task) {
  acceptor_.waiter_.note(waiting_, detail::Access::state(acceptor_.listeners_.emitter()).loop, task);
}

NET_API std::optional<Socket> Acceptor::take() {
  if (!arrived_.empty()) return arrived_.pop_front();
  if (failure_) {
    const Error error = *failure_;
    failure_.reset();
    detail::throw_error(error);
  }
  return std::nullopt;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

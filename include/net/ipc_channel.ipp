// The bodies of ipc_channel.hpp. Internal.
#ifndef NET_IPC_CHANNEL_IPP
#define NET_IPC_CHANNEL_IPP

#include <net/ipc_channel.hpp>

#if NET_BODIES

#include <string>

#include <net/detail/ipc/handover.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API IpcChannel::IpcChannel(const Socket& socket) {
  detail::SocketState& from = detail::Access::state(socket);
  const bool connected = from.loop && from.phase == detail::Phase::open && from.is_path &&
                         detail::Machine::kind_of(from.channel.native()) == detail::DescriptorKind::local;
  if (!connected) {
    detail::throw_error(
        detail::make_error(Errc::ERR_INVALID_HANDLE_TYPE, "A channel takes over an IPC socket that is connected"));
  }
  state_ = detail::Ref<detail::IpcState>(new detail::IpcState(*from.loop));
  (void)from.release_descriptor(&state_->channel);
  state_->start();
  std::string unread;
  detail::take_unread(from, unread);
  if (!unread.empty()) state_->begin_with(unread);
}

NET_API std::pair<IpcChannel, IpcChannel> IpcChannel::pair(Loop& loop) {
  detail::LoopCore& core = detail::Access::core(loop);
  const detail::Ref<detail::IpcState> one(new detail::IpcState(core)), other(new detail::IpcState(core));
  NativeHandle ends[2] = {};
  if (const int failed = detail::Machine::make_pair(ends); failed < 0) {
    detail::throw_error(detail::system_failure(-failed, "socketpair"));
  }
  detail::CameHere second(ends[1]);
  one->open(ends[0]);
  detail::CallOnThrow close([&] { one->drop_all(); });
  second.fd = detail::no_handle;
  other->open(ends[1]);
  close.passed = true;
  return {IpcChannel(one), IpcChannel(other)};
}

NET_API IpcChannel IpcChannel::from_state(void* state) {
  return IpcChannel(detail::Ref<detail::IpcState>(static_cast<detail::IpcState*>(state)));
}

NET_API const IpcChannel& IpcChannel::set_ref(bool on) const {
  state_->keeps_alive.refd = on;
  state_->recount();
  return *this;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif

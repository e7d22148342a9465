// What the machines of POSIX systems share; each adds its poller. Internal.
#ifndef NET_DETAIL_SYS_POSIX_MACHINE_HPP
#define NET_DETAIL_SYS_POSIX_MACHINE_HPP

#include <net/detail/sys/posix/acceptor.hpp>
#include <net/detail/sys/posix/address.hpp>
#include <net/detail/sys/posix/calls.hpp>
#include <net/detail/sys/posix/channel.hpp>
#include <net/detail/sys/posix/files.hpp>
#include <net/detail/sys/posix/messages.hpp>
#include <net/detail/sys/posix/names.hpp>
#include <net/detail/sys/posix/signals.hpp>
#include <net/detail/sys/posix/thread.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// References to functions cost no function of their own.
struct posix_machine {
  using Channel = fd_channel;
  using Acceptor = fd_acceptor;
  using Mutex = os::Mutex;
  using Condition = os::Condition;
  using Thread = os::Thread;
  using SignalWaker = os::SignalWaker;

  static constexpr auto& now_ns = os::now_ns;
  static constexpr auto& start_thread = os::start_thread;
  static constexpr auto& processors = os::processors;
  static constexpr auto& fork_count = os::fork_count;
  static constexpr auto& at_fork = os::at_fork;
  static constexpr auto& count_in_resolver = os::count_in_resolver;
  static constexpr auto& look_up = os::look_up;
  static constexpr auto& address_config_hint = os::address_config_hint;
  static constexpr auto& known_hints = os::known_hints;
  static constexpr auto& interface_index = os::interface_index;
  static constexpr auto& interface_name = os::interface_name;
  static constexpr auto& kind_of = os::kind_of;
  static constexpr auto& prepare = os::prepare;
  static constexpr auto& open_file = os::open_file;
  static constexpr auto& read_file = os::read_file;
  static constexpr auto& write_file = os::write_file;
  static constexpr auto& close_file = os::close_file;
  static constexpr auto& make_pair = os::make_pair;
  static constexpr std::size_t ticket_size = os::ticket_size;
  static constexpr auto& ticket_number = os::ticket_number;
  static constexpr auto& write_ticket = os::write_ticket;
  static constexpr auto& open_ticket = os::open_ticket;
  static constexpr auto& is_slow_path = os::is_slow_path;
  static constexpr auto& is_slow_file = os::is_slow_file;
  static constexpr auto& write_slow_file = os::write_slow_file;
  static constexpr auto& remove_path = os::remove_path;
  static constexpr auto& listen_to_signal = os::listen_to_signal;
  static constexpr auto& forget_signal = os::forget_signal;

  static std::ptrdiff_t send_with(const Channel& channel, const IoSlice* slices, std::size_t count,
                                  NativeHandle passed) noexcept {
    return os::send_with(channel.native(), slices, count, passed);
  }
  static ReadResult receive_with(const Channel& channel, char* into, std::size_t size, CameDescriptors& came) noexcept {
    return {os::receive_with(channel.native(), into, size, came), into};
  }
};

}  // namespace net::inline NET_ABI::detail

#endif  // !_WIN32

#endif

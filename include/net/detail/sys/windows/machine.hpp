// What this library asks Windows for; its poller is a completion port. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MACHINE_HPP
#define NET_DETAIL_SYS_WINDOWS_MACHINE_HPP

#include <net/detail/sys/windows/acceptor.hpp>
#include <net/detail/sys/windows/address.hpp>
#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/sys/windows/channel.hpp>
#include <net/detail/sys/windows/files.hpp>
#include <net/detail/sys/windows/messages.hpp>
#include <net/detail/sys/windows/names.hpp>
#include <net/detail/sys/windows/signals.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// References to functions cost no function of their own.
struct windows_machine {
  using Channel = windows_channel;
  using Acceptor = windows_acceptor;
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
  static constexpr auto& listen_to_signal = os::listen_to_signal;
  static constexpr auto& forget_signal = os::forget_signal;

  static std::ptrdiff_t send_with(Channel& channel, const IoSlice* slices, std::size_t count, NativeHandle) noexcept {
    return channel.write(slices, count);
  }
  static ReadResult receive_with(Channel& channel, char* into, std::size_t size, CameDescriptors&) noexcept {
    return channel.read(into, size);
  }
  /// A pipe's name is gone with its last handle (S23.16).
  static void remove_path(std::string_view) noexcept {}
};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#endif

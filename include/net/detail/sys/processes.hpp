// The processes of this system, for those who start some. Internal.
#ifndef NET_DETAIL_SYS_PROCESSES_HPP
#define NET_DETAIL_SYS_PROCESSES_HPP

#include <net/detail/io/processes.hpp>
#include <net/detail/sys/machine.hpp>
#include <net/detail/sys/posix/processes.hpp>
#include <net/detail/sys/windows/processes.hpp>

// Tests with a machine of their own define NET_PROCESSES, before this, and have them too.
#if !defined(NET_PROCESSES)
#define NET_PROCESSES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Beside the machine, because whoever starts no program pays nothing for it.
struct Processes {
  static constexpr auto& own_program = os::own_program;
  static constexpr auto& start_program = os::start_program;
  static constexpr auto& given_channel = os::given_channel;
  static constexpr auto& ended = os::ended;
  static constexpr auto& send_signal = os::send_signal;
  static constexpr auto& take_variable = os::take_variable;
  static constexpr auto& process_id = os::process_id;
  static constexpr auto& child_signal = os::child_signal;
  static constexpr auto& end_process = os::end_process;
  static constexpr auto& hands_over_in_turn = os::hands_over_in_turn;
};

static_assert(MachineProcesses<Processes>);

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE
#endif

#endif

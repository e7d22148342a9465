// Programs that are started, and how they end. Internal.
#ifndef NET_DETAIL_IO_PROCESSES_HPP
#define NET_DETAIL_IO_PROCESSES_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <net/detail/base/vec.hpp>
#include <net/detail/io/native_handle.hpp>

namespace net::inline NET_ABI::detail {

/// A program, and what it is started with.
struct Program {
  std::string path;
  Vec<std::string> arguments;  // the first is its own name
  Vec<std::string> variables;  // "NAME=value", besides those of this process
};

/// How a process ended: by itself, or by a signal.
struct ProcessEnd {
  int code = 0;
  int signal = 0;
};

/// The contract. Errors are negated errno values.
template <class M>
concept MachineProcesses = requires(Program& program, NativeHandle channel, std::int64_t& id, std::int64_t process,
                                    ProcessEnd& end, const char* name, std::string& value) {
  { M::own_program(program) } -> std::same_as<int>;  // this program, with the arguments that it was given
  { M::start_program(program, channel, id) } -> std::same_as<int>;  // it finds the channel by itself:
  { M::given_channel() } -> std::same_as<NativeHandle>;             // who has started this one gave it; once
  { M::ended(process, end) } -> std::same_as<int>;  // 1: it has, and nobody learns of it again; 0: not yet
  { M::send_signal(process, 1) } -> std::same_as<int>;
  { M::take_variable(name, value) } -> std::same_as<bool>;  // of the environment, which loses it
  { M::process_id() } -> std::same_as<std::int64_t>;
  { M::child_signal() } -> std::same_as<int>;         // that comes when a child has ended
  { M::end_process(1) };                              // as exit(3) does
  { M::hands_over_in_turn() } -> std::same_as<bool>;  // what Node does on this system, unless it is told (S33.6)
};

}  // namespace net::inline NET_ABI::detail

#endif

// Programs that are started, by CreateProcessW. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP
#define NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP

#include <cstdint>
#include <string>

#include <net/detail/io/processes.hpp>
#include <net/detail/sys/windows/signals.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int own_program(Program& program);
/// It inherits the channel, and what this process has as standard input and outputs; nothing else.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id);
NET_API NativeHandle given_channel();
/// ECHILD for one that this process has not started.
NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept;
/// As libuv has it: SIGINT, SIGQUIT, SIGTERM and SIGKILL end it, with that signal; 0 asks whether it is there (ESRCH).
NET_API int send_signal(std::int64_t process, int signo) noexcept;
NET_API bool take_variable(const char* name, std::string& value);
inline std::int64_t process_id() noexcept { return win::GetCurrentProcessId(); }
inline int child_signal() noexcept { return child_ended; }
NET_API void end_process(int code);
inline bool hands_over_in_turn() noexcept { return false; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/processes.ipp>

#endif

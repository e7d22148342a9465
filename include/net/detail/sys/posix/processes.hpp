// Programs that are started, by posix_spawn(3). Internal.
#ifndef NET_DETAIL_SYS_POSIX_PROCESSES_HPP
#define NET_DETAIL_SYS_POSIX_PROCESSES_HPP

#include <cstdint>
#include <string>

#include <net/detail/io/processes.hpp>
#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int own_program(Program& program);
/// The channel is its descriptor 3, where Node's children have theirs.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id);
inline NativeHandle given_channel() noexcept { return 3; }
NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept;
NET_API int send_signal(std::int64_t process, int signo) noexcept;
NET_API bool take_variable(const char* name, std::string& value);
NET_API std::int64_t process_id() noexcept;
NET_API int child_signal() noexcept;
NET_API void end_process(int code);
inline bool hands_over_in_turn() noexcept { return true; }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/processes.ipp>

#endif

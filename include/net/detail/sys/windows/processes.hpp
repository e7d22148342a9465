// Windows starts no workers yet. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP
#define NET_DETAIL_SYS_WINDOWS_PROCESSES_HPP

#include <cerrno>
#include <cstdint>
#include <string>

#include <net/detail/io/processes.hpp>
#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

inline int own_program(Program&) noexcept { return -ENOTSUP; }
inline int start_program(const Program&, NativeHandle, std::int64_t&) noexcept { return -ENOTSUP; }
inline int ended(std::int64_t, ProcessEnd&) noexcept { return -ENOTSUP; }
inline int send_signal(std::int64_t, int) noexcept { return -ENOTSUP; }
inline bool take_variable(const char*, std::string&) noexcept { return false; }
inline std::int64_t process_id() noexcept { return win::GetCurrentProcessId(); }
inline int child_signal() noexcept { return 0; }
inline void end_process(int) {}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#endif

// Files of Windows. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_FILES_HPP
#define NET_DETAIL_SYS_WINDOWS_FILES_HPP

#include <cstddef>
#include <string>

#include <net/detail/io/files.hpp>
#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/sys/windows/errors.hpp>
#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// A mode that nobody may write by makes a file that is read only, as in libuv; other processes may open it meanwhile.
NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept;
NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept;
NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept;
NET_API int close_file(NativeHandle file) noexcept;
NET_API bool is_slow_path(const std::string& path) noexcept;
NET_API bool is_slow_file(NativeHandle file) noexcept;
NET_API std::ptrdiff_t write_slow_file(NativeHandle file, const char* from, std::size_t size) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/files.ipp>

#endif

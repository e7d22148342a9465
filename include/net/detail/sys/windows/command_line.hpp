// A program's arguments as the one line that Windows has of them, and what it was given beside. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_HPP
#define NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_HPP

#include <string>
#include <string_view>

#include <net/detail/base/vec.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// As the C library of the program that is started takes it apart; the first is its name, which cannot have a quote.
NET_API std::string command_line_of(const Vec<std::string>& arguments);
NET_API void split_command_line(std::string_view line, Vec<std::string>& arguments);

/// The variables of this process, each with a NUL behind it, and others: sorted by name, one of each name, and these
/// are the ones that count. The end is a NUL.
NET_API std::wstring environment_with(const wchar_t* own, const Vec<std::wstring>& others);

/// False: it is no UTF-8, or has a NUL.
NET_API bool widen(std::string_view text, std::wstring& into);
NET_API std::string narrowed(const wchar_t* text);

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32

#include <net/detail/sys/windows/command_line.ipp>

#endif

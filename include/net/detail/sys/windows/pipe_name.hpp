// Names of pipes, and who may use them. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_NAME_HPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_NAME_HPP

#include <string_view>

#include <net/detail/sys/windows/system.hpp>
#include <net/detail/text/endpoint.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

/// A name as Windows takes it: `\\.\pipe\x` or `\\?\pipe\x`, at most 256 characters.
struct PipeName {
  wchar_t text[257] = {};

  /// 0, or a negated errno: EINVAL for a NUL, what is no UTF-8 or too long (S23.5), ENOENT for what is no pipe's name.
  int set(std::string_view path) noexcept;
};

/// Opens the client's end, or says why not: EBUSY if no instance is free at the moment, ENOTSOCK for what is no pipe.
NET_API win::Handle open_pipe(const PipeName& name, int& failed) noexcept;

/// Whether somebody serves the name.
NET_API bool pipe_exists(const PipeName& name) noexcept;

/// One instance of a server's; `first`: nobody else may serve the name.
NET_API win::Handle make_pipe(const PipeName& name, const PathMode& mode, bool first, int& failed) noexcept;

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/pipe_name.ipp>

#endif

// The calls of a POSIX system, with errors returned as negated errno values. Internal.
#ifndef NET_DETAIL_SYS_POSIX_CALLS_HPP
#define NET_DETAIL_SYS_POSIX_CALLS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <net/detail/base/cast.hpp>
#include <net/detail/io/native_handle.hpp>
#include <net/detail/text/endpoint.hpp>

#if !defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool would_block(int error) noexcept;

/// Repeats a call that a signal interrupted; its result, or the negated errno.
template <class Call>
NET_GNU(always_inline) inline auto retried(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) [[likely]]
      return result;
    if (errno != EINTR) return -errno;
  }
}

/// Nanoseconds of a clock that only goes forward.
NET_API std::uint64_t now_ns() noexcept;

// ── descriptors ────────────────────────────────────────────────────────────

NET_API void close_descriptor(NativeHandle fd) noexcept;

NET_API NativeHandle duplicate(NativeHandle fd) noexcept;

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept;

/// Non-blocking, closed on exec, and never the cause of a SIGPIPE.
NET_API int prepare(NativeHandle fd) noexcept;

/// A new stream socket, or a negated errno.
NET_API int open_socket(int domain) noexcept;

/// The next connection that waits on a listening descriptor, or a negated errno.
NET_API int accept_from(NativeHandle fd) noexcept;

/// A descriptor that is kept only to be given up when there are no others (S9.18). It has a file of its own, as a
/// duplicate has not, so that it helps against ENFILE too; a socket where there is no /dev/null.
NET_API int open_reserve() noexcept;

/// Why nothing was moved. After a signal the poller says when to try again, as after a full buffer.
NET_RARE std::ptrdiff_t nothing_moved() noexcept;

NET_API std::ptrdiff_t receive(NativeHandle fd, void* into, std::size_t size) noexcept;

NET_API std::ptrdiff_t send_one(NativeHandle fd, const void* from, std::size_t size) noexcept;

/// One send of up to `max_slices`.
NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

// ── descriptors of other kinds (S22) ───────────────────────────────────────

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept;

NET_API std::ptrdiff_t read_some(NativeHandle fd, void* into, std::size_t size) noexcept;

/// For what is no socket: no flag keeps SIGPIPE away there, so it is held back, and taken if it was ours.
NET_API std::ptrdiff_t write_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept;

NET_API int shutdown_write(NativeHandle fd) noexcept;

/// The error that waits on a socket; reading it takes it away.
NET_API int pending_error(NativeHandle fd) noexcept;

/// Makes close() send a reset (S17.12).
NET_API int reset_on_close(NativeHandle fd) noexcept;

// ── options ────────────────────────────────────────────────────────────────

NET_API int set_no_delay(NativeHandle fd, bool on) noexcept;

/// S18.12: a delay of 0 leaves the system's times alone; otherwise probes each second, ten of them.
NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept;

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept;

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept;

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#include <net/detail/sys/posix/calls.ipp>

#endif

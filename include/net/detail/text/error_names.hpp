// The tables behind net::Error: Node's name, message and kind of every code. Internal, but for net::Errc.
#ifndef NET_DETAIL_TEXT_ERROR_NAMES_HPP
#define NET_DETAIL_TEXT_ERROR_NAMES_HPP

#include <cerrno>
#include <string_view>
#include <system_error>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI {

/// The errors of the library itself. The system's are `std::errc`.
enum class Errc {
  ERR_SERVER_ALREADY_LISTEN = 1,
  ERR_SERVER_NOT_RUNNING,
  ERR_SOCKET_BAD_PORT,
  ERR_SOCKET_CLOSED,
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION,
  ERR_SOCKET_CONNECTION_TIMEOUT,
  ERR_INVALID_ADDRESS,
  ERR_INVALID_ADDRESS_FAMILY,
  ERR_INVALID_ARG_TYPE,
  ERR_INVALID_ARG_VALUE,
  ERR_INVALID_FD_TYPE,
  ERR_INVALID_HANDLE_TYPE,
  ERR_INVALID_IP_ADDRESS,
  ERR_INVALID_STATE,
  ERR_IPC_CHANNEL_CLOSED,
  ERR_IP_BLOCKED,
  ERR_MISSING_ARGS,
  ERR_OUT_OF_RANGE,
  ERR_STREAM_ALREADY_FINISHED,
  ERR_STREAM_CANNOT_PIPE,
  ERR_STREAM_DESTROYED,
  ERR_STREAM_PREMATURE_CLOSE,
  ERR_STREAM_PUSH_AFTER_EOF,
  ERR_STREAM_UNSHIFT_AFTER_END_EVENT,
  ERR_STREAM_WRITE_AFTER_END,
  ERR_TIMEOUT,  ///< a wait took longer than its `timeout`
  ERR_UNHANDLED_ERROR,
  ERR_UNKNOWN_ENCODING,
  ERR_ABORTED,            ///< Node's `ABORT_ERR`
  ERR_NO_LOOP,            ///< this thread has no loop
  ERR_LOOKUP_NOT_FOUND,   ///< `ENOTFOUND`: no such name, or no address for it
  ERR_LOOKUP_TRY_AGAIN,   ///< `EAI_AGAIN`: the name server did not answer
  ERR_LOOKUP_FAILED,      ///< `EAI_FAIL`: the name server refused
  ERR_LOOKUP_BAD_FAMILY,  ///< `EAI_FAMILY`
  ERR_LOOKUP_BAD_FLAGS,   ///< `EAI_BADFLAGS`
  ERR_LOOKUP_NO_MEMORY,   ///< `EAI_MEMORY`
  ERR_LOOKUP_OTHER        ///< `EAI_SYSTEM` and whatever else the resolver says
};

}  // namespace net::inline NET_ABI

// Before two of them are compared: behind `using namespace std;` that asks for it.
template <>
struct std::is_error_code_enum<net::Errc> : std::true_type {};

namespace net::inline NET_ABI {

namespace detail {

struct CodeRow {
  Errc code;
  std::string_view name, message, kind = "Error";
};

inline constexpr CodeRow code_rows[] = {
    {Errc::ERR_SERVER_ALREADY_LISTEN, "ERR_SERVER_ALREADY_LISTEN",
     "Listen method has been called more than once without closing."},
    {Errc::ERR_SERVER_NOT_RUNNING, "ERR_SERVER_NOT_RUNNING", "Server is not running."},
    {Errc::ERR_SOCKET_BAD_PORT, "ERR_SOCKET_BAD_PORT", "Port should be >= 0 and < 65536.", "RangeError"},
    {Errc::ERR_SOCKET_CLOSED, "ERR_SOCKET_CLOSED", "Socket is closed"},
    {Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION, "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
     "Socket closed before the connection was established"},
    {Errc::ERR_SOCKET_CONNECTION_TIMEOUT, "ERR_SOCKET_CONNECTION_TIMEOUT", "Socket connection timeout"},
    {Errc::ERR_INVALID_ADDRESS, "ERR_INVALID_ADDRESS", "Invalid socket address"},
    {Errc::ERR_INVALID_ADDRESS_FAMILY, "ERR_INVALID_ADDRESS_FAMILY", "Invalid address family", "RangeError"},
    {Errc::ERR_INVALID_ARG_TYPE, "ERR_INVALID_ARG_TYPE", "Invalid argument type", "TypeError"},
    {Errc::ERR_INVALID_ARG_VALUE, "ERR_INVALID_ARG_VALUE", "Invalid argument", "TypeError"},
    {Errc::ERR_INVALID_FD_TYPE, "ERR_INVALID_FD_TYPE", "Unsupported fd type: UNKNOWN", "TypeError"},
    {Errc::ERR_INVALID_HANDLE_TYPE, "ERR_INVALID_HANDLE_TYPE", "This handle type cannot be sent", "TypeError"},
    {Errc::ERR_INVALID_IP_ADDRESS, "ERR_INVALID_IP_ADDRESS", "Invalid IP address", "TypeError"},
    {Errc::ERR_INVALID_STATE, "ERR_INVALID_STATE", "Invalid state"},
    {Errc::ERR_IPC_CHANNEL_CLOSED, "ERR_IPC_CHANNEL_CLOSED", "Channel closed"},
    {Errc::ERR_IP_BLOCKED, "ERR_IP_BLOCKED", "IP is blocked by net.BlockList"},
    {Errc::ERR_MISSING_ARGS, "ERR_MISSING_ARGS", "The \"options\" or \"port\" or \"path\" argument must be specified",
     "TypeError"},
    {Errc::ERR_OUT_OF_RANGE, "ERR_OUT_OF_RANGE", "The value is out of range", "RangeError"},
    {Errc::ERR_STREAM_ALREADY_FINISHED, "ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished"},
    {Errc::ERR_STREAM_CANNOT_PIPE, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"},
    {Errc::ERR_STREAM_DESTROYED, "ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed"},
    {Errc::ERR_STREAM_PREMATURE_CLOSE, "ERR_STREAM_PREMATURE_CLOSE", "Premature close"},
    {Errc::ERR_STREAM_PUSH_AFTER_EOF, "ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF"},
    {Errc::ERR_STREAM_UNSHIFT_AFTER_END_EVENT, "ERR_STREAM_UNSHIFT_AFTER_END_EVENT",
     "stream.unshift() after end event"},
    {Errc::ERR_STREAM_WRITE_AFTER_END, "ERR_STREAM_WRITE_AFTER_END", "write after end"},
    {Errc::ERR_TIMEOUT, "ERR_TIMEOUT", "The operation timed out", "TimeoutError"},
    {Errc::ERR_UNHANDLED_ERROR, "ERR_UNHANDLED_ERROR", "Unhandled error."},
    {Errc::ERR_UNKNOWN_ENCODING, "ERR_UNKNOWN_ENCODING", "Unknown encoding", "TypeError"},
    {Errc::ERR_ABORTED, "ABORT_ERR", "The operation was aborted", "AbortError"},
    {Errc::ERR_NO_LOOP, "ERR_NO_LOOP", "This thread has no net::Loop; make one before using sockets on it"},
    {Errc::ERR_LOOKUP_NOT_FOUND, "ENOTFOUND", "not found"},
    {Errc::ERR_LOOKUP_TRY_AGAIN, "EAI_AGAIN", "try again"},
    {Errc::ERR_LOOKUP_FAILED, "EAI_FAIL", "failed"},
    {Errc::ERR_LOOKUP_BAD_FAMILY, "EAI_FAMILY", "family not supported"},
    {Errc::ERR_LOOKUP_BAD_FLAGS, "EAI_BADFLAGS", "bad flags"},
    {Errc::ERR_LOOKUP_NO_MEMORY, "EAI_MEMORY", "out of memory"},
    {Errc::ERR_LOOKUP_OTHER, "EAI_SYSTEM", "resolver error"},
};

constexpr CodeRow row_of(Errc code) noexcept {
  for (const CodeRow& row : code_rows) {
    if (row.code == code) return row;
  }
  return {code, "", "Unknown error", "Error"};
}

constexpr std::string_view name_of(Errc code) noexcept { return row_of(code).name; }
constexpr std::string_view message_of(Errc code) noexcept { return row_of(code).message; }
constexpr std::string_view kind_of(Errc code) noexcept { return row_of(code).kind; }

/// libuv's number of a failed lookup, which Node shows as `errno` (S3.7).
constexpr int lookup_number(Errc code) noexcept {
  switch (code) {
    case Errc::ERR_LOOKUP_NOT_FOUND: return -3008;
    case Errc::ERR_LOOKUP_TRY_AGAIN: return -3001;
    case Errc::ERR_LOOKUP_BAD_FLAGS: return -3002;
    case Errc::ERR_LOOKUP_FAILED: return -3004;
    case Errc::ERR_LOOKUP_BAD_FAMILY: return -3005;
    case Errc::ERR_LOOKUP_NO_MEMORY: return -3006;
    default: return -3014;
  }
}

struct SystemRow {
  int number;
  std::string_view name, description;
};

inline constexpr SystemRow system_rows[] = {
    {E2BIG, "E2BIG", "argument list too long"},
    {EACCES, "EACCES", "permission denied"},
    {EADDRINUSE, "EADDRINUSE", "address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    {EALREADY, "EALREADY", "connection already in progress"},
    {EBADF, "EBADF", "bad file descriptor"},
    {EBUSY, "EBUSY", "resource busy or locked"},
    {ECANCELED, "ECANCELED", "operation canceled"},
    {ECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {EDESTADDRREQ, "EDESTADDRREQ", "destination address required"},
    {EEXIST, "EEXIST", "file already exists"},
    {EFAULT, "EFAULT", "bad address in system call argument"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {EINTR, "EINTR", "interrupted system call"},
    {EINVAL, "EINVAL", "invalid argument"},
    {EIO, "EIO", "i/o error"},
    {EISCONN, "EISCONN", "socket is already connected"},
    {EISDIR, "EISDIR", "illegal operation on a directory"},
    {ELOOP, "ELOOP", "too many symbolic links encountered"},
    {EMFILE, "EMFILE", "too many open files"},
    {EMSGSIZE, "EMSGSIZE", "message too long"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ENETDOWN, "ENETDOWN", "network is down"},
    {ENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ENFILE, "ENFILE", "file table overflow"},
    {ENOBUFS, "ENOBUFS", "no buffer space available"},
    {ENODEV, "ENODEV", "no such device"},
    {ENOENT, "ENOENT", "no such file or directory"},
    {ENOMEM, "ENOMEM", "not enough memory"},
    {ENOPROTOOPT, "ENOPROTOOPT", "protocol not available"},
    {ENOSPC, "ENOSPC", "no space left on device"},
    {ENOSYS, "ENOSYS", "function not implemented"},
    {ENOTCONN, "ENOTCONN", "socket is not connected"},
    {ENOTDIR, "ENOTDIR", "not a directory"},
    {ENOTSOCK, "ENOTSOCK", "socket operation on non-socket"},
    {ENOTSUP, "ENOTSUP", "operation not supported on socket"},
    {EPERM, "EPERM", "operation not permitted"},
    {EPIPE, "EPIPE", "broken pipe"},
    {EPROTO, "EPROTO", "protocol error"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"},
    {EROFS, "EROFS", "read-only file system"},
    {ETIMEDOUT, "ETIMEDOUT", "connection timed out"},
    {ETXTBSY, "ETXTBSY", "text file is busy"},
#if EWOULDBLOCK != EAGAIN
    {EWOULDBLOCK, "EAGAIN", "resource temporarily unavailable"},
#endif
#if EOPNOTSUPP != ENOTSUP
    {EOPNOTSUPP, "ENOTSUP", "operation not supported on socket"},
#endif
};

constexpr SystemRow system_row(int number) noexcept {
  for (const SystemRow& row : system_rows) {
    if (row.number == number) return row;
  }
  return {number, "UNKNOWN", "unknown error"};
}

/// "ECONNREFUSED"; "UNKNOWN" for a number without a name, as in libuv.
constexpr std::string_view system_error_name(int number) noexcept { return system_row(number).name; }
/// S3.12: "connection refused".
constexpr std::string_view system_error_description(int number) noexcept { return system_row(number).description; }

}  // namespace detail
}  // namespace net::inline NET_ABI

#endif

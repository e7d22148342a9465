// net.hpp 0.1.0, all of it in one header. Copyright (c) 2026 The net.hpp authors.
// SPDX-License-Identifier: MIT
// Made by tools/amalgamate.py from the headers under include/: change those, not this.

// net.hpp: Node.js's `net` module for C++20.
#ifndef NET_HPP
#define NET_HPP

#define NET_VERSION_MAJOR 0
#define NET_VERSION_MINOR 1
#define NET_VERSION_PATCH 0

// An event name as a template argument. Internal: users write on<"data">(...).
#ifndef NET_DETAIL_FIXED_STRING_HPP
#define NET_DETAIL_FIXED_STRING_HPP

#include <cstddef>
#include <string_view>

namespace net {

/// A string literal that can be a template argument, as in `on<"data">`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(const char (&literal)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

}  // namespace net

#endif

// A move-only callable with room for three words. Internal; std::function costs 12,000 lines and wants copies.
#ifndef NET_DETAIL_FUNCTION_HPP
#define NET_DETAIL_FUNCTION_HPP

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

// The few atomic operations of the library, without the 6,000 lines of <atomic>. Internal.
#ifndef NET_DETAIL_ATOMIC_HPP
#define NET_DETAIL_ATOMIC_HPP

#if !defined(__GNUC__)
#include <atomic>
#endif

namespace net::detail {

/// A number that several threads may touch: a count of owners, a flag, a lock.
template <class T>
class Atomic {
 public:
  constexpr Atomic(T value = {}) noexcept : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

#if defined(__GNUC__)
  T load() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  T exchange(T value) noexcept { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_add(T value) noexcept { return __atomic_fetch_add(&value_, value, __ATOMIC_ACQ_REL); }
  T fetch_sub(T value) noexcept { return __atomic_fetch_sub(&value_, value, __ATOMIC_ACQ_REL); }

 private:
  T value_;
#else
  T load() const noexcept { return value_.load(std::memory_order_acquire); }
  void store(T value) noexcept { value_.store(value, std::memory_order_release); }
  T exchange(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }
  T fetch_add(T value) noexcept { return value_.fetch_add(value, std::memory_order_acq_rel); }
  T fetch_sub(T value) noexcept { return value_.fetch_sub(value, std::memory_order_acq_rel); }

 private:
  std::atomic<T> value_;
#endif
};

}  // namespace net::detail

#endif

namespace net::detail {

template <class Signature>
class Function;

/// Holds any callable for which `R(Args...)` works, move-only ones too. A callable of at most three
/// words that moves without throwing lives inside; a larger one on the heap. Calling an empty one is
/// undefined: test with `if (f)`.
template <class R, class... Args>
class Function<R(Args...)> {
  static constexpr std::size_t room = 3 * sizeof(void*);

  struct Operations {
    R (*call)(void*, Args&&...);
    void (*relocate)(void* from, void* to) noexcept;  // null: the bytes may be copied
    void (*destroy)(void*) noexcept;                  // null: nothing to do
  };

  template <class F>
  static constexpr bool fits = sizeof(F) <= room && alignof(F) <= alignof(void*) &&
                               std::is_nothrow_move_constructible_v<F>;

  template <class F>
  struct Inside {
    static R call(void* at, Args&&... args) { return static_cast<R>((*static_cast<F*>(at))(std::forward<Args>(args)...)); }
    static void relocate(void* from, void* to) noexcept {
      ::new (to) F(std::move(*static_cast<F*>(from)));
      static_cast<F*>(from)->~F();
    }
    static void destroy(void* at) noexcept { static_cast<F*>(at)->~F(); }
    static constexpr bool plain = std::is_trivially_copyable_v<F>;
    static constexpr Operations operations{call, plain ? nullptr : relocate, plain ? nullptr : destroy};
  };

  template <class F>
  struct Outside {
    static R call(void* at, Args&&... args) { return static_cast<R>((**static_cast<F**>(at))(std::forward<Args>(args)...)); }
    static void destroy(void* at) noexcept { delete *static_cast<F**>(at); }
    static constexpr Operations operations{call, nullptr, destroy};
  };

 public:
  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Function> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  Function(F&& f) {
    using Callable = std::decay_t<F>;
    if constexpr (fits<Callable>) {
      ::new (static_cast<void*>(room_)) Callable(std::forward<F>(f));
      operations_ = &Inside<Callable>::operations;
    } else {
      ::new (static_cast<void*>(room_)) Callable*(new Callable(std::forward<F>(f)));
      operations_ = &Outside<Callable>::operations;
    }
  }

  Function(Function&& other) noexcept { take(other); }
  Function& operator=(Function&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Function() { reset(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }
  R operator()(Args... args) const { return operations_->call(room_, std::forward<Args>(args)...); }

  void reset() noexcept {
    if (const Operations* old = std::exchange(operations_, nullptr); old && old->destroy) old->destroy(room_);
  }

 private:
  void take(Function& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (!operations_) return;
    if (operations_->relocate) {
      operations_->relocate(other.room_, room_);
    } else {
      for (std::size_t i = 0; i < room; ++i) room_[i] = other.room_[i];
    }
  }

  alignas(void*) mutable unsigned char room_[room];
  const Operations* operations_ = nullptr;
};

/// A callable that may be copied: all copies are the same object. For options, which users keep and reuse.
template <class Signature>
class SharedFunction;

template <class R, class... Args>
class SharedFunction<R(Args...)> {
  struct Shared {
    Function<R(Args...)> call;
    Atomic<std::size_t> owners{1};
  };

 public:
  SharedFunction() noexcept = default;
  SharedFunction(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, SharedFunction> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  SharedFunction(F&& f) : shared_(new Shared{Function<R(Args...)>(std::forward<F>(f))}) {}

  SharedFunction(const SharedFunction& other) noexcept : shared_(other.shared_) {
    if (shared_) shared_->owners.fetch_add(1);
  }
  SharedFunction(SharedFunction&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  SharedFunction& operator=(SharedFunction other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~SharedFunction() {
    if (shared_ && shared_->owners.fetch_sub(1) == 1) delete shared_;
  }

  explicit operator bool() const noexcept { return shared_ != nullptr; }
  R operator()(Args... args) const { return shared_->call(std::forward<Args>(args)...); }

 private:
  Shared* shared_ = nullptr;
};

}  // namespace net::detail

namespace net {

/// The type of the callables in option structs: like `std::function`, but copies are the same object.
template <class Signature>
using function = detail::SharedFunction<Signature>;

}  // namespace net

#endif

// What can go wrong, in one shape: net::Error carries Node's code, Node's message and a std::error_code.
#ifndef NET_ERROR_HPP
#define NET_ERROR_HPP

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The tables behind net::Error: Node's name, message and kind of every code. Internal, but for net::Errc.
#ifndef NET_DETAIL_ERROR_NAMES_HPP
#define NET_DETAIL_ERROR_NAMES_HPP

#include <cerrno>
#include <string_view>

namespace net {

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
  ERR_UNHANDLED_ERROR,
  ERR_UNKNOWN_ENCODING,
  ERR_ABORTED,              ///< Node's `ABORT_ERR`
  ERR_NO_LOOP,              ///< this thread has no loop
  ERR_LOOKUP_NOT_FOUND,     ///< `ENOTFOUND`: no such name, or no address for it
  ERR_LOOKUP_TRY_AGAIN,     ///< `EAI_AGAIN`: the name server did not answer
  ERR_LOOKUP_FAILED,        ///< `EAI_FAIL`: the name server refused
  ERR_LOOKUP_BAD_FAMILY,    ///< `EAI_FAMILY`
  ERR_LOOKUP_BAD_FLAGS,     ///< `EAI_BADFLAGS`
  ERR_LOOKUP_NO_MEMORY,     ///< `EAI_MEMORY`
  ERR_LOOKUP_OTHER          ///< `EAI_SYSTEM` and whatever else the resolver says
};

namespace detail {

struct CodeRow {
  Errc code;
  std::string_view name, message, kind = "Error";
};

inline constexpr CodeRow code_rows[] = {
    {Errc::ERR_SERVER_ALREADY_LISTEN, "ERR_SERVER_ALREADY_LISTEN", "Listen method has been called more than once without closing."},
    {Errc::ERR_SERVER_NOT_RUNNING, "ERR_SERVER_NOT_RUNNING", "Server is not running."},
    {Errc::ERR_SOCKET_BAD_PORT, "ERR_SOCKET_BAD_PORT", "Port should be >= 0 and < 65536.", "RangeError"},
    {Errc::ERR_SOCKET_CLOSED, "ERR_SOCKET_CLOSED", "Socket is closed"},
    {Errc::ERR_SOCKET_CLOSED_BEFORE_CONNECTION, "ERR_SOCKET_CLOSED_BEFORE_CONNECTION", "Socket closed before the connection was established"},
    {Errc::ERR_SOCKET_CONNECTION_TIMEOUT, "ERR_SOCKET_CONNECTION_TIMEOUT", "Socket connection timeout"},
    {Errc::ERR_INVALID_ADDRESS, "ERR_INVALID_ADDRESS", "Invalid socket address"},
    {Errc::ERR_INVALID_ADDRESS_FAMILY, "ERR_INVALID_ADDRESS_FAMILY", "Invalid address family", "RangeError"},
    {Errc::ERR_INVALID_ARG_TYPE, "ERR_INVALID_ARG_TYPE", "Invalid argument type", "TypeError"},
    {Errc::ERR_INVALID_ARG_VALUE, "ERR_INVALID_ARG_VALUE", "Invalid argument", "TypeError"},
    {Errc::ERR_INVALID_FD_TYPE, "ERR_INVALID_FD_TYPE", "Unsupported fd type: UNKNOWN", "TypeError"},
    {Errc::ERR_INVALID_HANDLE_TYPE, "ERR_INVALID_HANDLE_TYPE", "This handle type cannot be sent", "TypeError"},
    {Errc::ERR_INVALID_IP_ADDRESS, "ERR_INVALID_IP_ADDRESS", "Invalid IP address", "TypeError"},
    {Errc::ERR_INVALID_STATE, "ERR_INVALID_STATE", "Invalid state"},
    {Errc::ERR_IP_BLOCKED, "ERR_IP_BLOCKED", "IP is blocked by net.BlockList"},
    {Errc::ERR_MISSING_ARGS, "ERR_MISSING_ARGS", "The \"options\" or \"port\" or \"path\" argument must be specified", "TypeError"},
    {Errc::ERR_OUT_OF_RANGE, "ERR_OUT_OF_RANGE", "The value is out of range", "RangeError"},
    {Errc::ERR_STREAM_ALREADY_FINISHED, "ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished"},
    {Errc::ERR_STREAM_CANNOT_PIPE, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"},
    {Errc::ERR_STREAM_DESTROYED, "ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed"},
    {Errc::ERR_STREAM_PREMATURE_CLOSE, "ERR_STREAM_PREMATURE_CLOSE", "Premature close"},
    {Errc::ERR_STREAM_PUSH_AFTER_EOF, "ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF"},
    {Errc::ERR_STREAM_UNSHIFT_AFTER_END_EVENT, "ERR_STREAM_UNSHIFT_AFTER_END_EVENT", "stream.unshift() after end event"},
    {Errc::ERR_STREAM_WRITE_AFTER_END, "ERR_STREAM_WRITE_AFTER_END", "write after end"},
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
}  // namespace net

#endif

namespace net {

class Error;

namespace detail {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "net"; }
  std::string message(int value) const override { return std::string(name_of(static_cast<Errc>(value))); }
};

/// What an Error says; shared by its copies, never changed after it was made.
struct ErrorText {
  std::string message, syscall, address, local_address, host;
  std::string_view name, kind = "Error";
  int number = 0;
  int port = -1;
  int local_port = -1;
  std::vector<Error> attempts;
  Atomic<std::size_t> owners{1};
};

}  // namespace detail

/// The category of `Errc`; errors of the system are in `std::generic_category()`, on every platform.
inline const std::error_category& error_category() noexcept {
  static const detail::Category category;
  return category;
}

inline std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), error_category()}; }

/// An error as Node shows it. `code()` compares with `std::errc` (errors of the system) and with
/// `net::Errc` (errors of the library); `what()` is Node's message. Copying is cheap and never throws.
class Error : public std::system_error {
 public:
  /// No error: what a callback gets on success.
  Error() : std::system_error(std::error_code{}) {}

  /// An error of the library or of the program, with a message of its own.
  explicit Error(Errc code, std::string message = {}) : Error(make_error_code(code), std::move(message)) {}

  /// Any error code with a message; the code's own text if the message is empty.
  explicit Error(std::error_code code, std::string message = {}) : std::system_error(code), text_(new detail::ErrorText) {
    text_->name = code.category() == error_category() ? detail::name_of(static_cast<Errc>(code.value()))
                                                      : detail::system_error_name(code.value());
    text_->message = message.empty() ? code.message() : std::move(message);
  }

  /// An error of the program with nothing but a message, for `destroy()`.
  explicit Error(std::string message) : std::system_error(std::error_code{}), text_(new detail::ErrorText) {
    text_->message = std::move(message);
  }

  Error(std::error_code code, detail::ErrorText* text) noexcept : std::system_error(code), text_(text) {}

  Error(const Error& other) noexcept : std::system_error(other), text_(other.text_) {
    if (text_) text_->owners.fetch_add(1);
  }
  Error& operator=(const Error& other) noexcept {
    if (other.text_) other.text_->owners.fetch_add(1);
    release();
    std::system_error::operator=(other);
    text_ = other.text_;
    return *this;
  }
  ~Error() override { release(); }

  /// Node's `code`: "ECONNREFUSED", "ERR_SOCKET_CLOSED"; "" if the error has none.
  std::string_view name() const noexcept { return text_ ? text_->name : std::string_view{}; }
  /// Node's `name`: "Error", "TypeError", "RangeError", "AggregateError" or "AbortError".
  std::string_view kind() const noexcept { return text_ ? text_->kind : std::string_view{}; }
  /// The system call that failed: "connect", "listen", "read", …; "" if none did.
  std::string_view syscall() const noexcept { return text_ ? std::string_view(text_->syscall) : std::string_view{}; }
  /// The address or the path it was about, "" if none.
  std::string_view address() const noexcept { return text_ ? std::string_view(text_->address) : std::string_view{}; }
  /// The port it was about, -1 if none.
  int port() const noexcept { return text_ ? text_->port : -1; }
  /// The local end that was asked for, if the connection failed later; "" and -1 if none.
  std::string_view localAddress() const noexcept { return text_ ? std::string_view(text_->local_address) : std::string_view{}; }
  int localPort() const noexcept { return text_ ? text_->local_port : -1; }
  /// The name that was looked up, "" unless the lookup failed.
  std::string_view hostname() const noexcept { return text_ ? std::string_view(text_->host) : std::string_view{}; }
  /// Node's `errno`: the system's number negated, libuv's for a lookup, 0 for errors of the library.
  int number() const noexcept { return text_ ? text_->number : 0; }
  /// The errors of the attempts, in order, if this is an AggregateError. Valid as long as the error or a copy.
  std::span<const Error> errors() const noexcept {
    return text_ ? std::span<const Error>(text_->attempts) : std::span<const Error>{};
  }
  /// False: no error.
  explicit operator bool() const noexcept { return text_ != nullptr; }
  /// Node's message: "connect ECONNREFUSED 127.0.0.1:1".
  const char* what() const noexcept override { return text_ ? text_->message.c_str() : ""; }

 private:
  void release() noexcept {
    if (text_ && text_->owners.fetch_sub(1) == 1) delete text_;
  }

  detail::ErrorText* text_ = nullptr;
};

namespace detail {

/// The one place that throws. Without exceptions it prints the message and ends the program.
[[noreturn]] inline void raise(const Error& error) {
#if defined(__cpp_exceptions)
  throw error;
#else
  std::fprintf(stderr, "net: %s\n", error.what());
  std::abort();
#endif
}

/// "127.0.0.1:80", or only the address if there is no port above 0 (S3.2).
inline std::string with_port(std::string_view address, int port) {
  std::string text(address);
  if (port > 0) text.append(":").append(std::to_string(port));
  return text;
}

inline ErrorText* system_text(int number, std::string_view syscall) {
  auto* text = new ErrorText;
  text->name = system_error_name(number);
  text->syscall = syscall;
  text->number = -number;
  text->message.append(syscall).append(" ").append(text->name);
  return text;
}

/// S3.1: "read ECONNRESET".
inline Error system_failure(int number, std::string_view syscall) {
  return {std::error_code(number, std::generic_category()), system_text(number, syscall)};
}

/// S3.2: "connect ECONNREFUSED 127.0.0.1:1"; `bind` alike.
inline Error address_failure(int number, std::string_view syscall, std::string_view address, int port) {
  ErrorText* text = system_text(number, syscall);
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port > 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.3, S3.4: the same, with the local end at the end of the message; `asked` keeps it as fields too.
inline Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
                           std::string_view local_address, int local_port, bool asked) {
  ErrorText* text = system_text(number, syscall);
  text->message.append(" ").append(with_port(address, port));
  text->message.append(" - Local (").append(local_address).append(":").append(std::to_string(local_port)).append(")");
  text->address = address;
  if (port > 0) text->port = port;
  if (asked) {
    text->local_address = local_address;
    text->local_port = local_port;
  }
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.5: "listen EADDRINUSE: address already in use 127.0.0.1:3000".
inline Error listen_failure(int number, std::string_view address, int port) {
  ErrorText* text = system_text(number, "listen");
  text->message.append(": ").append(system_error_description(number));
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port != 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.7: "getaddrinfo ENOTFOUND nowhere.invalid".
inline Error lookup_failure(Errc code, std::string_view host) {
  auto* text = new ErrorText;
  text->name = name_of(code);
  text->syscall = "getaddrinfo";
  text->host = host;
  text->number = lookup_number(code);
  text->message.append("getaddrinfo ").append(text->name).append(" ").append(host);
  return {make_error_code(code), text};
}

/// S3.8: the failures of all attempts as one error with an empty message and the code of the first.
inline Error aggregate_failure(std::vector<Error> attempts) {
  auto* text = new ErrorText;
  text->kind = "AggregateError";
  text->name = attempts.front().name();
  const std::error_code code = attempts.front().code();
  text->attempts = std::move(attempts);
  return {code, text};
}

/// An error of the library in Node's words; the kind is Node's `name`.
inline Error coded(Errc code, std::string message) {
  auto* text = new ErrorText;
  text->name = name_of(code);
  text->kind = kind_of(code);
  text->message = std::move(message);
  return {make_error_code(code), text};
}

/// The same with the fixed message that belongs to the code (S3.10).
inline Error coded(Errc code) { return coded(code, std::string(message_of(code))); }

inline Error invalid_value(std::string_view name, std::string_view reason, std::string_view received) {
  std::string message = name.find('.') == std::string_view::npos ? "The argument '" : "The property '";
  message.append(name).append("' ").append(reason).append(". Received ").append(received);
  return coded(Errc::ERR_INVALID_ARG_VALUE, std::move(message));
}

inline Error out_of_range(std::string_view name, std::string_view range, std::string_view received) {
  std::string message = "The value of \"";
  message.append(name).append("\" is out of range. It must be ").append(range).append(". Received ").append(received);
  return coded(Errc::ERR_OUT_OF_RANGE, std::move(message));
}

inline Error bad_port(std::string_view name, long long value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type number (").append(std::to_string(value)).append(").");
  return coded(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

/// S16.8: what a write gets after the other side's end was answered. EPIPE, but not from the system.
inline Error ended_by_other_party() {
  auto* text = new ErrorText;
  text->name = "EPIPE";
  text->message = "This socket has been ended by the other party";
  return {std::error_code(EPIPE, std::generic_category()), text};
}

}  // namespace detail
}  // namespace net

template <>
struct std::is_error_code_enum<net::Errc> : std::true_type {};

#endif

#endif

// What can go wrong, in one shape: net::Error carries Node's code, Node's message and a std::error_code.
#ifndef NET_ERROR_HPP
#define NET_ERROR_HPP

#include <concepts>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <net/detail/base/abi.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/text/error_names.hpp>

namespace net::inline NET_ABI {

class Error;

namespace detail {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "net"; }
  NET_API std::string message(int value) const override;
};

struct ErrorText;
class NewText;

}  // namespace detail

/// The category of `Errc`; errors of the system are in `std::generic_category()`, on every platform.
NET_API const std::error_category& error_category() noexcept;

/// The `std::error_code` of a code of the library. So `error.code() == net::Errc::ERR_TIMEOUT` works.
NET_API std::error_code make_error_code(Errc code) noexcept;

/// An error as Node shows it. `code()` compares with `std::errc` (errors of the system) and with
/// `net::Errc` (errors of the library); `what()` is Node's message. Copying is cheap and never throws. Texts that the
/// members give are views, valid as long as the error or a copy of it.
class Error : public std::system_error {
 public:
  /// No error: what a callback gets on success.
  Error() : std::system_error(std::error_code{}) {}

  /// An error of the library or of the program, with a message of its own.
  explicit Error(Errc code, std::string message = {}) : Error(make_error_code(code), std::move(message)) {}

  /// Any error code with a message; the code's own text if the message is empty.
  explicit Error(std::error_code code, std::string message = {});

  /// An error of the program with nothing but a message: `socket.destroy("no such user")`, `promise.reject("gone")`.
  Error(const char* message) : Error(std::string(message)) {}
  Error(std::string message);
  Error(std::nullptr_t) = delete;

  /// Takes the text over once nothing can fail any more: the base class copies the code's own text.
  Error(std::error_code code, detail::NewText& text);

  Error(const Error& other) noexcept;
  Error& operator=(const Error& other) noexcept;
  ~Error() override { release(); }

  /// Node's `code`: "ECONNREFUSED", "ERR_SOCKET_CLOSED"; "" if the error has none.
  std::string_view name() const noexcept;
  /// Node's `name`: "Error", "TypeError", "RangeError", "SyntaxError", "AggregateError", "AbortError" or
  /// "TimeoutError".
  std::string_view kind() const noexcept;
  /// The system call that failed: "connect", "listen", "read", …; "" if none did.
  std::string_view syscall() const noexcept;
  /// The address or the path it was about, "" if none.
  std::string_view address() const noexcept;
  /// The port it was about, -1 if none.
  int port() const noexcept;
  /// The local end that was asked for, if the connection failed later; "" and -1 if none.
  std::string_view localAddress() const noexcept;
  int localPort() const noexcept;
  /// The name that was looked up, "" unless the lookup failed.
  std::string_view hostname() const noexcept;
  /// Node's `errno`: the system's number negated, libuv's for a lookup, 0 for errors of the library.
  int number() const noexcept;
  /// The errors of the attempts, in order, if this is an AggregateError. Valid as long as the error or a copy.
  std::span<const Error> errors() const noexcept;
  /// Why it was called off: the signal's reason, if this is an AbortError (S3.9); no error otherwise.
  Error cause() const;
  /// False: no error.
  explicit operator bool() const noexcept { return text_ != nullptr; }
  /// Node's message: "connect ECONNREFUSED 127.0.0.1:1".
  NET_API const char* what() const noexcept override;

 private:
  void release() noexcept;

  detail::ErrorText* text_ = nullptr;
};

/// Its message, on whatever takes text.
template <class Stream, std::same_as<Error> E>
auto operator<<(Stream& to, const E& error) -> decltype(to << error.what()) {
  return to << error.what();
}

namespace detail {

/// The one place that throws. Without exceptions it prints the message and ends the program.
[[noreturn]] NET_API void throw_error(const Error& error);

/// What a callback gets on success. One for all: an exception object of the standard library is never cheap to make,
/// and every loop makes sure that it is there.
NET_API const Error& no_error();

/// A path as a message shows it: what() ends at the first NUL, and abstract names begin with one.
NET_API std::string escape_nul(std::string_view path);

/// A text as Node's messages quote it.
NET_API std::string quoted(std::string_view given);

/// "127.0.0.1:80", or only the address if there is no port above 0 (S3.2).
NET_API std::string with_port(std::string_view address, int port);

NET_API NewText system_text(int number, std::string_view syscall);

/// S3.1: "read ECONNRESET".
NET_API Error system_failure(int number, std::string_view syscall);

/// S3.2: "connect ECONNREFUSED 127.0.0.1:1"; `bind` alike.
NET_API Error address_failure(int number, std::string_view syscall, std::string_view address, int port);

/// S3.3, S3.4: the same, with the local end at the end of the message; `asked` keeps it as fields too.
NET_API Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
                            std::string_view local_address, int local_port, bool asked);

/// S3.5: "listen EADDRINUSE: address already in use 127.0.0.1:3000".
NET_API Error listen_failure(int number, std::string_view address, int port);

/// S3.7: "getaddrinfo ENOTFOUND nowhere.invalid".
NET_API Error lookup_failure(Errc code, std::string_view host);

/// The same with an error of the system's: "getaddrinfo EAGAIN somewhere.test" (S32.3).
NET_API Error lookup_failure(int number, std::string_view host);

/// S3.8: the failures of all attempts as one error with an empty message and the code of the first.
NET_API Error aggregate_failure(Vec<Error>&& attempts, std::string_view message = {});

NET_API NewText coded_text(Errc code, std::string message);

/// An error of the library in Node's words; the kind is Node's `name`.
NET_API Error make_error(Errc code, std::string message);

/// The same with the fixed message that belongs to the code (S3.10).
NET_API Error make_error(Errc code);

/// S3.9: what is destroyed by a signal, with the signal's reason as its cause.
NET_API Error abort_failure(const Error& reason);

NET_API Error invalid_value(std::string_view name, std::string_view reason, std::string_view received);

/// "12" or "0.5": a number as JavaScript shows it.
NET_API std::string number_text(double value);

NET_API Error out_of_range(std::string_view name, std::string_view range, std::string_view received);

NET_API Error bad_port(std::string_view name, long long value);

NET_API Error bad_port(std::string_view name, std::string_view value);

/// A host with a NUL would be cut there, and what it begins with is not what was meant.
NET_API bool has_nul(std::string_view host) noexcept;
NET_API Error nul_in_host(std::string_view host);

NET_API Error bad_ip(std::string_view text);

/// S12.11: a lookup's answer, with the name and the port that it was for.
NET_API Error bad_family(int family, std::string_view host, int port);

/// What somebody has thrown, as an Error: itself, the text of an exception of another type, or else this one.
NET_API Error error_of(const std::exception_ptr& thrown, const char* otherwise);

/// What an end() gets after destroy(); a write gets the text of the code itself.
NET_API Error end_after_destroy();

/// S16.8: what a write gets after the other side's end was answered. EPIPE, but not from the system.
NET_API Error ended_by_other_party();

}  // namespace detail
}  // namespace net::inline NET_ABI

#include <net/error.ipp>

#endif

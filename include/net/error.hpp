// What can go wrong, in one shape: net::Error carries Node's code, Node's message and a std::error_code.
#ifndef NET_ERROR_HPP
#define NET_ERROR_HPP

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <net/detail/base/atomic.hpp>
#include <net/detail/text/error_names.hpp>

namespace net::inline NET_ABI {

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
  std::vector<Error> cause;  // none or one
  Atomic<std::size_t> owners{1};
};

/// A text that is being written; deleted unless an Error has taken it over. Made and deleted where Error is known,
/// since clang++ 14 wants to know what a vector holds by then.
class NewText {
 public:
  NewText();
  NewText(NewText&& other) noexcept : text_(std::exchange(other.text_, nullptr)) {}
  ~NewText();
  ErrorText* operator->() const noexcept { return text_; }
  ErrorText* release() noexcept { return std::exchange(text_, nullptr); }

 private:
  ErrorText* text_;
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
  explicit Error(std::error_code code, std::string message = {})
      : std::system_error(code) {
    if (message.empty()) message = code.message();
    text_ = new detail::ErrorText;
    text_->name = code.category() == error_category() ? detail::name_of(static_cast<Errc>(code.value()))
                                                      : detail::system_error_name(code.value());
    text_->message = std::move(message);
  }

  /// An error of the program with nothing but a message, for `destroy()`.
  explicit Error(std::string message) : std::system_error(std::error_code{}), text_(new detail::ErrorText) {
    text_->message = std::move(message);
  }

  /// Takes the text over once nothing can fail any more: the base class copies the code's own text.
  Error(std::error_code code, detail::NewText& text);

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
  std::string_view localAddress() const noexcept {
    return text_ ? std::string_view(text_->local_address) : std::string_view{};
  }
  int localPort() const noexcept { return text_ ? text_->local_port : -1; }
  /// The name that was looked up, "" unless the lookup failed.
  std::string_view hostname() const noexcept { return text_ ? std::string_view(text_->host) : std::string_view{}; }
  /// Node's `errno`: the system's number negated, libuv's for a lookup, 0 for errors of the library.
  int number() const noexcept { return text_ ? text_->number : 0; }
  /// The errors of the attempts, in order, if this is an AggregateError. Valid as long as the error or a copy.
  std::span<const Error> errors() const noexcept {
    return text_ ? std::span<const Error>(text_->attempts) : std::span<const Error>{};
  }
  /// Why it was called off: the signal's reason, if this is an AbortError (S3.9); no error otherwise.
  Error cause() const { return text_ && !text_->cause.empty() ? text_->cause.front() : Error(); }
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

inline Error::Error(std::error_code code, detail::NewText& text) : std::system_error(code), text_(text.release()) {}

namespace detail {

inline NewText::NewText() : text_(new ErrorText) {}
inline NewText::~NewText() { delete text_; }

/// The one place that throws. Without exceptions it prints the message and ends the program.
[[noreturn]] inline void throw_error(const Error& error) {
#if defined(__cpp_exceptions)
  throw error;
#else
  std::fprintf(stderr, "net: %s\n", error.what());
  std::abort();
#endif
}

/// What a callback gets on success. One for all: an exception object of the standard library is never cheap to make,
/// and every loop makes sure that it is there.
inline const Error& no_error() {
  alignas(Error) static unsigned char storage[sizeof(Error)];
  static const Error* const none = ::new (static_cast<void*>(storage)) Error;  // outlives every static object
  return *none;
}

/// A path as a message shows it: what() ends at the first NUL, and abstract names begin with one.
inline std::string escape_nul(std::string_view path) {
  std::string text;
  for (const char byte : path) byte == '\0' ? text.append("\\0") : text.append(1, byte);
  return text;
}

/// A text as Node's messages quote it.
inline std::string quoted(std::string_view given) {
  std::string text = "'";
  for (const char byte : given) byte == '\0' ? text.append("\\x00") : text.append(1, byte);
  return text.append("'");
}

/// "127.0.0.1:80", or only the address if there is no port above 0 (S3.2).
inline std::string with_port(std::string_view address, int port) {
  std::string text = escape_nul(address);
  if (port > 0) text.append(":").append(std::to_string(port));
  return text;
}

inline NewText system_text(int number, std::string_view syscall) {
  NewText text;
  text->name = system_error_name(number);
  text->syscall = syscall;
  text->number = -number;
  text->message.append(syscall).append(" ").append(text->name);
  return text;
}

/// S3.1: "read ECONNRESET".
inline Error system_failure(int number, std::string_view syscall) {
  NewText text = system_text(number, syscall);
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.2: "connect ECONNREFUSED 127.0.0.1:1"; `bind` alike.
inline Error address_failure(int number, std::string_view syscall, std::string_view address, int port) {
  NewText text = system_text(number, syscall);
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port > 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.3, S3.4: the same, with the local end at the end of the message; `asked` keeps it as fields too.
inline Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
                           std::string_view local_address, int local_port, bool asked) {
  NewText text = system_text(number, syscall);
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
  NewText text = system_text(number, "listen");
  text->message.append(": ").append(system_error_description(number));
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port != 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.7: "getaddrinfo ENOTFOUND nowhere.invalid".
inline Error lookup_failure(Errc code, std::string_view host) {
  NewText text;
  text->name = name_of(code);
  text->syscall = "getaddrinfo";
  text->host = host;
  text->number = lookup_number(code);
  text->message.append("getaddrinfo ").append(text->name).append(" ").append(host);
  return {make_error_code(code), text};
}

/// The same with an error of the system's: "getaddrinfo EAGAIN somewhere.test" (S32.3).
inline Error lookup_failure(int number, std::string_view host) {
  NewText text = system_text(number, "getaddrinfo");
  text->host = host;
  text->message.append(" ").append(escape_nul(host));
  return {std::error_code(number, std::generic_category()), text};
}

/// S3.8: the failures of all attempts as one error with an empty message and the code of the first.
inline Error aggregate_failure(std::vector<Error> attempts) {
  NewText text;
  text->kind = "AggregateError";
  text->name = attempts.front().name();
  const std::error_code code = attempts.front().code();
  text->attempts = std::move(attempts);
  return {code, text};
}

inline NewText coded_text(Errc code, std::string message) {
  NewText text;
  text->name = name_of(code);
  text->kind = kind_of(code);
  text->message = std::move(message);
  return text;
}

/// An error of the library in Node's words; the kind is Node's `name`.
inline Error make_error(Errc code, std::string message) {
  NewText text = coded_text(code, std::move(message));
  return {make_error_code(code), text};
}

/// The same with the fixed message that belongs to the code (S3.10).
inline Error make_error(Errc code) { return make_error(code, std::string(message_of(code))); }

/// S3.9: what is destroyed by a signal, with the signal's reason as its cause.
inline Error abort_failure(const Error& reason) {
  NewText text = coded_text(Errc::ERR_ABORTED, std::string(message_of(Errc::ERR_ABORTED)));
  text->cause.push_back(reason);
  return {make_error_code(Errc::ERR_ABORTED), text};
}

inline Error invalid_value(std::string_view name, std::string_view reason, std::string_view received) {
  std::string message = name.find('.') == std::string_view::npos ? "The argument '" : "The property '";
  message.append(name).append("' ").append(reason).append(". Received ").append(received);
  return make_error(Errc::ERR_INVALID_ARG_VALUE, std::move(message));
}

/// "12" or "0.5": a number as JavaScript shows it.
inline std::string number_text(double value) {
  if (value != value) return "NaN";
  if (!(value < 1e15 && value > -1e15)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == static_cast<double>(static_cast<long long>(value))) return std::to_string(static_cast<long long>(value));
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

inline Error out_of_range(std::string_view name, std::string_view range, std::string_view received) {
  std::string message = "The value of \"";
  message.append(name).append("\" is out of range. It must be ").append(range).append(". Received ").append(received);
  return make_error(Errc::ERR_OUT_OF_RANGE, std::move(message));
}

inline Error bad_port(std::string_view name, long long value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type number (").append(std::to_string(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

inline Error bad_port(std::string_view name, std::string_view value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type string (").append(quoted(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

/// A host with a NUL would be cut there, and what it begins with is not what was meant.
inline bool has_nul(std::string_view host) noexcept { return host.find('\0') != std::string_view::npos; }
inline Error nul_in_host(std::string_view host) {
  return invalid_value("options.host", "must be a string without null bytes", quoted(host));
}

inline Error bad_ip(std::string_view text) {
  return make_error(Errc::ERR_INVALID_IP_ADDRESS, "Invalid IP address: " + escape_nul(text));
}

/// S12.11: a lookup's answer, with the name and the port that it was for.
inline Error bad_family(int family, std::string_view host, int port) {
  std::string message = "Invalid address family: " + std::to_string(family) + " ";
  message.append(escape_nul(host)).append(":").append(std::to_string(port));
  NewText text = coded_text(Errc::ERR_INVALID_ADDRESS_FAMILY, std::move(message));
  text->host = host;
  text->port = port;
  return {make_error_code(Errc::ERR_INVALID_ADDRESS_FAMILY), text};
}

/// S16.8: what a write gets after the other side's end was answered. EPIPE, but not from the system.
inline Error ended_by_other_party() {
  NewText text;
  text->name = "EPIPE";
  text->message = "This socket has been ended by the other party";
  return {std::error_code(EPIPE, std::generic_category()), text};
}

}  // namespace detail
}  // namespace net::inline NET_ABI

template <>
struct std::is_error_code_enum<net::Errc> : std::true_type {};

#endif

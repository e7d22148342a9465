// The bodies of error.hpp. Internal.
#ifndef NET_ERROR_IPP
#define NET_ERROR_IPP

#include <net/error.hpp>

#if NET_BODIES

#include <cstdio>
#include <cstdlib>
#include <new>

#include <net/detail/base/atomic.hpp>

namespace net::inline NET_ABI::detail {

/// What an Error says; shared by its copies, never changed after it was made.
struct ErrorText {
  std::string message, syscall, address, local_address, host;
  std::string_view name, kind = "Error";
  int number = 0;
  int port = -1;
  int local_port = -1;
  Vec<Error> attempts;
  Vec<Error> cause;  // none or one
  Atomic<std::size_t> owners{1};
};

/// A text that is being written; deleted unless an Error has taken it over. Made and deleted where Error is known,
/// since clang++ 14 wants to know what a vector holds by then.
class NewText {
 public:
  NewText();
  NewText(NewText&& other) noexcept : text_(other.release()) {}
  ~NewText();
  ErrorText* operator->() const noexcept { return text_; }
  ErrorText* release() noexcept {
    ErrorText* const text = text_;
    text_ = nullptr;
    return text;
  }

 private:
  ErrorText* text_;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

NET_API const std::error_category& error_category() noexcept {
  static const detail::Category category;
  detail::link_one_way_only();
  return category;
}

NET_API std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), error_category()}; }

NET_API Error::Error(std::error_code code, std::string message) : std::system_error(code) {
  if (message.empty()) message = code.message();
  text_ = new detail::ErrorText;
  text_->name = code.category() == error_category() ? detail::name_of(static_cast<Errc>(code.value()))
                                                    : detail::system_error_name(code.value());
  text_->message = std::move(message);
}

NET_API Error& Error::operator=(const Error& other) noexcept {
  if (other.text_) other.text_->owners.fetch_add(1);
  release();
  std::system_error::operator=(other);
  text_ = other.text_;
  return *this;
}

NET_API Error::Error(std::error_code code, detail::NewText& text) : std::system_error(code), text_(text.release()) {}

NET_API Error::Error(const Error& other) noexcept : std::system_error(other), text_(other.text_) {
  if (text_) text_->owners.fetch_add(1);
}

NET_API Error::Error(std::string message) : std::system_error(std::error_code{}), text_(new detail::ErrorText) {
  text_->message = std::move(message);
}

NET_API int Error::port() const noexcept { return text_ ? text_->port : -1; }

NET_API int Error::localPort() const noexcept { return text_ ? text_->local_port : -1; }

NET_API int Error::number() const noexcept { return text_ ? text_->number : 0; }

NET_API std::string_view Error::name() const noexcept { return text_ ? text_->name : std::string_view{}; }

NET_API std::string_view Error::kind() const noexcept { return text_ ? text_->kind : std::string_view{}; }

NET_API std::string_view Error::syscall() const noexcept {
  return text_ ? std::string_view(text_->syscall) : std::string_view{};
}

NET_API std::string_view Error::address() const noexcept {
  return text_ ? std::string_view(text_->address) : std::string_view{};
}

NET_API std::string_view Error::localAddress() const noexcept {
  return text_ ? std::string_view(text_->local_address) : std::string_view{};
}

NET_API std::string_view Error::hostname() const noexcept {
  return text_ ? std::string_view(text_->host) : std::string_view{};
}

NET_API std::span<const Error> Error::errors() const noexcept {
  if (!text_) return {};
  return {text_->attempts.begin(), text_->attempts.size()};
}

NET_API Error Error::cause() const { return text_ && !text_->cause.empty() ? text_->cause[0] : Error(); }

NET_API const char* Error::what() const noexcept { return text_ ? text_->message.c_str() : ""; }

NET_API void Error::release() noexcept {
  if (text_ && text_->owners.fetch_sub(1) == 1) delete text_;
}

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

NET_RARE NewText::NewText() : text_(new ErrorText) {}

NET_RARE NewText::~NewText() { delete text_; }

[[noreturn]] NET_API void throw_error(const Error& error) {
#if defined(__cpp_exceptions)
  throw error;
#else
  std::fprintf(stderr, "net: %s\n", error.what());
  std::abort();
#endif
}

NET_API const Error& no_error() {
  alignas(Error) static unsigned char storage[sizeof(Error)];
  static const Error* const none = ::new (static_cast<void*>(storage)) Error;  // outlives every static object
  return *none;
}

NET_RARE std::string escape_nul(std::string_view path) {
  std::string text;
  for (const char byte : path) byte == '\0' ? text.append("\\0") : text += byte;
  return text;
}

NET_RARE std::string quoted(std::string_view given) {
  std::string text = "'";
  for (const char byte : given) byte == '\0' ? text.append("\\x00") : text += byte;
  return text.append("'");
}

NET_RARE std::string with_port(std::string_view address, int port) {
  std::string text = escape_nul(address);
  if (port > 0) text.append(":").append(std::to_string(port));
  return text;
}

NET_RARE NewText system_text(int number, std::string_view syscall) {
  NewText text;
  text->name = system_error_name(number);
  text->syscall = syscall;
  text->number = -number;
  text->message.append(syscall).append(" ").append(text->name);
  return text;
}

NET_RARE Error system_failure(int number, std::string_view syscall) {
  NewText text = system_text(number, syscall);
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error address_failure(int number, std::string_view syscall, std::string_view address, int port) {
  NewText text = system_text(number, syscall);
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port > 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error local_failure(int number, std::string_view syscall, std::string_view address, int port,
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

NET_RARE Error listen_failure(int number, std::string_view address, int port) {
  NewText text = system_text(number, "listen");
  text->message.append(": ").append(system_error_description(number));
  if (!address.empty()) text->message.append(" ").append(with_port(address, port));
  text->address = address;
  if (port != 0) text->port = port;
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error lookup_failure(Errc code, std::string_view host) {
  NewText text;
  text->name = name_of(code);
  text->syscall = "getaddrinfo";
  text->host = host;
  text->number = lookup_number(code);
  text->message.append("getaddrinfo ").append(text->name).append(" ").append(host);
  return {make_error_code(code), text};
}

NET_RARE Error lookup_failure(int number, std::string_view host) {
  NewText text = system_text(number, "getaddrinfo");
  text->host = host;
  text->message.append(" ").append(escape_nul(host));
  return {std::error_code(number, std::generic_category()), text};
}

NET_RARE Error aggregate_failure(Vec<Error>&& attempts, std::string_view message) {
  NewText text;
  text->message = message;
  text->kind = "AggregateError";
  std::error_code code;
  if (!attempts.empty()) {
    text->name = attempts[0].name();
    code = attempts[0].code();
  }
  text->attempts = std::move(attempts);
  return {code, text};
}

NET_RARE NewText coded_text(Errc code, std::string message) {
  NewText text;
  text->name = name_of(code);
  text->kind = kind_of(code);
  text->message = std::move(message);
  return text;
}

NET_RARE Error make_error(Errc code, std::string message) {
  NewText text = coded_text(code, std::move(message));
  return {make_error_code(code), text};
}

NET_RARE Error make_error(Errc code) { return make_error(code, std::string(message_of(code))); }

NET_RARE Error abort_failure(const Error& reason) {
  NewText text = coded_text(Errc::ERR_ABORTED, std::string(message_of(Errc::ERR_ABORTED)));
  text->cause.push(reason);
  return {make_error_code(Errc::ERR_ABORTED), text};
}

NET_RARE Error invalid_value(std::string_view name, std::string_view reason, std::string_view received) {
  std::string message = name.find('.') == std::string_view::npos ? "The argument '" : "The property '";
  message.append(name).append("' ").append(reason).append(". Received ").append(received);
  return make_error(Errc::ERR_INVALID_ARG_VALUE, std::move(message));
}

NET_RARE std::string number_text(double value) {
  if (value != value) return "NaN";
  if (!(value < 1e15 && value > -1e15)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == static_cast<double>(static_cast<long long>(value))) return std::to_string(static_cast<long long>(value));
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

NET_RARE Error out_of_range(std::string_view name, std::string_view range, std::string_view received) {
  std::string message = "The value of \"";
  message.append(name).append("\" is out of range. It must be ").append(range).append(". Received ").append(received);
  return make_error(Errc::ERR_OUT_OF_RANGE, std::move(message));
}

NET_RARE Error bad_port(std::string_view name, long long value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type number (").append(std::to_string(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

NET_RARE Error bad_port(std::string_view name, std::string_view value) {
  std::string message(name);
  message.append(" should be >= 0 and < 65536. Received type string (").append(quoted(value)).append(").");
  return make_error(Errc::ERR_SOCKET_BAD_PORT, std::move(message));
}

NET_API bool has_nul(std::string_view host) noexcept { return host.find('\0') != std::string_view::npos; }

NET_RARE Error nul_in_host(std::string_view host) {
  return invalid_value("options.host", "must be a string without null bytes", quoted(host));
}

NET_RARE Error bad_ip(std::string_view text) {
  return make_error(Errc::ERR_INVALID_IP_ADDRESS, "Invalid IP address: " + escape_nul(text));
}

NET_RARE Error bad_family(int family, std::string_view host, int port) {
  std::string message = "Invalid address family: " + std::to_string(family) + " ";
  message.append(escape_nul(host)).append(":").append(std::to_string(port));
  NewText text = coded_text(Errc::ERR_INVALID_ADDRESS_FAMILY, std::move(message));
  text->host = host;
  text->port = port;
  return {make_error_code(Errc::ERR_INVALID_ADDRESS_FAMILY), text};
}

NET_API Error error_of([[maybe_unused]] const std::exception_ptr& thrown, const char* otherwise) {
#if defined(__cpp_exceptions)
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return Error(error.what());
  } catch (...) {}
#endif
  return Error(otherwise);
}

NET_RARE Error end_after_destroy() {
  return make_error(Errc::ERR_STREAM_DESTROYED, "Cannot call end after a stream was destroyed");
}

NET_RARE Error ended_by_other_party() {
  NewText text;
  text->name = "EPIPE";
  text->message = "This socket has been ended by the other party";
  return {std::error_code(EPIPE, std::generic_category()), text};
}

NET_API std::string Category::message(int value) const { return std::string(name_of(static_cast<Errc>(value))); }

}  // namespace net::inline NET_ABI::detail

#endif
#endif

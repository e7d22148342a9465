// What can be written: text, and contiguous ranges of bytes. Internal.
#ifndef NET_DETAIL_PAYLOAD_HPP
#define NET_DETAIL_PAYLOAD_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/write_queue.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail {

template <class T>
inline constexpr bool is_byte = std::same_as<T, char> || std::same_as<T, unsigned char> || std::same_as<T, std::byte>;

/// A contiguous range of `char`, `unsigned char` or `std::byte`; whatever is a string_view.
template <class T>
concept Payload = std::is_convertible_v<const std::remove_cvref_t<T>&, std::string_view> || requires(const T& range) {
  { range.size() } -> std::convertible_to<std::size_t>;
  requires is_byte<std::remove_cv_t<std::remove_pointer_t<decltype(range.data())>>>;
};

template <class T>
std::string_view bytes_of(const T& data) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return data;
  } else {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
}

template <class T>
inline constexpr bool owns_bytes = false;
template <>
inline constexpr bool owns_bytes<std::string> = true;
template <class T>
inline constexpr bool owns_bytes<std::vector<T>> = is_byte<T>;

/// Keeps the bytes from `taken` on: a copy, or the string or vector itself if it was given up.
template <class T>
WriteNode* make_node(T&& data, std::size_t taken) {
  using Owner = std::remove_cvref_t<T>;
  if constexpr (!std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>> && owns_bytes<Owner>) {
    WriteNode* node = WriteNode::keep<Owner>(std::move(data));
    node->sent = taken;
    return node;
  } else {
    const std::string_view rest = bytes_of(data).substr(taken);
    return WriteNode::copy(rest.data(), rest.size());
  }
}

/// A callback of `write` or `end`: takes the error, or nothing.
template <class F>
WriteCallback write_callback(F&& callback) {
  using Callable = std::decay_t<F>;
  if constexpr (std::is_same_v<Callable, std::nullptr_t>) {
    return {};
  } else if constexpr (std::is_invocable_v<Callable&, const Error&>) {
    return WriteCallback(std::forward<F>(callback));
  } else {
    static_assert(std::is_invocable_v<Callable&>, "a callback takes (const net::Error&) or nothing");
    return WriteCallback([call = Callable(std::forward<F>(callback))](const Error&) mutable { call(); });
  }
}

/// An argument that is text: not a literal 0, which would be a null `const char*`.
template <class T>
concept TextArgument = std::is_convertible_v<T, std::string_view> && !std::is_arithmetic_v<std::remove_cvref_t<T>>;

template <class T>
concept OptionStruct =
    std::same_as<T, ConnectOptions> || std::same_as<T, ListenOptions> || std::same_as<T, ServerOptions>;

/// A listener, or the nullptr that stands for none: what is neither text nor a number nor options.
template <class T>
concept OptionalListener = std::same_as<std::remove_cvref_t<T>, std::nullptr_t> ||
                           (!std::is_convertible_v<T, std::string_view> && !std::is_convertible_v<T, int> &&
                            !OptionStruct<std::remove_cvref_t<T>>);

/// -1 stands for "no port" in the options; as an argument it is just a bad one.
inline int explicit_port(int port) {
  if (port < 0) raise(bad_port("Port", port));
  return port;
}

/// The number that a text reads as, in JavaScript's ways for what is no path: "8080", "0x1F90". -1: none.
constexpr long long number_of(std::string_view text) noexcept {
  unsigned base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) base = 16, text.remove_prefix(2);
  if (text.empty() || text.size() > 9) return -1;
  long long number = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    if (digit >= static_cast<int>(base)) return -1;
    number = number * base + digit;
  }
  return number;
}

template <class Options>
Options port_or_path(std::string_view text) {
  Options options;
  const long long port = number_of(text);
  if (port >= 0) {
    options.port = port > 65535 ? 65536 : static_cast<int>(port);
  } else {
    options.path = text;
  }
  return options;
}

}  // namespace net::inline NET_ABI::detail

#endif

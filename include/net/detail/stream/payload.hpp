// What can be written: text, and contiguous ranges of bytes. Internal.
#ifndef NET_DETAIL_STREAM_PAYLOAD_HPP
#define NET_DETAIL_STREAM_PAYLOAD_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/stream/write_queue.hpp>
#include <net/detail/text/ip_grammar.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail {

template <class T>
inline constexpr bool is_byte = std::same_as<T, char> || std::same_as<T, unsigned char> || std::same_as<T, std::byte>;

/// A contiguous range of `char`, `unsigned char` or `std::byte`; whatever is a string_view.
template <class T>
concept Payload = (std::is_convertible_v<const std::remove_cvref_t<T>&, std::string_view> &&
                   !std::is_null_pointer_v<std::remove_cvref_t<T>>) ||
                  requires(const T& range) {
                    { range.size() } -> std::convertible_to<std::size_t>;
                    requires is_byte<std::remove_cv_t<std::remove_pointer_t<decltype(range.data())>>>;
                  };

template <class T>
std::string_view bytes_of(const T& data) {
  constexpr bool is_data = Payload<T>;
  static_assert(is_data, "data is text, or a range of char, unsigned char or std::byte; a number is std::to_string(n)");
  if constexpr (!is_data) {
    return {};
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
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

/// The bytes of a payload, and, if it was moved in, the string or vector that can be taken over.
template <class T>
WriteSource source_of(T&& data) {
  using Owner = std::remove_cvref_t<T>;
  if constexpr (!std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>> && owns_bytes<Owner>) {
    return {bytes_of(data), &data,
            [](void* owner) { return WriteNode::keep<Owner>(std::move(*static_cast<Owner*>(owner))); }};
  } else {
    return {bytes_of(data)};
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
    constexpr bool fits = std::is_invocable_v<Callable&>;
    static_assert(fits, "a callback takes (const net::Error&) or nothing; data is text or a range of bytes");
    if constexpr (fits) {
      return WriteCallback([call = Callable(std::forward<F>(callback))](const Error&) mutable { call_back(call); });
    } else {
      return {};
    }
  }
}

/// An argument that is text: not a literal 0 or nullptr, which would be a null `const char*`.
template <class T>
concept TextArgument = std::is_convertible_v<T, std::string_view> && !std::is_arithmetic_v<std::remove_cvref_t<T>> &&
                       !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

template <class T>
concept OptionStruct =
    std::same_as<T, ConnectOptions> || std::same_as<T, ListenOptions> || std::same_as<T, ServerOptions>;

/// A listener, or the nullptr that stands for none: what is neither text nor a number nor options.
template <class T>
concept OptionalListener = std::same_as<std::remove_cvref_t<T>, std::nullptr_t> ||
                           (!std::is_convertible_v<T, std::string_view> && !std::is_convertible_v<T, int> &&
                            !OptionStruct<std::remove_cvref_t<T>>);

/// Behind a text; a number is refused.
template <class T>
concept ListenerOrNumber = OptionalListener<T> || std::integral<std::remove_cvref_t<T>>;

template <class F>
constexpr decltype(auto) require_listener(std::remove_reference_t<F>& listener) {
  constexpr bool port_first = OptionalListener<F>;
  static_assert(port_first, "the port comes first: connect(80, \"127.0.0.1\")");
  if constexpr (port_first) {
    return static_cast<F&&>(listener);
  } else {
    return nullptr;
  }
}

/// -1 stands for "no port" in the options; as an argument it is just a bad one.
NET_API int explicit_port(int port);

/// The digits of a whole number. Below 0: something else stands among them.
constexpr double digits_in_base(unsigned base, std::string_view digits) noexcept {
  double number = 0;
  for (const char c : digits) {
    if (hex_digit(c) >= base) return -1;
    number = number * base + hex_digit(c);
  }
  return number;
}

constexpr double times_ten_to(int exponent, double number) noexcept {
  double scale = 1;
  for (; exponent > 0 && number > 0 && number < 1e300; --exponent) number *= 10;
  for (; exponent < 0 && scale < 1e300; ++exponent) scale *= 10;
  return number / scale;
}

/// Digits, with a point among them or an exponent behind them. Below 0: it is none of that.
constexpr double decimal(std::string_view text) noexcept {
  double number = 0;
  int exponent = 0;
  std::size_t at = 0;
  bool any = false, fraction = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !fraction) {
      fraction = true;
    } else if (const unsigned digit = hex_digit(text[at]); digit < 10) {
      number = number * 10 + digit;
      any = true;
      if (fraction) --exponent;
    } else {
      break;
    }
  }
  if (!any) return -1;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool down = ++at < text.size() && text[at] == '-';
    if (down || (at < text.size() && text[at] == '+')) ++at;
    if (at == text.size()) return -1;
    int shift = 0;
    for (; at < text.size() && hex_digit(text[at]) < 10; ++at) {
      if (shift < 1000) shift = shift * 10 + static_cast<int>(hex_digit(text[at]));
    }
    exponent += down ? -shift : shift;
  }
  return at == text.size() ? times_ten_to(exponent, number) : -1;
}

/// The number that a text reads as, in JavaScript's ways: "8080", " 0x1F90 ", "1e3". Below 0: it is none, or negative.
constexpr double number_of(std::string_view text) noexcept {
  const char mark = text.size() > 2 && text[0] == '0' ? text[1] : '\0';
  if (mark == 'x' || mark == 'X') return digits_in_base(16, text.substr(2));
  if (mark == 'o' || mark == 'O') return digits_in_base(8, text.substr(2));
  if (mark == 'b' || mark == 'B') return digits_in_base(2, text.substr(2));
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  const double number = text == "Infinity" ? 1e300 : decimal(text);
  return negative && number > 0 ? -1 : number;
}

/// S7.5: a port, which must be a good one, or a path. `name` is the port's in the error.
template <class Options>
Options port_or_path(std::string_view text, std::string_view name) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(blanks);
  const bool blank = first == std::string_view::npos;
  const double number = blank ? -1 : number_of(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
  Options options;
  if (!blank && number < 0) {
    options.path = text;
  } else if (number >= 0 && number <= 65535 && number == static_cast<int>(number)) {
    options.port = static_cast<int>(number);
  } else {
    throw_error(bad_port(name, text));
  }
  return options;
}

}  // namespace net::inline NET_ABI::detail

#include <net/detail/stream/payload.ipp>

#endif

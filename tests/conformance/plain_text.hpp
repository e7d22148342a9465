// Takes out of a text what differs from run to run: ports and long fillers.
#ifndef NET_TESTS_CONFORMANCE_PLAIN_TEXT_HPP
#define NET_TESTS_CONFORMANCE_PLAIN_TEXT_HPP

#include <algorithm>
#include <string>
#include <string_view>

namespace conformance {

inline void replace(std::string& text, const std::string& from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

inline std::size_t after_digits(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of("0123456789", at), text.size());
}

/// Whether `text` ends with a dotted quad, with `::` and at most one digit, or with `.test`.
inline bool ends_like_a_host(std::string_view text) {
  if (text.ends_with(".test") || text.ends_with("::")) return true;
  const auto take_digits = [&] {
    const std::size_t digits = text.size() - (text.find_last_not_of("0123456789") + 1);
    text.remove_suffix(digits);
    return digits;
  };
  const std::size_t last = take_digits();
  if (last == 1 && text.ends_with("::")) return true;
  for (int dots = 0; dots < 3; ++dots) {
    if (!text.ends_with('.')) return false;
    text.remove_suffix(1);
    if (take_digits() == 0) return false;
  }
  return last > 0;
}

/// `text` with `:<port>` for the digits that stand behind an address or a name in `.test`.
inline std::string without_ports(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text[at] == ':' ? after_digits(text, at + 1) : at;
    if (end > at + 1 && ends_like_a_host(plain)) {
      plain += ":<port>";
      at = end;
    } else {
      plain += text[at++];
    }
  }
  return plain;
}

/// `text` with `<long>` for twenty and more `x` side by side, a path that is too long.
inline std::string without_filler(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::max(at + 1, std::min(text.find_first_not_of('x', at), text.size()));
    plain += end - at < 20 ? text.substr(at, end - at) : "<long>";
    at = end;
  }
  return plain;
}

}  // namespace conformance

#endif

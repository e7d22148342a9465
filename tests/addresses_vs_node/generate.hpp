// Makes addresses up, and spoils them: most of what is asked should be almost right.
#ifndef NET_TESTS_ADDRESSES_GENERATE_HPP
#define NET_TESTS_ADDRESSES_GENERATE_HPP

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  std::string_view pick(std::initializer_list<std::string_view> list) {
    return list.begin()[below(static_cast<std::uint32_t>(list.size()))];
  }

  std::string ipv4() {
    std::string text;
    for (int i = 0; i < 4; ++i) text.append(i > 0 ? "." : "").append(std::to_string(octet()));
    return text;
  }

  /// In any of the ways to write one: long or short groups, either case, "::" anywhere, a dotted tail.
  std::string ipv6() {
    if (one_in(6))
      return std::string(pick({"::ffff:", "::FFFF:", "::", "64:ff9b::", "::ffff:0:", "0:0:0:0:0:ffff:"})) + ipv4();
    std::vector<std::string> groups;
    const bool dotted = one_in(6);
    const std::uint32_t gap = one_in(4) ? 8 : below(7), length = 1 + below(7 - (gap < 7 ? gap : 0));
    for (std::uint32_t i = 0; i < (dotted ? 6U : 8U); ++i) {
      if (gap == 8 || i < gap || i >= gap + length) groups.push_back(group());
      if (i == gap) groups.push_back("");
    }
    if (dotted) groups.push_back(ipv4());
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) text.append(i > 0 ? ":" : "").append(groups[i]);
    if (groups.front().empty()) text.insert(0, ":");
    if (groups.back().empty()) text.append(":");
    return text;
  }

  std::string zone() {
    return std::string(
        pick({"%lo", "%eth0", "%1", "%", "%eth_0", "%a%b", "%eth0.0", "%a-b.c:d", "%e0@1", "% ", "%\xc3\xa9"}));
  }

  std::string ip() { return one_in(2) ? ipv4() : ipv6(); }

  /// As SocketAddress.parse reads it: URL numbers, brackets, a port.
  std::string host() {
    std::string text;
    if (one_in(3)) {
      text = "[" + ipv6() + "]";
    } else {
      const std::uint32_t parts = 1 + below(4) + (one_in(20) ? 1 : 0);
      for (std::uint32_t i = 0; i < parts; ++i)
        text.append(i > 0 ? "." : "").append(url_number(i + 1 == parts ? 4 - i : 1));
      if (one_in(12)) text.append(".");
    }
    if (one_in(2)) text.append(":").append(port());
    return text;
  }

  /// One small change: most of the results are not addresses, but nearly.
  std::string spoiled(std::string text) {
    const auto at = [&] { return text.empty() ? 0 : below(static_cast<std::uint32_t>(text.size())); };
    switch (below(9)) {
      case 0: text.insert(at(), 1, letter()); break;
      case 1: text.erase(at(), 1); break;
      case 2:
        if (!text.empty()) text[at()] = letter();
        break;
      case 3: text.append(1, letter()); break;
      case 4: text.insert(0, 1, letter()); break;
      case 5:
        text.insert(at(), pick({"0", "00", "0x", "1:", ":1", "::", "1.", ".1", "256", "ffff", "%lo", "/24", ":80"}));
        break;
      case 6: drop_part(text); break;
      case 7:
        if (!text.empty()) text.insert(at(), text.substr(at(), 1 + below(5)));
        break;
      default: text.append(pick({" ", "\n", "]", ":", ".", "%", "/", "\t", "\xc2\xa0", "\xef\xbc\x91"})); break;
    }
    return text;
  }

  std::string near_miss(std::string text) {
    for (std::uint32_t changes = one_in(4) ? 0 : 1 + below(2); changes > 0; --changes) text = spoiled(text);
    return text;
  }

 private:
  std::uint32_t octet() { return one_in(3) ? below(3) * 127 + below(2) : below(256); }

  std::string group() {
    if (one_in(3)) return one_in(4) ? "0000" : "0";
    char text[8];
    const std::uint32_t value = one_in(3) ? below(16) : below(0x10000);
    std::snprintf(text, sizeof text, pick({"%x", "%X", "%04x"}).data(), value);
    return text;
  }

  std::string url_number(std::uint32_t bytes) {
    const std::uint64_t limit = std::uint64_t{1} << (8 * bytes);
    std::uint64_t value = random_() % limit;
    if (one_in(10)) value = limit - below(2);
    char text[32];
    std::snprintf(text, sizeof text, pick({"%llu", "%llu", "0%llo", "0x%llx", "0X%llX"}).data(),
                  static_cast<unsigned long long>(value));
    return one_in(20) ? std::string(pick({"0x", "0", "00", "08", "09", "", "-1", "1e1"})) : text;
  }

  std::string port() {
    if (one_in(3))
      return std::string(pick({"", "0", "80", "0080", "65535", "65536", "-1", "443", "8 0", "99999999999"}));
    return std::to_string(below(70000));
  }

  char letter() {
    constexpr std::string_view letters = "0123456789abcdefABCDEFgGxX:.:.:.%%-_/[] @#?\\\t\n";
    return one_in(200) ? '\0' : letters[below(static_cast<std::uint32_t>(letters.size()))];
  }

  /// A group or a number less.
  void drop_part(std::string& text) {
    const std::size_t at = text.find_first_of(":.", text.empty() ? 0 : below(static_cast<std::uint32_t>(text.size())));
    if (at == std::string::npos) return;
    const std::size_t end = text.find_first_of(":.", at + 1);
    text.erase(at, end == std::string::npos ? end : end - at);
  }

  std::mt19937 random_;
};

#endif

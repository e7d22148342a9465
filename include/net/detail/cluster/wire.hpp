// What a primary and its workers say to each other: a kind, numbers and texts in one message of their channel.
// Internal.
#ifndef NET_DETAIL_CLUSTER_WIRE_HPP
#define NET_DETAIL_CLUSTER_WIRE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// Both are the same program on the same machine, so numbers are as they lie in memory.
enum class Say : char {
  online = 'o',      // worker: here I am
  listen = 'q',      // worker: question, then what is to be listened on
  answer = 'a',      // primary: question, errno, number, whether the worker accepts; the server comes with it
  listening = 'l',   // worker: number, family, port, address, path
  closed = 'c',      // worker: number
  connection = 'n',  // primary: number; the socket comes with it
  back = 'b',        // worker: number, whether for want of space; the socket goes back with it
  space = 'r',       // worker: number
  leaving = 'd',     // worker: it disconnects on purpose
  leave = 'x',       // primary: disconnect
  message = 'm',     // either: the user's bytes
};

class Spoken {
 public:
  explicit Spoken(Say what) : bytes_(1, static_cast<char>(what)) {}
  Spoken& number(std::int64_t value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
    return *this;
  }
  Spoken& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  /// What follows is nobody's but the user's.
  Spoken& rest(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

/// What is missing reads as 0 and "": the other end is the same program, or breaks only itself.
class Heard {
 public:
  explicit Heard(std::string_view bytes) noexcept : rest_(bytes) {}
  Say what() noexcept {
    const char first = rest_.empty() ? '\0' : rest_.front();
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return static_cast<Say>(first);
  }
  std::int64_t number() noexcept {
    std::int64_t value = 0;
    if (rest_.size() < sizeof value) return 0;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view text() noexcept {
    const std::int64_t size = number();
    if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) return {};
    const std::string_view value = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(value.size());
    return value;
  }
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace net::inline NET_ABI::detail

#endif

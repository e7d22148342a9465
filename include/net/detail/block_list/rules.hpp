// The rules behind a BlockList: what they say, and which addresses they match. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULES_HPP
#define NET_DETAIL_BLOCK_LIST_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/atomic.hpp>
#include <net/detail/base/shared_lock.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/block_list/interval_set.hpp>
#include <net/detail/text/ip_address.hpp>

namespace net::inline NET_ABI::detail {

enum class RuleKind : std::uint8_t { address, range, subnet };

/// As it was added. `last` is the end of a range, `prefix` the length of a subnet.
struct BlockRule {
  RuleKind kind;
  std::uint8_t prefix = 0;
  IpAddress first, last = {};
};

/// S6.9: "Address: IPv4 1.1.1.1", "Range: IPv4 10.0.0.1-10.0.0.10", "Subnet: IPv6 8592:757c:efae:4e45::/64".
NET_API std::string rule_text(const BlockRule& rule);

inline constexpr Wide first_mapped{0, 0xffff00000000}, last_mapped{0, 0xffffffffffff};

/// The address as a number; an IPv4 address as the IPv4-mapped one.
constexpr Wide wide(const IpAddress& ip) noexcept {
  Wide number;
  if (ip.family == Family::IPv4) {
    for (int i = 0; i < 4; ++i) number.low = number.low << 8 | ip.bytes[i];
    number.low |= first_mapped.low;
    return number;
  }
  for (int i = 0; i < 8; ++i) number.high = number.high << 8 | ip.bytes[i];
  for (int i = 8; i < 16; ++i) number.low = number.low << 8 | ip.bytes[i];
  return number;
}

constexpr bool is_mapped(Wide ip) noexcept { return ip.high == 0 && ip.low >> 32 == 0xffff; }
constexpr std::uint32_t ipv4_part(Wide ip) noexcept { return static_cast<std::uint32_t>(ip.low); }
constexpr Wide later(Wide a, Wide b) noexcept { return a <= b ? b : a; }
constexpr Wide earlier(Wide a, Wide b) noexcept { return a <= b ? a : b; }

/// S6.3: false only for ends that can be compared: an IPv4 address and one that is not IPv4-mapped cannot.
constexpr bool in_order(const IpAddress& start, const IpAddress& end) noexcept {
  const Wide first = wide(start), last = wide(end);
  return start.family == end.family || (is_mapped(first) && is_mapped(last)) ? first <= last : true;
}

/// Shared by the copies of a BlockList. Matching knows two sets, as S6.6 needs it: what an IPv4 address is
/// looked up in, written either way, and what an IPv6 address is looked up in besides.
class BlockRules {
 public:
  BlockRules() : check_(&look), free_(&destroy) {}
  BlockRules(const BlockRules&) = delete;
  BlockRules& operator=(const BlockRules&) = delete;

  void retain() noexcept { owners_.fetch_add(1); }
  void release() noexcept {
    if (owners_.fetch_sub(1) == 1) free_(this);
  }

  void add(const BlockRule& rule);

  bool matches(const IpAddress& ip) const noexcept { return check_(*this, ip); }

  /// A copy, oldest first.
  Vec<BlockRule> rules() const {
    const ReadGuard guard(lock_);
    return rules_.part(0, rules_.size());
  }

 private:
  static bool look(const BlockRules& self, const IpAddress& ip) noexcept;
  static void destroy(BlockRules* self) noexcept { delete self; }

  void match_subnet(const BlockRule& rule);

  void match_range(const IpAddress& start, const IpAddress& end);

  static constexpr Wide host_bits(unsigned prefix) noexcept {
    if (prefix < 64) return {UINT64_MAX >> prefix, UINT64_MAX};
    return {0, prefix < 128 ? UINT64_MAX >> (prefix - 64) : 0};
  }

  // behind pointers: options may hold a list, and a program that makes none should contain nothing of it
  bool (*const check_)(const BlockRules&, const IpAddress&) noexcept;
  void (*const free_)(BlockRules*) noexcept;
  Atomic<std::size_t> owners_{1};
  mutable SharedLock lock_;
  Vec<BlockRule> rules_;
  IntervalSet<std::uint32_t> ipv4_;
  IntervalSet<Wide> ipv6_;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/block_list/rules.ipp>

#endif

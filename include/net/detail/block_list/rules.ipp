// The bodies of rules.hpp. Internal.
#ifndef NET_DETAIL_BLOCK_LIST_RULES_IPP
#define NET_DETAIL_BLOCK_LIST_RULES_IPP

#include <net/detail/block_list/rules.hpp>

#if NET_BODIES

#include <net/detail/base/lock_guard.hpp>

namespace net::inline NET_ABI::detail {

NET_API std::string rule_text(const BlockRule& rule) {
  std::string text = rule.kind == RuleKind::address ? "Address: "
                     : rule.kind == RuleKind::range ? "Range: "
                                                    : "Subnet: ";
  text.append(to_string(rule.first.family)).append(" ").append(to_text(rule.first));
  if (rule.kind == RuleKind::range) text.append("-").append(to_text(rule.last));
  if (rule.kind == RuleKind::subnet) text.append("/").append(std::to_string(rule.prefix));
  return text;
}

NET_API void BlockRules::add(const BlockRule& rule) {
  const LockGuard guard(lock_);
  // Doubling would take up to 72 bytes a rule.
  if (rules_.size() == rules_.capacity()) rules_.reserve(rules_.size() + rules_.size() / 4 + 4);
  if (rule.kind == RuleKind::subnet) {
    match_subnet(rule);
  } else {
    match_range(rule.first, rule.kind == RuleKind::range ? rule.last : rule.first);
  }
  rules_.push(rule);
}

NET_API bool BlockRules::look(const BlockRules& self, const IpAddress& ip) noexcept {
  if (!ip) return false;
  const Wide number = wide(ip);
  const ReadGuard guard(self.lock_);
  if (is_mapped(number) && self.ipv4_.contains(ipv4_part(number))) return true;
  return ip.family == Family::IPv6 && self.ipv6_.contains(number);
}

NET_API void BlockRules::match_subnet(const BlockRule& rule) {
  const unsigned prefix = rule.prefix + (rule.first.family == Family::IPv4 ? 96U : 0U);
  const Wide mask = host_bits(prefix);
  Wide first = wide(rule.first);
  first = {first.high & ~mask.high, first.low & ~mask.low};
  const Wide last{first.high | mask.high, first.low | mask.low};
  if (first <= last_mapped && first_mapped <= last) {
    ipv4_.add(ipv4_part(later(first, first_mapped)), ipv4_part(earlier(last, last_mapped)));
  }
  if (prefix < 96 || !is_mapped(first)) ipv6_.add(first, last);
}

NET_API void BlockRules::match_range(const IpAddress& start, const IpAddress& end) {
  Wide first = wide(start), last = wide(end);
  if (is_mapped(first) && is_mapped(last)) {
    ipv4_.add(ipv4_part(first), ipv4_part(last));
    return;
  }
  // An IPv4 end can be compared with mapped addresses only, and never on the IPv4 side.
  if (start.family != end.family) {
    first = later(first, first_mapped);
    last = earlier(last, last_mapped);
  }
  if (first <= last) ipv6_.add(first, last);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

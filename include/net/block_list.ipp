// The bodies of block_list.hpp. Internal.
#ifndef NET_BLOCK_LIST_IPP
#define NET_BLOCK_LIST_IPP

#include <net/block_list.hpp>

#if NET_BODIES

#include <net/detail/block_list/rule_line.hpp>
#include <net/detail/block_list/rules.hpp>
#include <net/detail/sys/fork.hpp>
#include <net/detail/text/json_strings.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI {

NET_API BlockList::BlockList() : shared_(new detail::BlockRules) {
  detail::link_one_way_only();
  detail::take_shared_locks_at_fork();
}
// Where an optional one is copied or destroyed, g++ takes one that was never made for one that was not initialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
NET_API BlockList::BlockList(const BlockList& other) noexcept : shared_(other.shared_) { shared_->retain(); }
NET_API BlockList::~BlockList() { shared_->release(); }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

NET_API BlockList& BlockList::operator=(const BlockList& other) noexcept {
  other.shared_->retain();
  shared_->release();
  shared_ = other.shared_;
  return *this;
}

NET_API void BlockList::addRange(const SocketAddress& start, const SocketAddress& end) const {
  if (!detail::in_order(start.ip(), end.ip())) {
    detail::throw_error(detail::invalid_value("start", "must come before end", detail::inspect(start)));
  }
  shared_->add({.kind = detail::RuleKind::range, .first = start.ip(), .last = end.ip()});
}

NET_API void BlockList::addSubnet(const SocketAddress& network, int prefix) const {
  const bool ipv4 = network.family() == Family::IPv4;
  if (prefix < 0 || prefix > (ipv4 ? 32 : 128)) {
    detail::throw_error(
        detail::out_of_range("prefix", ipv4 ? ">= 0 && <= 32" : ">= 0 && <= 128", std::to_string(prefix)));
  }
  shared_->add({.kind = detail::RuleKind::subnet, .prefix = static_cast<std::uint8_t>(prefix), .first = network.ip()});
}

NET_API std::vector<std::string> BlockList::rules() const {
  const detail::Vec<detail::BlockRule> rules = shared_->rules();
  std::vector<std::string> texts;
  texts.reserve(rules.size());
  for (std::size_t i = rules.size(); i > 0; --i) texts.push_back(detail::rule_text(rules[i - 1]));
  return texts;
}

NET_API std::string BlockList::toJSON() const {
  std::string json = "[";
  for (const std::string& rule : rules()) json.append(json.size() > 1 ? ",\"" : "\"").append(rule).append("\"");
  return json.append("]");
}

NET_API void BlockList::fromJSON(std::string_view json) const {
  detail::JsonStrings list(json);
  if (!list.valid()) detail::throw_bad_json(json, list.position());
  if (!list.is_list()) detail::throw_not_a_list(json);
  for (const std::string& text : list.strings()) {
    if (const detail::RuleLine line = detail::read_rule_line(text)) add(line);
  }
}

NET_API void BlockList::add(const detail::RuleLine& line) const {
  switch (line.kind) {
    case detail::RuleKind::address: return addAddress(line.first, line.family);
    case detail::RuleKind::subnet: return addSubnet(line.first, line.prefix, line.family);
    case detail::RuleKind::range: {
      const SocketAddress start(detail::require_ip(line.first, line.family));
      return addRange(start, SocketAddress(detail::require_ip(line.last, detail::end_family(line))));
    }
  }
}

NET_API void BlockList::addAddress(std::string_view address, Family family) const {
  addAddress(SocketAddress(detail::require_ip(address, family)));
}

NET_API void BlockList::addAddress(const SocketAddress& address) const {
  shared_->add({.kind = detail::RuleKind::address, .first = address.ip()});
}

NET_API void BlockList::addRange(std::string_view start, std::string_view end, Family family) const {
  const SocketAddress first(detail::require_ip(start, family));
  addRange(first, SocketAddress(detail::require_ip(end, family)));
}

NET_API void BlockList::addSubnet(std::string_view network, int prefix, Family family) const {
  addSubnet(SocketAddress(detail::require_ip(network, family)), prefix);
}

NET_API bool(BlockList::check)(std::string_view address, Family family) const noexcept {
  return shared_->matches(detail::parse_ip(address, family));
}

NET_API bool(BlockList::check)(const SocketAddress& address) const noexcept { return shared_->matches(address.ip()); }

}  // namespace net::inline NET_ABI

#endif
#endif

// Fuzzes BlockList::fromJSON: whatever it is given, the list stays one that reads back what it writes.
#include <net/block_list.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const net::BlockList list;
  try {
    list.fromJSON(text);
  } catch (const net::Error& error) {
    expect(static_cast<bool>(error));
    const std::string_view name = error.name();
    const bool before_any = error.kind() == "SyntaxError" || name == "ERR_INVALID_ARG_TYPE";
    expect(before_any || name == "ERR_INVALID_ADDRESS" || name == "ERR_INVALID_ARG_VALUE" ||
           name == "ERR_OUT_OF_RANGE");
    if (before_any) expect(list.rules().empty());
  }

  std::vector<std::string> rules = list.rules();
  const net::BlockList copy;
  copy.fromJSON(list.toJSON());
  std::reverse(rules.begin(), rules.end());
  expect(copy.rules() == rules);
  for (const std::string& rule : rules) {
    const auto line = net::detail::read_rule_line(rule);
    expect(static_cast<bool>(line));
    const net::detail::IpAddress first = net::detail::parse_ip(line.first, line.family);
    const bool mixed = line.kind == net::detail::RuleKind::range && net::detail::end_family(line) != line.family;
    if (!mixed) expect(list.check(net::SocketAddress(first)));
    expect(list.check(net::SocketAddress(first)) == copy.check(net::SocketAddress(first)));
  }
  return 0;
}

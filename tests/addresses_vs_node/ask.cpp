// Writes questions about addresses with this library's answers, one JSON list a line, for compare.mjs.
// Usage: ask [seed]
#include <net/block_list.hpp>
#include <net/ip.hpp>
#include <net/socket_address.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generate.hpp"

namespace {

using net::BlockList;
using net::Family;
using net::SocketAddress;

constexpr int texts = 120000, lists = 8000, json_texts = 20000;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string truth(bool value) { return value ? "true" : "false"; }

std::string list_of(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out.append(out.size() > 1 ? "," : "").append(item);
  return out + "]";
}

void say(const std::vector<std::string>& items) { std::puts(list_of(items).c_str()); }

/// Runs the call; `null`, or the error it threw as Node's code and message.
template <class Call>
std::string outcome(Call call, bool with_message = true) {
  try {
    call();
  } catch (const net::Error& error) {
    const std::string name(error.name().empty() ? error.kind() : error.name());
    return quoted(with_message ? name + ": " + error.what() : name);
  }
  return "null";
}

std::string family_text(Family family) { return family == Family::IPv4 ? "\"ipv4\"" : "\"ipv6\""; }

std::string constructed(const std::string& text, Family family) {
  std::string json;
  const std::string error = outcome([&] { json = SocketAddress({.address = text, .family = family}).toJSON(); });
  return error == "null" ? json : error;
}

void ask_about_text(const std::string& text) {
  const std::optional<SocketAddress> parsed = SocketAddress::parse(text);
  say({"\"text\"", quoted(text), std::to_string(net::isIP(text)), truth(net::isIPv4(text)), truth(net::isIPv6(text)),
       constructed(text, Family::IPv4), constructed(text, Family::IPv6), parsed ? parsed->toJSON() : "null"});
}

Family family_of(std::string_view text) {
  return text.find(':') == std::string_view::npos ? Family::IPv4 : Family::IPv6;
}

/// An address close to the given one: a bit away, or written as the other family.
std::string neighbour(Generator& make, const std::string& text) {
  net::detail::IpAddress ip = net::detail::parse_ip(text);
  if (!ip) return make.ip();
  if (!make.one_in(4)) {
    const std::uint32_t bits = static_cast<std::uint32_t>(ip.size()) * 8;
    const std::uint32_t bit = make.one_in(2) ? make.below(bits) : bits - 1 - make.below(4);
    ip.bytes[bit / 8] = static_cast<std::uint8_t>(ip.bytes[bit / 8] ^ (0x80 >> bit % 8));
  }
  const std::string other = net::detail::to_text(ip);
  if (ip.family == Family::IPv4 && make.one_in(3)) return (make.one_in(4) ? "::" : "::ffff:") + other;
  if (ip.family == Family::IPv6 && make.one_in(4) && ip.group(5) == 0xffff) {
    return net::detail::to_text(net::detail::ipv4_address(ip.group(6) << 16 | ip.group(7)));
  }
  return other;
}

std::string wrong_family(Generator& make, std::string_view text) {
  return make.one_in(30) ? (family_of(text) == Family::IPv4 ? "\"ipv6\"" : "\"ipv4\"") : family_text(family_of(text));
}

/// One rule: added to the list, and described for Node with what happened here.
std::string add_rule(Generator& make, const BlockList& list, std::vector<std::string>& seeds) {
  const std::string a = make.one_in(12) ? make.near_miss(make.ip()) : make.ip();
  std::string b = make.one_in(3) ? make.ip() : neighbour(make, a);
  seeds.push_back(a);
  const std::string as = wrong_family(make, a);
  const Family family = as == "\"ipv4\"" ? Family::IPv4 : Family::IPv6;
  const bool objects = make.one_in(3) && net::detail::parse_ip(a) && net::detail::parse_ip(b);
  const int prefix = static_cast<int>(make.below(family == Family::IPv4 ? 35 : 131)) - 1;
  const auto object = [](std::string_view text) { return SocketAddress({.address = text}); };
  const auto row = [&](std::string_view name, const std::string& second, const std::string& result) {
    return list_of({quoted(name), objects ? "null" : as, quoted(a), second, result});
  };
  switch (make.below(3)) {
    case 0:
      return row("addAddress", "null",
                 outcome([&] { objects ? list.addAddress(object(a)) : list.addAddress(a, family); }));
    case 1:
      return row("addSubnet", std::to_string(prefix),
                 outcome([&] { objects ? list.addSubnet(object(a), prefix) : list.addSubnet(a, prefix, family); }));
    default:
      seeds.push_back(b);
      return row("addRange", quoted(b),
                 outcome([&] { objects ? list.addRange(object(a), object(b)) : list.addRange(a, b, family); }));
  }
}

void ask_about_list(Generator& make) {
  const BlockList list;
  std::vector<std::string> rules, checks, seeds;
  for (std::uint32_t i = 0; i < 1 + make.below(3); ++i) rules.push_back(add_rule(make, list, seeds));
  for (int i = 0; i < 8; ++i) {
    std::string text = neighbour(make, seeds[make.below(static_cast<std::uint32_t>(seeds.size()))]);
    if (make.one_in(12)) text = make.spoiled(text);
    const std::string as = wrong_family(make, text);
    const bool blocked = list.check(text, as == "\"ipv4\"" ? Family::IPv4 : Family::IPv6);
    checks.push_back(list_of({quoted(text), as, truth(blocked)}));
  }
  say({"\"list\"", list_of(rules), list_of(checks), list.toJSON()});
}

std::string rule_line(Generator& make) {
  const bool ipv4 = make.one_in(2);
  const auto address = [&] {
    const std::string text = ipv4 ? make.ipv4() : make.ipv6();
    return make.one_in(10) ? make.spoiled(text) : text;
  };
  std::string line(ipv4 ? "IPv4 " : "IPv6 ");
  switch (make.below(3)) {
    case 0: line = "Address: " + line + address(); break;
    case 1: line = "Subnet: " + line + address() + "/" + std::to_string(make.below(ipv4 ? 36 : 140)); break;
    default: line = "Range: " + line + address() + "-" + address(); break;
  }
  return make.one_in(10) ? make.spoiled(line) : line;
}

void ask_about_json(Generator& make) {
  std::string json(make.pick({"[", "[", "[ ", "\n["}));
  for (std::uint32_t i = 0, count = make.below(4); i < count; ++i) {
    if (i > 0) json += make.pick({",", ",", " , "});
    json += make.one_in(15)
                ? std::string(make.pick({"1", "null", "{\"a\":[1,-2.5e3]}", "[]", "\"\\u0041\"", "\"\\ud800\"", "1.",
                                         "-", "\"\\q\"", "tru", "{\"a\"}", "\"\t\"", "01", "[[[]]"}))
                : quoted(rule_line(make));
  }
  json += make.pick({"]", "]", " ]", "]\t"});
  if (make.one_in(4)) json = make.spoiled(json);
  const BlockList list;
  const std::string error = outcome([&] { list.fromJSON(json); }, false);
  say({"\"json\"", quoted(json), error, list.toJSON()});
}

}  // namespace

int main(int argc, char** argv) {
  Generator make(argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 1);
  for (int i = 0; i < texts; ++i) {
    std::string text = make.one_in(3) ? make.host() : make.ip();
    if (make.one_in(8)) text += make.zone();
    ask_about_text(make.near_miss(text));
  }
  for (int i = 0; i < lists; ++i) ask_about_list(make);
  for (int i = 0; i < json_texts; ++i) ask_about_json(make);
}

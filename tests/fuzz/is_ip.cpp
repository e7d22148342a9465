// Fuzzes isIP and the construction of a SocketAddress, and holds both against inet_pton where the grammars
// agree.
#include <net/ip.hpp>
#include <net/socket_address.hpp>

#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of just this size, so that reading past the end is seen.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool ipv4 = net::isIPv4(text), ipv6 = net::isIPv6(text);
  expect(net::isIP(text) == (ipv4 ? 4 : ipv6 ? 6 : 0));
  expect(!(ipv4 && ipv6));

  // inet_pton knows no zones, and reads up to a NUL.
  const std::string address = text.substr(0, text.find('%'));
  std::uint8_t bytes[16] = {};
  const bool whole = address.find('\0') == std::string::npos;
  const bool is_inet4 = whole && inet_pton(AF_INET, address.c_str(), bytes) == 1;
  expect(net::isIPv4(address) == is_inet4);
  const net::detail::IpAddress as4 = net::detail::parse_ip(address, net::Family::IPv4);
  expect(static_cast<bool>(as4) == is_inet4);
  if (is_inet4) expect(std::memcmp(as4.bytes, bytes, 4) == 0);

  const bool is_inet6 = whole && inet_pton(AF_INET6, address.c_str(), bytes) == 1;
  expect(net::isIPv6(address) == is_inet6);
  const net::detail::IpAddress as6 = net::detail::parse_ip(address, net::Family::IPv6);
  expect(static_cast<bool>(as6) == is_inet6);
  if (is_inet6) expect(std::memcmp(as6.bytes, bytes, 16) == 0);

  // What isIP takes makes an address, whose text is a normal form.
  const net::detail::IpAddress ip = net::detail::parse_ip(text);
  if (ipv4 || ipv6) expect(static_cast<bool>(ip));
  if (ip) {
    const std::string normal = net::detail::to_text(ip);
    expect(net::detail::parse_ip(normal) == ip);
    expect(normal.size() <= 45);
  }
  return 0;
}

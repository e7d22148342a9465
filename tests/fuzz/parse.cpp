// Fuzzes SocketAddress::parse: what it takes reads back, and strict literals mean what they mean elsewhere.
#include <net/socket_address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::optional<net::SocketAddress> address = net::SocketAddress::parse(text);
  if (address) {
    expect(net::SocketAddress::parse(address->toString()) == address);
    expect(address->flowlabel() == 0);
    expect((address->family() == net::Family::IPv6) == (text.front() == '['));
  }

  const std::string bracketed = "[" + text + "]";
  const bool zoned = text.find('%') != std::string::npos;
  expect(net::SocketAddress::parse(bracketed).has_value() == (net::isIPv6(text) && !zoned));
  if (net::isIPv4(text)) expect(address && address->address() == text);
  if (net::isIPv6(text)) expect(!address);
  return 0;
}

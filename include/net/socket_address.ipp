// The bodies of socket_address.hpp. Internal.
#ifndef NET_SOCKET_ADDRESS_IPP
#define NET_SOCKET_ADDRESS_IPP

#include <net/socket_address.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void throw_bad_flowlabel(std::uint32_t flowlabel) {
  throw_error(out_of_range("options.flowlabel", ">= 0 && <= 1048575", std::to_string(flowlabel)));
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

NET_API std::string SocketAddress::toString() const {
  detail::IpText text;
  if (ip_.family == Family::IPv6) text.push('[');
  detail::write_ip(text, ip_);
  if (ip_.family == Family::IPv6) text.push(']');
  text.push(':');
  text.push_number(port_, 10);
  return std::string(text.view());
}

NET_API std::string SocketAddress::toJSON() const {
  std::string text = "{\"address\":\"";
  text.append(address()).append("\",\"port\":").append(std::to_string(port_)).append(",\"family\":\"");
  text.append(ip_.family == Family::IPv4 ? "ipv4" : "ipv6").append("\",\"flowlabel\":");
  return text.append(std::to_string(flowlabel_)).append("}");
}

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

NET_API std::string inspect(const SocketAddress& address) {
  const std::string members[] = {
      "address: '" + address.address() + "'",
      "port: " + std::to_string(address.port()),
      std::string("family: '") + (address.family() == Family::IPv4 ? "ipv4" : "ipv6") + "'",
      "flowlabel: " + std::to_string(address.flowlabel()),
  };
  std::size_t length = 0;
  for (const std::string& member : members) length += member.size();
  const bool fits = length <= 61;
  std::string text = "SocketAddress {";
  for (const std::string& member : members) {
    text.append(&member == members ? "" : ",").append(fits ? " " : "\n  ").append(member);
  }
  return text.append(fits ? " }" : "\n}");
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

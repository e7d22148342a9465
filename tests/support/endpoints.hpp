// Endpoints for the tests of what stands below names and interfaces.
#ifndef NET_TESTS_ENDPOINTS_HPP
#define NET_TESTS_ENDPOINTS_HPP

#include <net/detail/text/endpoint.hpp>

#include <cstdint>
#include <string_view>

namespace tests {

/// The endpoint of a literal address.
inline net::detail::Endpoint at(std::string_view ip, int port) {
  return {net::detail::parse_ip(ip), static_cast<std::uint16_t>(port)};
}

}  // namespace tests

#endif

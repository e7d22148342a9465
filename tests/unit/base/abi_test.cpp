#include <net/detail/base/abi.hpp>

#include <type_traits>

#include <doctest/doctest.h>
#include <net.hpp>

// As tests and programs open it: the namespace that the headers declared, not a second one.
namespace net::detail {
struct AddedFromOutside {};
}  // namespace net::detail

TEST_CASE("all of net is in the inline namespace that says whether there are exceptions") {
  static_assert(std::is_same_v<net::Error, net::throwing::Error>);
  static_assert(std::is_same_v<net::Socket, net::throwing::NET_MACHINE::Socket>);
  static_assert(std::is_same_v<net::detail::Machine, net::throwing::detail::NET_MACHINE::Machine>);
  static_assert(std::is_same_v<net::detail::AddedFromOutside, net::throwing::detail::AddedFromOutside>);
  CHECK(net::Error(net::Errc::ERR_SOCKET_CLOSED).name() == "ERR_SOCKET_CLOSED");
}

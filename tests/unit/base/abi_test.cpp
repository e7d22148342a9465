#include <net/detail/base/abi.hpp>

#include <type_traits>

#include <doctest/doctest.h>
#include <net.hpp>

// As tests and programs open it: the namespace that the headers declared, not a second one.
namespace net::detail {
struct AddedFromOutside {};
}  // namespace net::detail

#if defined(NET_SEPARATE)
namespace expected = net::throwing_compiled_once;
#else
namespace expected = net::throwing;
#endif

TEST_CASE("all of net is in the inline namespace that says whether there are exceptions, and whether it is compiled once") {
  static_assert(std::is_same_v<net::Error, expected::Error>);
  static_assert(std::is_same_v<net::Socket, expected::NET_MACHINE::Socket>);
  static_assert(std::is_same_v<net::detail::Machine, expected::detail::NET_MACHINE::Machine>);
  static_assert(std::is_same_v<net::detail::AddedFromOutside, expected::detail::AddedFromOutside>);
  CHECK(net::Error(net::Errc::ERR_SOCKET_CLOSED).name() == "ERR_SOCKET_CLOSED");
}

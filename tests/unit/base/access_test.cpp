#include <net/detail/base/access.hpp>

#include <doctest/doctest.h>

#include <net.hpp>

TEST_CASE("the way into a handle leads to what it stands for, and back") {
  net::Loop loop;
  const net::Socket socket(loop);
  auto& state = net::detail::Access::state(socket);
  CHECK(net::detail::Access::identity(socket) == &state);
  CHECK(net::detail::Access::make<net::Socket>(&state) == socket);
  CHECK(net::detail::Access::identity(net::Timer()) == nullptr);
  CHECK(state.loop == &net::detail::Access::core(loop));
}

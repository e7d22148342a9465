#include <net/detail/base/identity.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <set>
#include <string>
#include <unordered_map>

static_assert(net::detail::HasIdentity<net::Socket> && net::detail::HasIdentity<net::Server>);
static_assert(net::detail::HasIdentity<net::Timer> && net::detail::HasIdentity<net::AbortSignal>);
static_assert(!net::detail::HasIdentity<std::string> && !net::detail::HasIdentity<int*>);

TEST_CASE("S36.3: handles of one socket are equal, have one hash, and are one key; those of another are not") {
  net::Loop loop;
  const net::Socket one(loop), same = one, other(loop);
  CHECK(one == same);
  CHECK(one != other);
  CHECK((one < other) != (other < one));
  CHECK(std::hash<net::Socket>{}(one) == std::hash<net::Socket>{}(same));
  std::unordered_map<net::Socket, std::string> names;
  names[one] = "one";
  names[other] = "other";
  CHECK(names.at(same) == "one");
  CHECK(names.size() == 2);
}

TEST_CASE("S36.3: servers, timers, immediates and signals are keys too") {
  net::Loop loop;
  const net::Server server(loop), other(loop);
  CHECK(std::set<net::Server>{server, other, server}.size() == 2);
  const net::Timer timer = loop.setTimeout([] {}), none;
  CHECK(std::set<net::Timer>{timer, none, net::Timer(), timer}.size() == 2);
  const net::Immediate immediate = loop.setImmediate([] {});
  CHECK(immediate == net::Immediate(immediate));
  CHECK(immediate != net::Immediate());
  CHECK(net::Signal() == net::Signal());
  const net::AbortController controller;
  CHECK(controller.signal() == controller.signal());
  CHECK(controller.signal() != net::AbortController().signal());
}

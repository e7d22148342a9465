#include <net/options.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <net/server.hpp>
#include <net/socket_address.hpp>
#include "tests/support/session.hpp"

namespace {

constexpr net::PipeOptions piped;
static_assert(piped.end, "S24.5: a pipe ends its destination unless it is told not to");
static_assert(net::LookupOptions{}.family == net::Family::unspecified && !net::LookupOptions{}.all);
static_assert(to_string(net::ReadyState::opening) == "opening" && to_string(net::ReadyState::open) == "open");
static_assert(to_string(net::ReadyState::readOnly) == "readOnly" &&
              to_string(net::ReadyState::writeOnly) == "writeOnly");
static_assert(to_string(net::ReadyState::closed) == "closed");

}  // namespace

TEST_CASE("S8.6, S11.15: where something is as text: an address with its port, IPv6 in brackets, or the path") {
  using net::AddressInfo;
  using net::Family;
  CHECK(AddressInfo{"127.0.0.1", Family::IPv4, 80, {}}.toString() == "127.0.0.1:80");
  CHECK(AddressInfo{"0.0.0.0", Family::IPv4, 0, {}}.toString() == "0.0.0.0:0");
  CHECK(AddressInfo{"::", Family::IPv6, 65535, {}}.toString() == "[::]:65535");
  CHECK(AddressInfo{"fe80::1%eth0", Family::IPv6, 1, {}}.toString() == "[fe80::1%eth0]:1");
  CHECK(AddressInfo{{}, Family::unspecified, 0, "/tmp/s"}.toString() == "/tmp/s");
  CHECK(AddressInfo{{}, Family::unspecified, 0, std::string("\0abstract", 9)}.toString() ==
        std::string("\0abstract", 9));
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  const AddressInfo at = *server.address();
  const auto parsed = net::SocketAddress::parse(at.toString());
  REQUIRE(parsed);
  CHECK(parsed->port() == at.port);
  CHECK(parsed->address() == at.address);
  server.close();
  tests::run_to_the_end(loop);
}

TEST_CASE("S7.11: what no option says is as in Node") {
  const net::SocketOptions socket;
  CHECK(socket.fd == -1);
  CHECK((socket.readable && socket.writable));
  CHECK_FALSE((socket.allowHalfOpen || socket.reusable));
  CHECK(socket.highWaterMark == 65536);
  const net::ConnectOptions connect;
  CHECK(connect.host == "localhost");
  CHECK(connect.family == net::Family::unspecified);
  CHECK_FALSE((connect.noDelay || connect.keepAlive || connect.autoSelectFamily || connect.blockList));
  const net::ListenOptions listen;
  CHECK(listen.backlog == 511);
  CHECK(listen.host.empty());
  CHECK_FALSE((listen.exclusive || listen.ipv6Only || listen.reusePort || listen.readableAll || listen.writableAll));
}

TEST_CASE("an address and a state are written to a stream as their texts, an address that is not there as none") {
  std::ostringstream to;
  const std::optional<net::AddressInfo> none;
  to << net::AddressInfo{.address = "::1", .family = net::Family::IPv6, .port = 80} << ";" << none << ";"
     << net::ReadyState::readOnly;
  CHECK(to.str() == "[::1]:80;;readOnly");
}

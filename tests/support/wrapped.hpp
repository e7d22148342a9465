// A socket around one end of a pair of descriptors, whose other end is the test's.
#ifndef NET_TESTS_WRAPPED_HPP
#define NET_TESTS_WRAPPED_HPP

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <net.hpp>
#include <optional>
#include <string_view>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

namespace tests::inline NET_MACHINE {

struct Wrapped {
  explicit Wrapped(net::Loop& on, net::SocketOptions options = {}) : loop(on) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    other = Descriptor(pair[1]);
    options.fd = pair[0];
    socket.emplace(on, options);
  }
  void send(std::string_view text) { send_raw(other, text); }
  void finish() {
    if (!socket->destroyed()) socket->destroy();
    run_to_the_end(loop);
  }

  net::Loop& loop;
  Descriptor other;
  std::optional<net::Socket> socket;
};

}  // namespace tests::inline NET_MACHINE

#endif

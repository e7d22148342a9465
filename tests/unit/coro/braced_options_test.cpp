#include <net/detail/coro/braced_options.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>
#include <type_traits>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

const std::string long_name = "a.name.that.is.so.long.that.it.has.to.be.on.the.heap.localhost";

}  // namespace

TEST_CASE("nothing in braced options has a destructor, so that no compiler can run one twice") {
  using namespace net::detail;
  static_assert(std::is_trivially_destructible_v<BracedWaitOptions>);
  static_assert(std::is_trivially_destructible_v<BracedConnectOptions>);
  static_assert(std::is_aggregate_v<BracedWaitOptions> && std::is_aggregate_v<BracedConnectOptions>);
}

TEST_CASE("braced options become the options with the same names") {
  const net::AbortController controller;
  const net::BlockList list;
  int asked = 0;
  const auto lookup = [&asked](std::string_view, const net::LookupOptions&, const net::LookupCallback&) { ++asked; };
  const net::ConnectOptions options = net::detail::BracedConnectOptions{.port = 1,
                                                                        .host = "h",
                                                                        .path = "p",
                                                                        .localAddress = "l",
                                                                        .localPort = 2,
                                                                        .family = net::Family::IPv6,
                                                                        .hints = 3,
                                                                        .lookup = lookup,
                                                                        .noDelay = true,
                                                                        .keepAlive = true,
                                                                        .keepAliveInitialDelay = 4,
                                                                        .autoSelectFamily = false,
                                                                        .autoSelectFamilyAttemptTimeout = 500,
                                                                        .blockList = list,
                                                                        .timeout = 6,
                                                                        .allowHalfOpen = true,
                                                                        .signal = controller.signal(),
                                                                        .reusable = true};
  CHECK((options.port == 1 && options.host == "h" && options.path == "p" && options.localAddress == "l"));
  CHECK((options.localPort == 2 && options.family == net::Family::IPv6 && options.hints == 3));
  options.lookup("", {}, {});
  CHECK(asked == 1);
  CHECK((options.noDelay && options.keepAlive && options.keepAliveInitialDelay.milliseconds() == 4));
  CHECK((options.autoSelectFamily == false && options.autoSelectFamilyAttemptTimeout->milliseconds() == 500));
  CHECK((options.blockList && options.timeout.milliseconds() == 6 && options.allowHalfOpen && options.reusable));
  CHECK(options.signal == controller.signal());
  const net::ConnectOptions plain = net::detail::BracedConnectOptions{};
  CHECK((plain.host == net::ConnectOptions().host && plain.port == net::ConnectOptions().port && !plain.lookup));
}

TEST_CASE("S34.3: everything that can stand inside co_await may be given braces, temporaries and defaults") {
  net::Loop loop;
  const net::Server server(loop, {}, [](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.pipe(socket);
  });
  server.listen(0);
  std::string got;
  const auto all_forms = [&](int port) -> net::Task<> {
    const net::AbortController controller;
    const net::Socket first =
        co_await net::connected({.port = port, .host = std::string("127.0") + ".0.1", .signal = controller.signal()});
    const net::Socket second = co_await net::connected({.port = port, .host = "127.0.0.1"},
                                                       {.signal = controller.signal(), .timeout = 100000});
    const net::Socket third = co_await net::connected(port, "127.0.0.1", {.timeout = 100000});
    const net::ConnectOptions named{.port = port, .host = "127.0.0.1"};
    const net::Socket fourth = co_await net::connected(named);
    for (const net::Socket& socket : {first, second, third, fourth}) {
      net::Reader reader(socket);
      co_await net::write(socket, std::string(100, 'x') + "\n", {.signal = controller.signal(), .timeout = 100000});
      co_await net::write(socket, long_name + "\n");
      got += (co_await reader.readLine(1000, {.timeout = 100000})).value().substr(0, 1);
      got += (co_await reader.readUntil(std::string("\n"), 1000, {.signal = controller.signal()})).value().substr(0, 1);
      socket.end();
      co_await net::once<"close">(socket, {.timeout = 100000});
    }
    co_await net::sleep(1, {.signal = controller.signal(), .timeout = 100000});
    server.close();
  };
  net::spawn(loop, all_forms(server.address()->port));
  loop.run();
  CHECK(got == "xaxaxaxa");
}

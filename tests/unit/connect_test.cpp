#include <net/connect.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include <net/server.hpp>
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S7.2, S7.3: connect takes options, a port and a host, or a path, and then a listener") {
  net::Loop loop;
  const TemporaryDirectory directory;
  int connections = 0;
  const auto count = [&connections](net::Socket socket) {
    ++connections;
    socket.resume();
  };
  const net::Server tcp(loop, {}, count), ipc(loop, {}, count);
  tcp.listen(0, "127.0.0.1");
  ipc.listen(directory.socket("s"));
  run_until(loop, [&] { return tcp.listening(); });
  const int port = tcp.address()->port;
  int calls = 0;
  const auto connected = [&calls] { ++calls; };
  net::connect(loop, {.port = port, .host = "127.0.0.1"}, connected).end();
  net::createConnection(loop, port, "127.0.0.1", connected).end();
  net::createConnection(loop, directory.socket("s"), connected).end();
  const net::Socket one(loop), two(loop), three(loop);
  CHECK(one.connect({.port = port, .host = "127.0.0.1"}, connected) == one);
  CHECK(two.connect(port, "127.0.0.1", connected) == two);
  CHECK(three.connect(directory.socket("s"), connected) == three);
  for (const net::Socket& socket : {one, two, three}) socket.end();
  run_until(loop, [&] { return connections == 6; });
  tcp.close();
  ipc.close();
  run_to_the_end(loop);
  CHECK(calls == 6);
}

TEST_CASE("S7.2: options with a name count as a whole, whether they can be changed or not, with a loop or without") {
  net::Loop loop;
  net::Server server(loop);
  server.listen(0);
  net::ConnectOptions options;
  options.port = server.address()->port;
  options.timeout = 5000;
  options.allowHalfOpen = true;
  const net::ConnectOptions fixed = options;
  for (const net::Socket& socket :
       {net::createConnection(loop, options), net::createConnection(loop, fixed), net::createConnection(options),
        net::connect(loop, options), net::connect(loop, fixed), net::connect(options)}) {
    CHECK(socket.allowHalfOpen());
    CHECK(socket.timeout()->count() == 5000);
    socket.destroy();
  }
}

TEST_CASE("S7.3, S12.2: the listener of connect is added before anything else is checked") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK(error_of([&] { socket.connect({.host = "127.0.0.1"}, [] {}); }).code() == net::Errc::ERR_MISSING_ARGS);
  CHECK(socket.listenerCount<"connect">() == 1);
}

TEST_CASE("S7.7: connect asks for localhost when no host is named") {
  net::Loop loop;
  const net::Socket socket(loop);
  std::string asked;
  socket.on<"error">([] {});
  socket.connect({.port = 1,
                  .host = "",
                  .lookup = [&asked](std::string_view host, const net::LookupOptions&, net::LookupCallback answer) {
                    asked = host;
                    answer(net::Error(std::string("no answer")), {});
                  }});
  run_to_the_end(loop);
  CHECK(asked == "localhost");
  CHECK(net::ConnectOptions{}.host == "localhost");
}

TEST_CASE("S18.9: the timeout option of createConnection is set before the connection") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](net::Socket socket) { socket.resume(); });
  const net::Socket client = net::createConnection(loop, {.port = one.port(), .host = "127.0.0.1", .timeout = 5});
  CHECK(client.timeout()->count() == 5);
  bool called = false;
  client.on<"timeout">([&called, client] {
    called = true;
    client.end();
  });
  run_to_the_end(loop);
  CHECK(called);
}

#include <net/detail/connect/connector.hpp>

#include <doctest/doctest.h>

#include <net/detail/connect/race.ipp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

constexpr auto v4 = net::Family::IPv4;

}  // namespace

TEST_CASE(
    "S12.1, S12.5, S12.15, S28.8: connecting to an IP: no lookup, the attempt on a tick, 'ready' behind 'connect'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  note(client, log);
  client.connect(one.port(), "127.0.0.1", [&] {
    log.add("listener");
    loop.nextTick([&] { log.add("tick"); });
  });
  CHECK(client.connecting());
  CHECK(client.pending());
  CHECK(client.readyState() == net::ReadyState::opening);
  CHECK(log.text().empty());
  client.on<"connectionAttempt">([&](std::string_view ip, int port, net::Family family) {
    CHECK(ip == "127.0.0.1");
    CHECK(port == one.port());
    CHECK(family == v4);
    CHECK(client.connecting());
  });
  client.on<"connect">([&] {
    CHECK_FALSE(client.connecting());
    CHECK_FALSE(client.pending());
    CHECK(client.readyState() == net::ReadyState::open);
    CHECK(client.localAddress() == "127.0.0.1");
    CHECK(client.address()->port == client.localPort());
  });
  run_to_the_end(loop);
  CHECK(log.text() == "attempt connect listener ready tick end prefinish finish close(false)");
}

TEST_CASE(
    "S12.16, S3.2, S28.10: nobody there: 'connectionAttemptFailed', then 'error', immediates, 'close' with true") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket client(loop);
  note(client, log);
  net::Error told;
  client.on<"connectionAttemptFailed">([&](std::string_view, int, net::Family, const net::Error& error) {
    CHECK(client.readyState() == net::ReadyState::open);  // S11.2
    CHECK_FALSE(client.connecting());
    loop.setImmediate([&] { log.add("immediate"); });
    told = error;
  });
  client.connect(closed.number(), "127.0.0.1");
  run_to_the_end(loop);
  const std::string text = "connect ECONNREFUSED 127.0.0.1:" + std::to_string(closed.number());
  CHECK(log.text() == "attempt failed error(" + text + ") immediate close(true)");
  CHECK(told.what() == text);
  CHECK(told.code() == std::errc::connection_refused);
  CHECK(told.name() == "ECONNREFUSED");
  CHECK(told.kind() == "Error");
  CHECK(told.syscall() == "connect");
  CHECK(told.address() == "127.0.0.1");
  CHECK(told.port() == closed.number());
  CHECK(told.number() == -ECONNREFUSED);
}

TEST_CASE("S3.3: with a local port asked for, a later failure names the local end") {
  net::Loop loop;
  const ClosedPort closed;
  const ReservedPort reserved;
  const int local = reserved.number();
  net::Error told;
  const net::Socket client(loop);
  client.on<"error">([&](const net::Error& error) { told = error; });
  client.connect({.port = closed.number(), .host = "127.0.0.1", .localPort = local});
  run_to_the_end(loop);
  CHECK(std::string(told.what()) == "connect ECONNREFUSED 127.0.0.1:" + std::to_string(closed.number()) +
                                        " - Local (0.0.0.0:" + std::to_string(local) + ")");
  CHECK(told.localPort() == local);
  CHECK(told.localAddress() == "0.0.0.0");
}

TEST_CASE("S12.13: localAddress and localPort are bound before the attempt") {
  net::Loop loop;
  const OneConnection one(loop);
  const ReservedPort reserved;
  const int local = reserved.number();
  one.server.on<"connection">([&](const net::Socket& socket) {
    CHECK(socket.remotePort() == local);
    CHECK(socket.remoteAddress().find("127.0.0.3") != std::string::npos);
    socket.end();
  });
  const net::Socket client(loop);
  client.connect({.port = one.port(), .host = "127.0.0.1", .localAddress = "127.0.0.3", .localPort = local});
  run_to_the_end(loop);
  CHECK(client.bytesRead() == 0);
}

TEST_CASE("S12.18, S28.14: a bind that fails: no attempt, 'error' bind …, 'close' with true") {
  net::Loop loop;
  Log log;
  const ClosedPort target;
  const net::Socket client(loop);
  note(client, log);
  SUBCASE("an address of another machine") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localAddress = "192.0.2.1"});
    log.add("bind EADDRNOTAVAIL 192.0.2.1");
  }
  SUBCASE("an IPv6 address for an IPv4 target") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localAddress = "::1"});
    log.add("bind EINVAL ::1");
  }
  SUBCASE("a port out of range") {
    client.connect({.port = target.number(), .host = "127.0.0.1", .localPort = 70000});
    log.add("bind EADDRINUSE 0.0.0.0:70000");
  }
  const std::string expected = log.text();
  log.clear();
  run_to_the_end(loop);
  CHECK(log.text() == "error(" + expected + ") close(true)");
}

TEST_CASE(
    "S12.17, S3.4, S28.13: a connect call that fails at once: no 'connectionAttemptFailed', the local end is shown") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note(client, log);
  client.connect(9, "255.255.255.255");  // TCP to the broadcast address
  run_to_the_end(loop);
  const std::string code(client.errored().name());
  CHECK(log.text() == "attempt error(connect " + code + " 255.255.255.255:9 - Local (0.0.0.0:0)) close(true)");
  CHECK(client.errored().localPort() == -1);
}

TEST_CASE("S12.19: port 0 is refused, and not shown") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note(client, log);
  client.connect(0, "127.0.0.1");
  run_to_the_end(loop);
  CHECK(log.has("error(connect E"));
  CHECK_FALSE(log.has("127.0.0.1:0"));
  CHECK(client.errored().port() == -1);
}

TEST_CASE("S12.2: the listener of a connect that failed stays and runs at the next success, before later ones") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  client.on<"error">([&] { log.add("error"); });
  client.connect(closed.number(), "127.0.0.1", [&] { log.add("first"); });
  client.once<"close">([&] {
    log.add("close");
    client.connect(one.port(), "127.0.0.1", [&] { log.add("second"); });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "error close first second");
}

TEST_CASE("S12.7, S12.8, S13.2: the lookup is asked inside connect(), with 'all' only for family selection") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.unref();
  std::vector<net::LookupOptions> asked;
  const net::Lookup lookup = [&](std::string_view host, const net::LookupOptions& options, net::LookupCallback) {
    CHECK(host == "a.name");
    asked.push_back(options);
  };
  const auto ask = [&](net::ConnectOptions options) {
    options.port = one.port();
    options.host = "a.name";
    options.lookup = lookup;
    const net::Socket socket(loop);
    socket.connect(options);
    socket.destroy();
    return asked.back();
  };
  CHECK(ask({}).all);
  CHECK(asked.back().hints != 0);
  CHECK(asked.back().family == net::Family::unspecified);
  CHECK_FALSE(ask({.family = v4}).all);
  CHECK(asked.back().family == v4);
  CHECK(asked.back().hints == 0);
  CHECK_FALSE(ask({.localAddress = "127.0.0.1"}).all);
  CHECK_FALSE(ask({.autoSelectFamily = false}).all);
  CHECK(asked.size() == 4);
  run_to_the_end(loop);
}

TEST_CASE("S7.8, S7.9: the defaults of family selection are the process's, and read when connect is called") {
  net::Loop loop;
  CHECK(net::getDefaultAutoSelectFamily());
  net::setDefaultAutoSelectFamily(false);
  bool all = true;
  const net::Socket socket(loop);
  socket.connect(
      {.port = 1,
       .host = "name",
       .lookup = [&](std::string_view, const net::LookupOptions& options, net::LookupCallback) { all = options.all; }});
  socket.destroy();
  net::setDefaultAutoSelectFamily(true);
  CHECK_FALSE(all);
  const auto before = net::getDefaultAutoSelectFamilyAttemptTimeout();
  CHECK(before.count() == 250);
  net::setDefaultAutoSelectFamilyAttemptTimeout(3);
  CHECK(net::getDefaultAutoSelectFamilyAttemptTimeout().count() == 10);
  CHECK(error_of([] { net::setDefaultAutoSelectFamilyAttemptTimeout(0); }).code() == net::Errc::ERR_OUT_OF_RANGE);
  net::setDefaultAutoSelectFamilyAttemptTimeout(before);
  run_to_the_end(loop);
}

TEST_CASE("S12.9, S13.6, S28.9: a name with one address: 'lookup', one attempt, no list of attempted addresses") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  note_attempts(client, log);
  client.on<"lookup">([](const net::Error& error, std::string_view address, net::Family family, std::string_view host) {
    CHECK_FALSE(error);
    CHECK(address == "127.0.0.1");
    CHECK(family == v4);
    CHECK(host == "one.name");
  });
  client.connect({.port = one.port(), .host = "one.name", .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.1", v4}})});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 lookup:127.0.0.1 try:127.0.0.1 connect close(false)");
  CHECK(client.autoSelectFamilyAttemptedAddresses().empty());
}

TEST_CASE("S12.10, S28.12, S3.7: a lookup that fails: 'lookup' with the error, 'error', 'close' with true") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect(
      {.port = 1, .host = "x", .lookup = [](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
         answer(net::Error(net::Errc::ERR_LOOKUP_NOT_FOUND, "my own words"), {});
       }});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:ENOTFOUND error:ENOTFOUND close(true)");
  CHECK(std::string(client.errored().what()) == "my own words");
}

TEST_CASE("S12.24, S3.7: the built-in lookup of a name that nobody knows") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect(1, "no-such-name.invalid");
  CHECK(log.text().empty());
  run_to_the_end(loop);
  const std::string code(client.errored().name());
  CHECK((code == "ENOTFOUND" || code == "EAI_AGAIN"));
  CHECK(log.text() == "lookup:" + code + " error:" + code + " close(true)");
  CHECK(std::string(client.errored().what()) == "getaddrinfo " + code + " no-such-name.invalid");
  if (code == "ENOTFOUND") CHECK(client.errored().number() == -3008);
}

TEST_CASE("S12.24, S26.1: localhost is looked up like any other name, and connects") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end("hi"); });
  std::string heard;
  net::connect(loop, {.port = one.port()}).on<"data">([&](net::Chunk chunk) { heard += chunk; });
  run_to_the_end(loop);
  CHECK(heard == "hi");
}

TEST_CASE("S12.11: a lookup that answers no IP, or no family: an error after 'lookup'") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note_attempts(client, log);
  SUBCASE("no IP") {
    client.connect({.port = 80, .host = "x", .family = v4, .lookup = answering({{"not an ip", v4}})});
    run_to_the_end(loop);
    CHECK(log.text() == "lookup:not an ip error:ERR_INVALID_IP_ADDRESS close(true)");
    CHECK(std::string(client.errored().what()) == "Invalid IP address: not an ip");
  }
  SUBCASE("no family") {
    client.connect(
        {.port = 80, .host = "x", .family = v4, .lookup = answering({{"127.0.0.1", static_cast<net::Family>(7)}})});
    run_to_the_end(loop);
    CHECK(log.text() == "lookup:127.0.0.1 error:ERR_INVALID_ADDRESS_FAMILY close(true)");
    CHECK(std::string(client.errored().what()) == "Invalid address family: 7 x:80");
  }
  SUBCASE("S13.4: nothing at all") {
    client.connect({.port = 80, .host = "x", .lookup = answering({})});
    run_to_the_end(loop);
    CHECK(log.text() == "lookup:ENOTFOUND error:ENOTFOUND close(true)");
  }
}

TEST_CASE("S12.12, S17.8: destroyed during the lookup: 'close' only, and the answer counts for nothing") {
  net::Loop loop;
  Log log;
  net::LookupCallback later;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect(
      {.port = 1, .host = "x", .lookup = [&](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
         later = answer;
       }});
  client.destroy();
  run_to_the_end(loop);
  const net::LookupAddress found{"127.0.0.1", v4};
  later(net::Error(), {&found, 1});
  run_to_the_end(loop);
  CHECK(log.text() == "close(false)");
}

TEST_CASE("S12.23: a lookup may answer later, and a second answer counts for nothing") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect({.port = one.port(),
                  .host = "x",
                  .lookup = [&](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
                    loop.setTimeout(
                        [answer] {
                          const net::LookupAddress found{"127.0.0.1", v4};
                          answer(net::Error(), {&found, 1});
                          answer(net::Error("again"), {});
                        },
                        1);
                  }});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 try:127.0.0.1 connect close(false)");
}

TEST_CASE(
    "S2.13: neither a 'connect' listener that throws nor, behind it, a write's callback keeps the socket from "
    "reading") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.end("answer"); });
  const net::Socket client = client_of(loop, one.server);
  client.on<"connect">([] { net::detail::throw_error(net::Error("listener")); });
  client.write("x", [] { net::detail::throw_error(net::Error("callback")); });
  std::string got;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "listener");
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "callback");
  run_to_the_end(loop);
  CHECK(got == "answer");
  CHECK(client.destroyed());
}

TEST_CASE("S12.11, S3.10: a family that is none is told with the name and the port, 0 too, and has them as fields") {
  net::Loop loop;
  for (const int port : {0, 5}) {
    const net::Socket socket(loop);
    net::Error told;
    socket.on<"error">([&](const net::Error& error) { told = error; });
    socket.connect(
        {.port = port, .host = "somewhere", .lookup = answering({{"127.0.0.1", static_cast<net::Family>(100)}})});
    run_to_the_end(loop);
    CHECK(std::string(told.what()) == "Invalid address family: 100 somewhere:" + std::to_string(port));
    CHECK(told.hostname() == "somewhere");
    CHECK(told.port() == port);
    CHECK(told.kind() == "RangeError");
  }
}

TEST_CASE(
    "S12.24: a name that is no UTF-8 is refused by the lookup, in Node's words; others are shown as they were given") {
  net::Loop loop;
  const auto lookup_of = [&](std::string host) {
    Log log;
    const net::Socket socket(loop);
    socket.on<"lookup">([&](const net::Error& error, std::string_view, net::Family, std::string_view name) {
      log.add(std::string(error.what()) + "|" + std::string(name));
    });
    socket.on<"error">(
        [&](const net::Error& error) { log.add(std::string(error.name()) + "|" + std::string(error.hostname())); });
    socket.connect({.port = 1, .host = host});
    run_to_the_end(loop);
    return log.text();
  };
  CHECK(lookup_of("a\xff.invalid") == "getaddrinfo EINVAL a\xff.invalid|a\xff.invalid EINVAL|a\xff.invalid");
  const std::string told = lookup_of("b\u00fccher.invalid");
  CHECK_MESSAGE(
      (told == "getaddrinfo ENOTFOUND b\u00fccher.invalid|b\u00fccher.invalid ENOTFOUND|b\u00fccher.invalid" ||
       told == "getaddrinfo EAI_AGAIN b\u00fccher.invalid|b\u00fccher.invalid EAI_AGAIN|b\u00fccher.invalid"),
      told);
}

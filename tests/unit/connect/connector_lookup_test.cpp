#include <net/detail/connect/connector.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

constexpr auto v4 = net::Family::IPv4;

/// A socket whose lookup and attempts are noted.
struct NotedAttempts {
  net::Loop loop;
  Log log;
  const net::Socket client{loop};
  NotedAttempts() { note_attempts(client, log); }
};

/// The same beside a server that ends what it accepts.
struct NotedAttemptsAtOne : NotedAttempts {
  const OneConnection one{loop};
  NotedAttemptsAtOne() {
    one.server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  }
};

}  // namespace

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
  CHECK(asked.back().hints == net::detail::Machine::address_config_hint());
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

TEST_CASE_FIXTURE(
    NotedAttemptsAtOne,
    "S12.9, S13.6, S28.9: a name with one address: 'lookup', one attempt, no list of attempted addresses") {
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

TEST_CASE_FIXTURE(NotedAttempts,
                  "S12.10, S28.12, S3.7: a lookup that fails: 'lookup' with the error, 'error', 'close' with true") {
  client.connect(
      {.port = 1, .host = "x", .lookup = [](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
         answer(net::Error(net::Errc::ERR_LOOKUP_NOT_FOUND, "my own words"), {});
       }});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:ENOTFOUND error:ENOTFOUND close(true)");
  CHECK(std::string(client.errored().what()) == "my own words");
}

TEST_CASE_FIXTURE(NotedAttempts, "S12.24, S3.7: the built-in lookup of a name that nobody knows") {
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

TEST_CASE_FIXTURE(NotedAttempts, "S12.11: a lookup that answers no IP, or no family: an error after 'lookup'") {
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

TEST_CASE_FIXTURE(NotedAttempts,
                  "S12.12, S17.8: destroyed during the lookup: 'close' only, and the answer counts for nothing") {
  net::LookupCallback later;
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

TEST_CASE_FIXTURE(NotedAttemptsAtOne, "S12.23: a lookup may answer later, and a second answer counts for nothing") {
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
    "S12.11, S3.10: a family that is none is reported with the name and the port, 0 too, and has them as fields") {
  net::Loop loop;
  for (const int port : {0, 5}) {
    const net::Socket socket(loop);
    net::Error emitted;
    socket.on<"error">([&](const net::Error& error) { emitted = error; });
    socket.connect(
        {.port = port, .host = "somewhere", .lookup = answering({{"127.0.0.1", static_cast<net::Family>(100)}})});
    run_to_the_end(loop);
    CHECK(std::string(emitted.what()) == "Invalid address family: 100 somewhere:" + std::to_string(port));
    CHECK(emitted.hostname() == "somewhere");
    CHECK(emitted.port() == port);
    CHECK(emitted.kind() == "RangeError");
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
  const std::string emitted = lookup_of("b\u00fccher.invalid");
  CHECK_MESSAGE(
      (emitted == "getaddrinfo ENOTFOUND b\u00fccher.invalid|b\u00fccher.invalid ENOTFOUND|b\u00fccher.invalid" ||
       emitted == "getaddrinfo EAI_AGAIN b\u00fccher.invalid|b\u00fccher.invalid EAI_AGAIN|b\u00fccher.invalid"),
      emitted);
}

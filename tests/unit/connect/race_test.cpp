#include <net/detail/connect/race.ipp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

constexpr auto v4 = net::Family::IPv4;
constexpr auto v6 = net::Family::IPv6;

/// A listener on an address of its own whose backlog is full: connecting to it hangs.
class FullBacklog {
 public:
  explicit FullBacklog(const char* address) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &at.sin_addr);
    socklen_t length = sizeof at;
    auto* const generic = reinterpret_cast<sockaddr*>(&at);
    REQUIRE(::bind(listener_.get(), generic, length) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    REQUIRE(::getsockname(listener_.get(), generic, &length) == 0);
    port_ = ntohs(at.sin_port);
    for (int i = 0; i < 3; ++i) {
      fillers_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)::connect(fillers_.back().get(), generic, length);
    }
  }
  int port() const { return port_; }

 private:
  Descriptor listener_;
  std::vector<Descriptor> fillers_;
  int port_ = 0;
};

}  // namespace

TEST_CASE("S13.3, S13.4, S13.5: families alternate; invalid and repeated addresses are left out") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect(
      {.port = closed.number(),
       .host = "many.names",
       .lookup = answering({{"bad", v4}, {"127.0.0.1", v4}, {"127.0.0.2", v4}, {"127.0.0.1", v4}, {"::1", v6}})});
  run_to_the_end(loop);
  CHECK(log.has("lookup:bad lookup:127.0.0.1 lookup:127.0.0.2 lookup:127.0.0.1 lookup:::1 try:127.0.0.1"));
  const std::size_t one = log.text().find("try:127.0.0.1"), two = log.text().find("try:::1"),
                    three = log.text().find("try:127.0.0.2");
  CHECK(one < two);
  CHECK(two < three);
  CHECK(three != std::string::npos);
  CHECK(log.count("try:") == 3);
}

TEST_CASE("S13.12, S3.8, S28.17: all refused: one 'error', an aggregate with an empty message and the first's code") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const std::string port = std::to_string(closed.number());
  const net::Socket client(loop);
  note_attempts(client, log);
  client.on<"connectionAttemptFailed">([&] { CHECK(client.connecting()); });  // S13.8
  net::Error told;
  client.on<"error">([&](const net::Error& error) { told = error; });
  client.connect({.port = closed.number(), .host = "x", .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}})});
  run_to_the_end(loop);
  CHECK(log.text() ==
        "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 failed:127.0.0.1:ECONNREFUSED try:127.0.0.2 "
        "failed:127.0.0.2:ECONNREFUSED error:ECONNREFUSED close(true)");
  CHECK(told.kind() == "AggregateError");
  CHECK(std::string(told.what()).empty());
  CHECK(told.code() == std::errc::connection_refused);
  REQUIRE(told.errors().size() == 2);
  CHECK(std::string(told.errors()[0].what()) == "connect ECONNREFUSED 127.0.0.1:" + port);
  CHECK(std::string(told.errors()[1].what()) == "connect ECONNREFUSED 127.0.0.2:" + port);
  // S13.14
  CHECK(client.autoSelectFamilyAttemptedAddresses() ==
        std::vector<std::string>{"127.0.0.1:" + port, "127.0.0.2:" + port});
}

TEST_CASE("S13.6, S13.14: the list of attempted addresses stays until families are selected again") {
  net::Loop loop;
  const ClosedPort closed;
  const std::string port = std::to_string(closed.number());
  const net::Socket client(loop, net::SocketOptions{.reusable = true});
  client.on<"error">([] {});
  const auto connect = [&](std::vector<net::LookupAddress> answers) {
    client.connect({.port = closed.number(), .host = "x", .lookup = answering(std::move(answers))});
    run_to_the_end(loop);
    return client.autoSelectFamilyAttemptedAddresses();
  };
  const std::vector<std::string> first{"127.0.0.1:" + port, "127.0.0.2:" + port};
  CHECK(connect({{"127.0.0.1", v4}, {"127.0.0.2", v4}}) == first);
  CHECK(connect({{"127.0.0.3", v4}}) == first);
  CHECK(connect({{"127.0.0.3", v4}, {"127.0.0.1", v4}}) ==
        std::vector<std::string>{"127.0.0.3:" + port, "127.0.0.1:" + port});
}

TEST_CASE("S13.7, S13.8: an address whose family cannot be bound is left out without a word, its error is kept") {
  net::Loop loop;
  Log log;
  const net::Server holder(loop);
  holder.listen(0);
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect({.port = 1,
                  .host = "x",
                  .localPort = holder.address()->port,
                  .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}})});
  holder.close();
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 lookup:127.0.0.2 error:EADDRINUSE close(true)");
  REQUIRE(client.errored().errors().size() == 2);
  CHECK(client.errored().errors()[1].syscall() == "bind");
  CHECK(client.autoSelectFamilyAttemptedAddresses().empty());
}

TEST_CASE("S13.4: an IPv4 address that the lookup calls IPv6 cannot be connected to") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note_attempts(client, log);
  SUBCASE("alone") {
    client.connect({.port = 1, .host = "x", .lookup = answering({{"127.0.0.1", v6}})});
    run_to_the_end(loop);
    CHECK(log.text() == "lookup:127.0.0.1 try:127.0.0.1 error:EINVAL close(true)");
    CHECK(std::string(client.errored().what()) == "connect EINVAL 127.0.0.1:1");
  }
  SUBCASE("among others") {
    client.connect({.port = 1, .host = "x", .lookup = answering({{"127.0.0.1", v6}, {"127.0.0.1", v4}})});
    run_to_the_end(loop);
    CHECK(log.text() ==
          "lookup:127.0.0.1 lookup:127.0.0.1 try:127.0.0.1 failed:127.0.0.1:EINVAL try:127.0.0.1 "
          "failed:127.0.0.1:ECONNREFUSED "
          "error:EINVAL close(true)");
  }
}

TEST_CASE(
    "S13.10, S13.15, S28.15: the first is refused, the second answers: no 'error', and the data goes to it once") {
  net::Loop loop;
  Log log;
  std::string heard;
  const net::Server server(loop);
  server.listen(0, "127.0.0.2");
  run_until(loop, [&] { return server.listening(); });
  server.once<"connection">([&](const net::Socket& socket) {
    server.close();
    socket.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  });
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect(
      {.port = server.address()->port, .host = "x", .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}})});
  client.end("once");
  run_to_the_end(loop);
  CHECK(log.text() ==
        "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 failed:127.0.0.1:ECONNREFUSED try:127.0.0.2 connect "
        "close(false)");
  CHECK(heard == "once");
  CHECK(client.autoSelectFamilyAttemptedAddresses().size() == 2);
}

TEST_CASE("S13.9, S28.16: a slow address: after the delay 'connectionAttemptTimeout' is told and the next one wins") {
  net::Loop loop;
  Log log;
  const FullBacklog slow("127.0.0.1");
  const net::Server server(loop);
  server.listen(slow.port(), "127.0.0.2");
  run_until(loop, [&] { return server.listening(); });
  server.once<"connection">([&](const net::Socket& socket) {
    server.close();
    socket.end();
  });
  const net::Socket client(loop);
  note_attempts(client, log);
  client.connect({.port = slow.port(),
                  .host = "x",
                  .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}}),
                  .autoSelectFamilyAttemptTimeout = net::Duration(1)});  // at least 10
  run_to_the_end(loop);
  CHECK(log.text() ==
        "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 slow:127.0.0.1 try:127.0.0.2 connect close(false)");
  CHECK(client.remoteAddress() == "127.0.0.2");
}

TEST_CASE("racing: an attempt that was slow goes on, and may still win when the next one fails") {
  net::Loop loop;
  Log log;
  std::optional<FullBacklog> slow("127.0.0.1");
  const int port = slow->port();
  const net::Socket client(loop);
  note_attempts(client, log);
  net::Error told;
  client.on<"error">([&](const net::Error& error) { told = error; });
  client.on<"connectionAttemptFailed">([&](std::string_view ip) {
    // the second has failed: the first is still under way, so there is no error yet
    if (ip == "127.0.0.2") {
      CHECK(client.connecting());
      CHECK_FALSE(client.destroyed());
      client.destroy();
    }
  });
  client.connect({.port = port,
                  .host = "x",
                  .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}}),
                  .autoSelectFamilyAttemptTimeout = net::Duration(10)});
  run_to_the_end(loop);
  CHECK(log.has("slow:127.0.0.1 try:127.0.0.2 failed:127.0.0.2:ECONNREFUSED"));
  CHECK(log.has("close(false)"));
  CHECK_FALSE(told);
}

TEST_CASE("S13.13: destroyed during an attempt: it is cancelled, and no other one starts") {
  net::Loop loop;
  Log log;
  const FullBacklog slow("127.0.0.1");
  const net::Socket client(loop);
  note_attempts(client, log);
  client.on<"connectionAttempt">([&] { loop.setImmediate([&] { client.destroy(); }); });
  client.connect({.port = slow.port(),
                  .host = "x",
                  .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}}),
                  .autoSelectFamilyAttemptTimeout = net::Duration(100000)});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 failed:127.0.0.1:ECANCELED close(false)");
}

TEST_CASE(
    "S13.13, S2.2: what is queued when a cancelled attempt is told runs before 'close', where connecting again "
    "begins") {
  net::Loop loop;
  Log log;
  const ClosedPort closed;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.on<"connectionAttemptFailed">([&] {
    loop.nextTick([&] {
      log.add("tick");
      CHECK(error_of([&] { client.connect(closed.number(), "127.0.0.1"); }).code() == net::Errc::ERR_SOCKET_CLOSED);
    });
  });
  client.connect({.port = closed.number(), .host = "x", .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}})});
  client.destroy();
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 failed:127.0.0.1:ECANCELED tick close(false)");
}

TEST_CASE("S13.13: destroyed inside 'connectionAttemptTimeout': just 'close'") {
  net::Loop loop;
  Log log;
  const FullBacklog slow("127.0.0.1");
  const net::Socket client(loop);
  note_attempts(client, log);
  client.on<"connectionAttemptTimeout">([&] { client.destroy(); });
  client.connect({.port = slow.port(),
                  .host = "x",
                  .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}}),
                  .autoSelectFamilyAttemptTimeout = net::Duration(10)});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 lookup:127.0.0.2 try:127.0.0.1 slow:127.0.0.1 close(false)");
}

TEST_CASE("S13.3: destroyed in one of the 'lookup' events: nothing more is told or tried") {
  net::Loop loop;
  Log log;
  const net::Socket client(loop);
  note_attempts(client, log);
  client.once<"lookup">([&] { client.destroy(); });
  client.connect({.port = 1, .host = "x", .lookup = answering({{"127.0.0.1", v4}, {"127.0.0.2", v4}})});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup:127.0.0.1 close(false)");
}

TEST_CASE("S18.3, S18.9: the idle timeout runs while connecting; it closes nothing") {
  net::Loop loop;
  Log log;
  const FullBacklog slow("127.0.0.1");
  const net::Socket client = net::connect(loop, {.port = slow.port(), .host = "127.0.0.1", .timeout = 5});
  CHECK(client.timeout() == std::chrono::milliseconds(5));
  client.on<"timeout">([&] {
    log.add("timeout");
    CHECK(client.connecting());
    client.destroy();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "timeout");
}

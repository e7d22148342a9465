#include <net/detail/coro/wait_limit.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>

#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"
#include "tests/support/tasks.hpp"

using namespace tests;

namespace {

/// The name of what the task throws, and of its cause.
net::Task<std::string> failure_of(net::Task<> task) {
  try {
    co_await task;
  } catch (const net::Error& error) {
    std::string text(error.name());
    text.append(" ").append(error.kind());
    if (const net::Error cause = error.cause()) text.append(": ").append(cause.what());
    co_return text;
  }
  co_return "none";
}

}  // namespace

TEST_CASE("S34.6: each wait ends with ERR_TIMEOUT after its timeout, and with ABORT_ERR when its signal aborts") {
  net::Loop loop;
  const OneConnection one(loop);
  std::vector<std::string> failures;
  const auto waiting = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    net::Acceptor acceptor(one.server);
    const auto reads = [](net::Reader& from, net::WaitOptions options) -> net::Task<> { co_await from.next(options); };
    const auto hears = [](net::Socket from, net::WaitOptions options) -> net::Task<> {
      co_await net::once<"timeout">(from, options);
    };
    const auto accepts = [](net::Acceptor& from, net::WaitOptions options) -> net::Task<> {
      co_await from.next(options);
    };
    const auto sleeps = [](net::WaitOptions options) -> net::Task<> { co_await net::sleep(100000, options); };
    const auto promises = [](net::WaitOptions options) -> net::Task<> {
      const net::Promise<> never;
      co_await never.wait(options);
    };
    const auto joins = [](net::WaitOptions options) -> net::Task<> {
      net::TaskGroup group;
      group.spawn([]() -> net::Task<> { co_await net::sleep(100000); });
      co_await group.join(options);
    };
    for (const bool timed : {true, false}) {
      const auto options = [&] {
        net::WaitOptions made;
        if (timed) {
          made.timeout = 5;
        } else {
          const net::AbortController controller;
          made.signal = controller.signal();
          loop.setTimeout([controller] { controller.abort(net::Error("enough")); }, 5);
        }
        return made;
      };
      failures.push_back(co_await failure_of(reads(reader, options())));
      failures.push_back(co_await failure_of(hears(socket, options())));
      failures.push_back(co_await failure_of(accepts(acceptor, options())));
      failures.push_back(co_await failure_of(sleeps(options())));
      failures.push_back(co_await failure_of(promises(options())));
      failures.push_back(co_await failure_of(joins(options())));
    }
    socket.destroy();
    one.server.close();
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(waiting(socket)); });
  const net::Socket client = net::createConnection(loop, one.port(), "127.0.0.1");
  client.on<"error">([] {});
  loop.run();
  std::vector<std::string> expected(6, "ERR_TIMEOUT TimeoutError");
  expected.resize(12, "ABORT_ERR AbortError: enough");
  CHECK(failures == expected);
}

TEST_CASE("S34.6: a wait that was given up has taken nothing away: the next one gets the same bytes") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_name(reader.readLine(100, {.timeout = 5})) == "ERR_TIMEOUT");
        CHECK(co_await error_name(reader.read(10, {.timeout = 5})) == "ERR_TIMEOUT");
        CHECK((co_await reader.next()).value().view() == "half");
      },
      {"half"}, false);
}

TEST_CASE("S34.6: a signal that has aborted already ends the wait at once; a limit that is not reached is forgotten") {
  net::Loop loop;
  const net::AbortController controller;
  std::string failure;
  bool slept = false;
  controller.abort();
  const auto waiting = [&]() -> net::Task<> {
    const auto sleeps = [](net::AbortSignal signal) -> net::Task<> { co_await net::sleep(1, {.signal = signal}); };
    failure = co_await failure_of(sleeps(controller.signal()));
    const net::AbortController other;
    co_await net::sleep(1, {.signal = other.signal(), .timeout = 100000});
    slept = true;
    other.abort();
  };
  net::spawn(loop, waiting);
  loop.run();
  CHECK(failure.starts_with("ABORT_ERR AbortError"));
  CHECK(slept);
}

TEST_CASE("S34.6: a task that is destroyed while a limit is set hears of neither") {
  net::Loop loop;
  const net::AbortController controller;
  bool went_on = false;
  const auto waiting = [](net::AbortSignal signal, bool& flag) -> net::Task<> {
    try {
      co_await net::sleep(100000, {.signal = signal, .timeout = 5});
    } catch (const net::Error&) {}
    flag = true;
  };
  {
    net::TaskGroup group(loop);
    group.spawn(waiting(controller.signal(), went_on));
  }
  controller.abort();
  loop.setTimeout([] {}, 20);
  loop.run();
  CHECK_FALSE(went_on);
}

TEST_CASE("S34.6: connecting that takes too long throws, and the socket is destroyed") {
  net::Loop loop;
  std::string failure;
  const auto connecting = [&]() -> net::Task<> {
    const auto connects = []() -> net::Task<> {
      net::Lookup never = [](std::string_view, const net::LookupOptions&, const net::LookupCallback&) {};
      co_await net::connected({.port = 1, .host = "nowhere.test", .lookup = never}, {.timeout = 5});
    };
    failure = co_await failure_of(connects());
  };
  net::spawn(loop, connecting);
  loop.run();
  CHECK(failure == "ERR_TIMEOUT TimeoutError");
}

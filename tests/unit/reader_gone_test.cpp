#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <coroutine>
#include <memory>
#include <net/task.hpp>
#include <string>

#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// A coroutine that its owner may destroy at any moment.
struct Destroyable {
  struct promise_type {
    Destroyable get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> frame;
};

Destroyable takes(net::Reader& reader, std::string& heard) {
  while (const auto chunk = co_await reader.next()) heard += *chunk;
}
Destroyable takes(net::Acceptor& acceptor, int& count) {
  while (const auto socket = co_await acceptor.next()) ++count, socket->destroy();
}

}  // namespace

TEST_CASE("when a reader goes, the next one finds what it did not take from the socket") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        {
          net::Reader reader(socket);
          CHECK((co_await reader.next())->view() == "one");
        }
        CHECK(socket.isPaused());
        CHECK(socket.listenerCount<"data">() == 0);
        co_await net::sleep(20);
        net::Reader reader(socket);
        CHECK((co_await reader.next())->view() == "two");
      },
      {"one", "two"});
}

TEST_CASE("S34.9: a task that is destroyed while it waits for a reader it does not own is called no more") {
  net::Loop loop;
  Ends ends(loop);
  std::string first, second;
  {
    net::Reader reader(ends.client);
    const Destroyable gone = takes(reader, first);
    gone.frame.destroy();
    ends.accepted->write("kept");
    run_until(loop, [&] { return ends.client.isPaused(); });
    const Destroyable next = takes(reader, second);
    run_until(loop, [&] { return second == "kept"; });
    next.frame.destroy();
    const Destroyable last = takes(reader, first);
    ends.accepted->end();
    run_until(loop, [&] { return last.frame.done(); });
    last.frame.destroy();
  }
  CHECK(first.empty());
  CHECK(second == "kept");
  ends.destroy();
}

TEST_CASE("S34.9: a reader and an acceptor may go before the tasks that wait for them") {
  net::Loop loop;
  Ends ends(loop);
  std::string heard;
  int count = 0;
  const net::Server server(loop);
  server.listen(0);
  auto reader = std::make_unique<net::Reader>(ends.client);
  auto acceptor = std::make_unique<net::Acceptor>(server);
  const Destroyable reads = takes(*reader, heard), accepts = takes(*acceptor, count);
  reader.reset();
  acceptor.reset();
  reads.frame.destroy();
  accepts.frame.destroy();
  acceptor = std::make_unique<net::Acceptor>(server);
  const Destroyable gone = takes(*acceptor, count);
  gone.frame.destroy();
  server.close();
  ends.destroy();
  CHECK(heard.empty());
  CHECK(count == 0);
}

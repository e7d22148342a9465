#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <coroutine>
#include <memory>
#include <net/task.hpp>
#include <string>

#include "tests/support/reading.hpp"
#include "tests/support/session.hpp"
#include "tests/support/throwing.hpp"

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

Throwing throws_after_a_line(net::Reader& reader) {
  (void)co_await reader.readLine(10);
  throw 5;
}

/// Whether memory of the stack stays as it is while something is destroyed.
template <class Gone>
[[gnu::noinline]] bool stack_stays_whole(std::unique_ptr<Gone>& goes) {
  volatile unsigned char bytes[16384];
  for (auto& byte : bytes) byte = 0xaa;
  goes.reset();
  for (const auto& byte : bytes) {
    if (byte != 0xaa) return false;
  }
  return true;
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

TEST_CASE("S34.5: a reader whose task threw out of its resume() reads on, and writes to nothing when it goes") {
  net::Loop loop;
  Ends ends(loop);
  auto reader = std::make_unique<net::Reader>(ends.client);
  const Throwing throws = throws_after_a_line(*reader);
  ends.accepted->write("line\nmore");
  int thrown = 0;
  for (int turns = 0; turns < 100 && thrown == 0; ++turns) {
    try {
      loop.runOnce(100);
    } catch (int number) {
      thrown = number;
    }
  }
  CHECK(thrown == 5);
  throws.frame.destroy();
  std::string heard;
  const Destroyable reads = takes(*reader, heard);
  run_until(loop, [&] { return heard == "more"; });
  reads.frame.destroy();
  CHECK(stack_stays_whole(reader));
  ends.destroy();
}

TEST_CASE("S34.9: a task destroys its reader after another 'data' came inside its own, which another task had taken") {
  net::Loop loop;
  Ends ends(loop);
  auto reader = std::make_unique<net::Reader>(ends.client);
  std::string taken;
  net::spawn(loop, [&]() -> net::Task<> {
    taken += (co_await reader->readLine(10)).value_or("");
    net::spawn([&]() -> net::Task<> { taken += (co_await reader->readLine(10)).value_or(""); });
    ends.client.unshift("two\n");  // emitted inside the call
    reader.reset();
  });
  ends.accepted->write("one\n");
  run_until(loop, [&] { return !reader; });
  CHECK(taken == "onetwo");
  ends.destroy();
}

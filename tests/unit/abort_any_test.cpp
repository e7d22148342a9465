#include <net/abort.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>
#include <thread>

TEST_CASE("S34.6: any() aborts with the reason of the first of its signals that does, once") {
  net::Loop loop;
  const net::AbortController one, two;
  const net::AbortSignal either = net::AbortSignal::any({one.signal(), two.signal(), net::AbortSignal()});
  const net::Socket client(loop, net::SocketOptions{.signal = either});
  client.on<"error">([] {});
  CHECK_FALSE(either.aborted());
  two.abort(net::Error("the second"));
  CHECK(either.aborted());
  CHECK(client.destroyed());
  CHECK(client.errored().cause().what() == std::string("the second"));
  one.abort(net::Error("the first"));
  CHECK_FALSE(net::AbortSignal::any({}).aborted());
  CHECK(net::AbortSignal::any({net::AbortSignal(), two.signal()}).aborted());
}

TEST_CASE("S34.6: any() of any(), of which some have gone, aborts to the last; one that throws stops no other") {
  net::Loop loop;
  const net::AbortController root;
  const auto all = net::AbortSignal::any({root.signal()});
  { const auto gone = net::AbortSignal::any({all, root.signal(), root.signal()}); }
  const auto deep = net::AbortSignal::any({net::AbortSignal::any({all})});
  const net::Socket first(loop, net::SocketOptions{.signal = root.signal()});
  const net::Socket second(loop, net::SocketOptions{.signal = all}), third(loop, net::SocketOptions{.signal = deep});
  for (const net::Socket& socket : {first, second, third}) socket.on<"error">([] {});
  root.abort();
  CHECK((all.aborted() && deep.aborted()));
  CHECK((first.destroyed() && second.destroyed() && third.destroyed()));
}

TEST_CASE("S34.6: signals of any() come and go in one thread while another aborts their source" *
          doctest::test_suite("threads")) {
  for (int round = 0; round < 200; ++round) {
    const net::AbortController controller;
    std::thread other([signal = controller.signal()] {
      for (int i = 0; i < 50; ++i) (void)net::AbortSignal::any({signal, net::AbortSignal::any({signal})}).aborted();
    });
    controller.abort();
    other.join();
    CHECK(net::AbortSignal::any({controller.signal()}).aborted());
  }
}

TEST_CASE("S34.6: any takes signals without braces too, and a timeout says that it was one") {
  const net::AbortController one, other;
  const net::AbortSignal both = net::AbortSignal::any(one.signal(), other.signal());
  CHECK_FALSE(both.aborted());
  other.abort();
  CHECK(both.aborted());
  net::Loop loop;
  std::string reason;
  net::spawn(loop, [&]() -> net::Task<> {
    try {
      co_await net::sleep(100'000, {.signal = net::AbortSignal::any(net::AbortSignal::timeout(1))});
    } catch (const net::Error& error) {
      reason = std::string(error.name()) + ": " + std::string(error.cause().kind());
    }
  });
  loop.setTimeout([] {}, 100);
  loop.run();
  CHECK(reason == "ABORT_ERR: TimeoutError");
}

#include <net/detail/connect/connector.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <utility>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Turns the loop with the n-th allocation failing, for every n, until something has happened; `begin` begins it, and
/// gives what says whether it has.
template <class Begin>
void for_every_allocation(Begin begin) {
  for (long n = 1;; ++n) {
    net::Loop loop;
    bool failed = false, left = false;
    const auto [happened, right] = begin(loop);
    const auto turn = [&] {
      try {
        loop.runOnce(20);
      } catch (const std::bad_alloc&) {
        left = true;
      }
    };
    {
      const FailingAllocation failing(n);
      for (int turns = 0; turns < 100 && !left && !happened(); ++turns) turn();
      failed = failing.failed();
    }
    for (int turns = 0; turns < 10; ++turns) turn();
    CAPTURE(n);
    CHECK(right(left));
    CHECK_FALSE(loop.alive());
    if (!failed) break;
  }
}

/// A socket that cannot connect in the end: it is closed, once, whatever has failed on the way.
void closes_once(const net::ConnectOptions& options) {
  for_every_allocation([&](net::Loop& loop) {
    const net::Socket socket(loop);
    const auto closes = std::make_shared<int>(0);
    socket.on<"error">([] {});
    socket.on<"close">([closes] { ++*closes; });
    socket.connect(options);
    return std::pair([closes] { return *closes > 0; },
                     [closes, socket](bool) { return *closes == 1 && socket.destroyed() && !socket.connecting(); });
  });
}

net::ConnectOptions looked_up(net::Lookup lookup) { return {.port = 1, .host = "a.name", .lookup = std::move(lookup)}; }

struct Waiting : net::detail::Handle {
  explicit Waiting(net::detail::LoopCore& core) : Handle(core, operations) {}
  static constexpr Handle::Operations operations{[](Handle&) noexcept {}, [](Handle&) noexcept {}};
  bool called = false;
  net::detail::Retry retry{*this, [](Handle& self) { static_cast<Waiting&>(self).called = true; }};
};

}  // namespace

TEST_CASE("S32.5: a lookup fails, and an allocation on the way to 'error' fails too: the socket is closed") {
  closes_once({.port = 1, .host = "xn--"});
}

TEST_CASE("S32.5: a lookup of the user's fails, inside connect() or later, and an allocation too: it is closed") {
  const net::Error failure("no");
  closes_once(looked_up(
      [failure](std::string_view, const net::LookupOptions&, net::LookupCallback answer) { answer(failure, {}); }));
  closes_once(looked_up([failure](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
    net::setTimeout([failure, answer] { answer(failure, {}); }, 1);
  }));
}

TEST_CASE("S32.5: an address that is none, a blocked one, one that cannot be bound to, and no memory: it is closed") {
  closes_once(looked_up([](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
    const net::LookupAddress none{"a text of some length that is no address", net::Family::IPv4};
    answer(net::Error(), {&none, 1});
  }));
  net::BlockList blocks;
  blocks.addAddress("127.0.0.1");
  closes_once({.port = 1, .host = "127.0.0.1", .blockList = blocks});
  closes_once({.port = 1, .host = "127.0.0.1", .localAddress = "8.8.8.8"});
}

TEST_CASE("S32.5: connect() that has no memory when a lookup answers inside it has not begun") {
  long n = 1;
  for (bool failed = true; failed; ++n) {
    net::Loop loop;
    const net::Socket socket(loop);
    const auto options = looked_up(answering({{"127.0.0.1", net::Family::IPv4}}));
    bool thrown = false;
    {
      const FailingAllocation failing(n);
      try {
        socket.connect(options);
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      failed = failing.failed();
    }
    CAPTURE(n);
    CHECK(thrown == failed);
    if (thrown) {
      CHECK_FALSE(socket.connecting());
      CHECK_FALSE(socket.destroyed());
    }
    socket.destroy();
    socket.on<"error">([] {});
    run_to_the_end(loop);
  }
  CHECK(n > 5);
}

TEST_CASE(
    "S32.5: a server whose host is looked up, and no memory for what follows: it listens, or an exception says it") {
  const auto listens = [](const char* host) {
    for_every_allocation([&](net::Loop& loop) {
      const net::Server server(loop);
      const auto words = std::make_shared<int>(0);
      server.on<"error">([words] { ++*words; });
      server.on<"listening">([words, server] {
        ++*words;
        server.close();
      });
      server.listen(0, host);
      return std::pair([words] { return *words > 0; },
                       [words, server](bool left) { return *words + left == 1 && !server.listening(); });
    });
  };
  listens("xn--");
  listens("127.0.0.1");
}

TEST_CASE("S32.1, S32.5: a connect() that throws tells whoever waits for a descriptor that its own is free again") {
  NET_NOT_ON_WINDOWS("a connection to a path has nothing open there when memory may end");
  const TemporaryDirectory directory;
  bool told = false;
  for (long n = 1;; ++n) {
    net::Loop loop;
    Waiting waiting(net::detail::Access::core(loop));
    waiting.retry.when_descriptor_freed();
    const net::Socket socket(loop);
    bool failed = false, threw = false;
    {
      const FailingAllocation failing(n);
      try {
        socket.connect(directory.file("nobody"));
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      failed = failing.failed();
    }
    if (!failed) break;
    loop.runOnce(0);
    if (threw && waiting.called) told = true;
    waiting.retry.stop();
    socket.on<"error">([] {});
    run_to_the_end(loop);
  }
  CHECK(told);
}

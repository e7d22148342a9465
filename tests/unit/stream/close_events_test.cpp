#include <net/detail/stream/close.ipp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("in each of its events a socket may be destroyed: 'close' comes once and last") {
  for (int event = 0; event < 12; ++event) {
    CAPTURE(event);
    net::Loop loop;
    Log log;
    const OneConnection one(loop);
    one.server.on<"connection">([](const net::Socket& socket) {
      socket.on<"error">([] {});
      socket.end(std::string(100'000, 'x'));
      socket.resume();
    });
    const net::Socket client(loop, {.highWaterMark = 1000});
    const auto die = [&, client] { client.destroy(net::Error("from within")); };
    switch (event) {
      case 0: client.on<"connectionAttempt">(die); break;
      case 1: client.on<"connect">(die); break;
      case 2: client.on<"ready">(die); break;
      case 3: client.on<"data">(die); break;
      case 4: client.on<"end">(die); break;
      case 5: client.on<"drain">(die); break;
      case 6: client.on<"prefinish">(die); break;
      case 7: client.on<"finish">(die); break;
      case 8: client.on<"close">(die); break;
      case 9: client.on<"resume">(die); break;
      case 10: client.on<"lookup">(die); break;
      default: client.on<"error">(die);
    }
    client.connect({.port = one.port(),
                    .host = "a name",
                    .lookup = [](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
                      const net::LookupAddress found{"127.0.0.1", net::Family::IPv4};
                      answer(net::Error(), {&found, 1});
                    }});
    client.write(std::string(2000, 'y'));
    client.resume();
    note(client, log);
    if (event == 11) client.destroy(net::Error("from within"));
    one.server.unref();
    run_to_the_end(loop);
    CHECK(log.count("close(") == 1);
    CHECK(log.count("error(") == (event == 8 ? 0 : 1));
    CHECK(log.text().rfind("close(") > log.text().rfind(' '));  // the last word
    one.server.close();
    run_to_the_end(loop);
  }
}

TEST_CASE("in each of its events a listener may throw: run() goes on, and 'close' comes once") {
  for (int event = 0; event < 12; ++event) {
    CAPTURE(event);
    net::Loop loop;
    int closes = 0, thrown = 0;
    const OneConnection one(loop);
    one.server.on<"connection">([](const net::Socket& socket) {
      socket.on<"error">([] {});
      socket.end("text");
      socket.resume();
    });
    const net::Socket client(loop, {.highWaterMark = 1000});
    const auto fail = [] { throw std::runtime_error("from within"); };
    switch (event) {
      case 0: client.on<"connectionAttempt">(fail); break;
      case 1: client.on<"connect">(fail); break;
      case 2: client.on<"ready">(fail); break;
      case 3: client.on<"data">(fail); break;
      case 4: client.on<"end">(fail); break;
      case 5: client.on<"drain">(fail); break;
      case 6: client.on<"prefinish">(fail); break;
      case 7: client.on<"finish">(fail); break;
      case 8: client.on<"close">(fail); break;
      case 9: client.on<"resume">(fail); break;
      case 10: client.on<"pause">(fail); break;
      default: client.on<"error">(fail);
    }
    client.prependListener<"close">([&] { ++closes; });
    client.connect(one.port(), "127.0.0.1");
    client.write(std::string(2000, 'y'));
    client.resume();
    if (event == 10)
      loop.setImmediate([&, client] {
        struct Resume {
          const net::Socket& socket;
          ~Resume() { socket.resume(); }
        } const resume{client};
        client.pause();
      });
    if (event == 11) client.destroy(net::Error("why"));
    if (event == 11) one.server.close();
    while (loop.alive()) {
      REQUIRE(thrown < 100);
      try {
        loop.run();
      } catch (const std::runtime_error&) {
        ++thrown;
      }
      // an attempt that threw was not made: nothing else would end it
      if (event == 0 && thrown > 0 && !client.destroyed()) {
        client.destroy();
        one.server.close();
      }
    }
    CHECK(thrown == 1);
    CHECK(closes == 1);
  }
}

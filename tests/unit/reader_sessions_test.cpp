#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <coroutine>
#include <memory>
#include <net/task.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"
#include "tests/support/wrapped.hpp"

using namespace tests;

namespace {

/// Begins a task that its owner can drop at any time.
void begin(net::Task<>& task) { (void)task.operator co_await().await_suspend(std::noop_coroutine()); }

template <class Asked>
net::Task<> asks_on(Asked& asked) {
  try {
    while (co_await asked.next()) {}
  } catch (const net::Error&) {}
}

template <net::fixed_string Event, class Emitting>
net::Task<> waits_for(Emitting emitting) {
  try {
    co_await net::once<Event>(emitting);
  } catch (const net::Error&) {}
}

/// What lives as long as a connection or a server, and dies in one of its events.
template <class Asked>
struct Session {
  std::vector<std::unique_ptr<Asked>> asked;
  std::vector<net::Task<>> tasks;

  template <class Emitting>
  explicit Session(const Emitting& emitting) {
    constexpr int count = std::is_same_v<Asked, net::Reader> ? 1 : 3;  // one reader reads a socket
    for (int i = 0; i < count; ++i) asked.push_back(std::make_unique<Asked>(emitting));
    for (const auto& one : asked) tasks.push_back(asks_on(*one));
  }
  ~Session() {
    // waiting tasks before and after what they ask
    tasks.resize(tasks.size() / 2);
    asked.clear();
  }
  void begin_all() {
    for (net::Task<>& task : tasks) begin(task);
  }
};

constexpr const char* socket_events[] = {"data", "end", "error", "close", "pause", "resume", "readable", "finish"};

template <class F>
void listen_to(const net::Socket& socket, std::string_view event, bool front, F f) {
  if (event == "data") (void)socket.addListener<"data">(f, front);
  if (event == "end") (void)socket.addListener<"end">(f, front);
  if (event == "error") (void)socket.addListener<"error">(f, front);
  if (event == "close") (void)socket.addListener<"close">(f, front);
  if (event == "pause") (void)socket.addListener<"pause">(f, front);
  if (event == "resume") (void)socket.addListener<"resume">(f, front);
  if (event == "readable") (void)socket.addListener<"readable">(f, front);
  if (event == "finish") (void)socket.addListener<"finish">(f, front);
}

}  // namespace

TEST_CASE("S34.9, S1.4: a session of readers and waiting tasks may die in any event of its socket") {
  for (const std::string_view event : socket_events) {
    for (const bool front : {false, true}) {
      CAPTURE(event);
      CAPTURE(front);
      net::Loop loop;
      const Wrapped wrapped(loop);
      const net::Socket& socket = *wrapped.socket;
      std::unique_ptr<Session<net::Reader>> session;
      int deaths = 0;
      const auto dies = [&] {
        if (session) ++deaths;
        session.reset();
      };
      if (!front) listen_to(socket, event, false, dies);
      session = std::make_unique<Session<net::Reader>>(socket);
      session->tasks.push_back(waits_for<"close">(socket));
      session->tasks.push_back(waits_for<"error">(socket));
      session->tasks.push_back(waits_for<"data">(socket));
      session->tasks.push_back(waits_for<"end">(socket));
      session->tasks.push_back(waits_for<"finish">(socket));
      if (event != "data") session->tasks.push_back(waits_for<"readable">(socket));
      session->begin_all();
      if (front) listen_to(socket, event, true, dies);
      if (event == "readable" && front) socket.on<"readable">([] {});
      send_raw(wrapped.other, "data");
      loop.setTimeout(
          [&] {
            if (event == "pause") socket.pause();
            if (event == "error") {
              socket.destroy(net::Error("broken"));
            } else {
              socket.resume();
              ::shutdown(wrapped.other.get(), SHUT_RDWR);
            }
          },
          2);
      // one that is paused for good would never end
      loop.setTimeout([&] { socket.destroy(); }, 40).unref();
      loop.setTimeout([] {}, 41);
      loop.run();
      CHECK_FALSE(loop.alive());
      CHECK(deaths == 1);
    }
  }
}

TEST_CASE("S34.9, S1.4: a session of acceptors and waiting tasks may die in any event of its server") {
  for (const std::string_view event : {"connection", "error", "close", "listening"}) {
    for (const bool front : {false, true}) {
      CAPTURE(event);
      CAPTURE(front);
      net::Loop loop;
      const net::Server server(loop), holder(loop);
      std::unique_ptr<Session<net::Acceptor>> session;
      int deaths = 0;
      const auto dies = [&] {
        if (session) ++deaths;
        session.reset();
      };
      const auto listen = [&](bool where) {
        if (event == "connection") (void)server.addListener<"connection">(dies, where);
        if (event == "error") (void)server.addListener<"error">(dies, where);
        if (event == "close") (void)server.addListener<"close">(dies, where);
        if (event == "listening") (void)server.addListener<"listening">(dies, where);
      };
      if (!front) listen(false);
      session = std::make_unique<Session<net::Acceptor>>(server);
      session->tasks.push_back(waits_for<"connection">(server));
      session->tasks.push_back(waits_for<"listening">(server));
      session->tasks.push_back(waits_for<"close">(server));
      session->begin_all();
      if (front) listen(true);
      server.on<"error">([&] { holder.close(); });
      if (event == "error") {
        holder.listen(0, "127.0.0.1", [&] { server.listen(holder.address()->port, "127.0.0.1"); });
        loop.run();
      } else {
        server.on<"connection">([&](const net::Socket& socket) { socket.destroy(), server.close(); });
        server.listen(0, "127.0.0.1", [&] {
          const net::Socket client = client_of(loop, server);
          client.on<"error">([] {});
          client.resume();
        });
        loop.run();
      }
      CHECK(deaths == 1);
      session.reset();
      loop.run();
      CHECK_FALSE(loop.alive());
    }
  }
}

TEST_CASE("S34.5: a reader that goes calls no listener and allocates nothing, and leaves the socket paused") {
  net::Loop loop;
  const Wrapped wrapped(loop);
  const net::Socket& socket = *wrapped.socket;
  auto reader = std::make_unique<net::Reader>(socket);
  net::Task<> task = asks_on(*reader);
  begin(task);
  loop.runOnce(0);
  CHECK(socket.readableFlowing() == true);
  socket.on<"pause">([] { throw 1; });
  socket.on<"error">([] {});
  const CountAllocations allocations;
  task = {};
  reader.reset();
  CHECK(allocations.count() == 0);
  CHECK(socket.isPaused());
  CHECK(socket.listenerCount<"data">() == 0);
  send_raw(wrapped.other, "kept");
  loop.runOnce(0);
  loop.runOnce(0);
  net::Reader late(socket);
  std::string text;
  const auto takes = [](net::Reader& from, std::string& to) -> net::Task<> {
    const auto chunk = co_await from.next();
    to = chunk->view();
  };
  socket.removeAllListeners<"pause">();
  net::spawn(loop, takes(late, text));
  run_until(loop, [&] { return !text.empty(); });
  CHECK(text == "kept");
  socket.destroy();
  loop.run();
}

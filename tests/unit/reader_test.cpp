#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

namespace {

/// What a task reads from a client that sends these pieces, each when the one before was received, and ends.
template <class Serve>
void serve(Serve handler, std::vector<std::string> pieces, bool ends = true) {
  net::Loop loop;
  const tests::OneConnection one(loop);
  bool done = false;
  const auto whole = [](Serve& inner, net::Socket socket, bool& flag) -> net::Task<> {
    co_await inner(socket);
    flag = true;
    socket.destroy();
  };
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    net::spawn(whole(handler, socket, done));
  });
  const auto client = [&accepted](int port, const std::vector<std::string>& texts, bool end) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.on<"error">([] {});
    std::size_t sent = 0;
    for (const std::string& text : texts) {
      socket.write(text);
      sent += text.size();
      while (!accepted || (accepted->bytesRead() < sent && !accepted->destroyed())) co_await net::sleep(1);
    }
    if (end) socket.end();
  };
  net::spawn(client(one.port(), pieces, ends));
  loop.run();
  CHECK(done);
}

/// The name of the Error that awaiting throws; "none" if it does not.
template <class Awaitable>
net::Task<std::string> error_of(Awaitable awaitable) {
  try {
    co_await awaitable;
  } catch (const net::Error& error) {
    co_return std::string(error.name());
  }
  co_return "none";
}

}  // namespace

TEST_CASE("next gives every byte once, in order, and is empty at the end") {
  std::string text;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto chunk = co_await reader.next()) text += chunk->view();
        CHECK_FALSE(co_await reader.next());
      },
      {"one ", "two ", "three"});
  CHECK(text == "one two three");
}

TEST_CASE("a second chunk does not overtake the first, however slow the task is") {
  tests::Log log;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto chunk = co_await reader.next()) {
          const std::string name(1, chunk->view().front());
          log.add("begin-" + name);
          co_await net::sleep(10);
          log.add("end-" + name);
          CHECK(chunk->view().front() == name[0]);  // valid until the next next()
        }
      },
      {"A", "B", "C"});
  CHECK(log.text().starts_with("begin-A end-A begin-B end-B"));
}

TEST_CASE("a task that does not read holds the sender back") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  const std::size_t total = 64 << 20;
  std::size_t received = 0;
  bool stuck = false;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    auto first = co_await reader.next();
    received += first->size();
    co_await net::sleep(50);
    // what it did not ask for is with the kernel or with the sender
    CHECK(socket.readableLength() <= 4 * socket.readableHighWaterMark());
    CHECK(socket.bytesRead() < total / 4);
    while (auto chunk = co_await reader.next()) received += chunk->size();
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const auto sending = [&](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    const std::string block(1 << 20, 'x');
    for (std::size_t sent = 0; sent < total; sent += block.size()) {
      if (socket.write(block)) continue;
      stuck = true;
      co_await net::once<"drain">(socket);
    }
    socket.end();
  };
  net::spawn(sending(one.port()));
  loop.run();
  CHECK(stuck);
  CHECK(received == total);
}

TEST_CASE("read gives exactly so many bytes, from one chunk or from many") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.read(3))->view() == "abc");
        CHECK((co_await reader.read(0))->view().empty());
        CHECK((co_await reader.read(5))->view() == "defgh");
        CHECK((co_await reader.read(2))->view() == "ij");
        CHECK_FALSE(co_await reader.read(1));
      },
      {"abcd", "ef", "ghij"});
}

TEST_CASE("a peer that ends in the middle of read(n) is ERR_STREAM_PREMATURE_CLOSE, and what came is still there") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_of(reader.read(10)) == "ERR_STREAM_PREMATURE_CLOSE");
        CHECK((co_await reader.next())->view() == "four");
        CHECK_FALSE(co_await reader.next());
      },
      {"four"});
}

TEST_CASE("readLine splits at line feeds, drops carriage returns, and gives what stands before the end") {
  std::vector<std::string> lines;
  serve(
      [&](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        while (auto line = co_await reader.readLine(16)) lines.emplace_back(line->view());
      },
      {"one\ntwo\r\n\nthr", "ee\r", "\nin\rside\nlast\r"});
  CHECK(lines == std::vector<std::string>{"one", "two", "", "three", "in\rside", "last\r"});
}

TEST_CASE("a line may have as many bytes as the limit says, and not one more") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(4))->view() == "1234");
        CHECK((co_await reader.readLine(4))->view() == "5678");
        CHECK(co_await error_of(reader.readLine(4)) == "EMSGSIZE");
        CHECK(co_await error_of(reader.readLine(4)) == "EMSGSIZE");
        CHECK((co_await reader.readLine(5))->view() == "12345");
      },
      {"1234\r\n5678\n12345\n"});
}

TEST_CASE("an endless line is an error as soon as it is over the limit") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK(co_await error_of(reader.readLine(100)) == "EMSGSIZE");
        CHECK(socket.bytesRead() < 1000);
      },
      {std::string(60, 'x'), std::string(60, 'x'), std::string(60, 'x')}, false);
}

TEST_CASE("the three ways to read may be mixed") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        CHECK((co_await reader.readLine(20))->view() == "length 5");
        CHECK((co_await reader.read(5))->view() == "hello");
        CHECK((co_await reader.next())->view() == "rest");
        CHECK_FALSE(co_await reader.readLine(20));
      },
      {"length 5\nhellorest"});
}

TEST_CASE("a reset is thrown, what came before it is told first, and it is thrown again") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string first, second;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    first = co_await error_of(reader.read(100));
    second = co_await error_of(reader.read(100));
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const auto sending = [](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.write("half");
    co_await net::sleep(5);
    socket.resetAndDestroy();
  };
  net::spawn(sending(one.port()));
  loop.run();
  CHECK(first == "ECONNRESET");
  CHECK(second == "ECONNRESET");
}

TEST_CASE("an error between two waits is thrown by the next one") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string name;
  const auto reading = [&](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    socket.destroy(net::Error(net::Errc::ERR_INVALID_STATE));
    co_await net::sleep(5);
    name = co_await error_of(reader.next());
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(reading(socket)); });
  const net::Socket client = tests::client_of(loop, one.server);
  loop.run();
  CHECK(name == "ERR_INVALID_STATE");
}

TEST_CASE("a socket that is destroyed during the wait, or was before, is the end") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        net::setTimeout([socket] { socket.destroy(); }, 2);
        CHECK_FALSE(co_await reader.next());
        net::Reader late(socket);
        CHECK_FALSE(co_await late.next());
        CHECK_FALSE(co_await late.readLine(10));
      },
      {}, false);
}

TEST_CASE("a reader that is made after the end knows it") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        {
          net::Reader reader(socket);
          while (co_await reader.next()) {}
        }
        net::Reader late(socket);
        CHECK_FALSE(co_await late.next());
      },
      {"x"});
}

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

TEST_CASE("only one task may wait for a reader") {
  serve(
      [](net::Socket socket) -> net::Task<> {
        net::Reader reader(socket);
        auto waiting = [](net::Reader& shared) -> net::Task<> { co_await shared.next(); };
        net::spawn(waiting(reader));
        CHECK(co_await error_of(reader.next()) == "ERR_INVALID_STATE");
        while (socket.bytesRead() == 0) co_await net::sleep(1);
      },
      {"x"});
}

TEST_CASE("an echo by coroutines allocates nothing for a chunk") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  const auto echo = [](net::Socket socket) -> net::Task<> {
    net::Reader reader(socket);
    while (auto chunk = co_await reader.next()) co_await net::write(socket, *chunk);
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(echo(socket)); });
  int left = 0;
  std::size_t allocated = 1;
  const auto asking = [&](int port) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    net::Reader reader(socket);
    tests::CountAllocations allocations;
    for (left = 300; left > 0; --left) {
      if (left == 200) allocations.restart();
      co_await net::write(socket, "0123456789abcdef0123456789abcdef");
      auto answer = co_await reader.read(32);
      if (!answer) break;
    }
    allocated = allocations.count();
    socket.end();
  };
  net::spawn(asking(one.port()));
  loop.run();
  CHECK(left == 0);
  CHECK(allocated == 0);
}

TEST_CASE("an acceptor gives the connections one by one, also those that came before it was asked") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  std::vector<std::string> greetings;
  bool closed = false;
  const auto accepting = [&](net::Server from) -> net::Task<> {
    net::Acceptor acceptor(from);
    while (auto socket = co_await acceptor.next()) {
      net::Reader reader(*socket);
      auto line = co_await reader.readLine(10);
      greetings.emplace_back(line->view());
      socket->destroy();
      if (greetings.size() == 3) from.close();
    }
    closed = true;
  };
  net::spawn(accepting(server));
  const auto greeting = [](int port, std::string text) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.on<"error">([] {});
    co_await net::sleep(5);
    socket.write(text);
    net::Reader reader(socket);
    co_await error_of(reader.next());
  };
  for (const char* const text : {"a\n", "a\n", "a\n"}) net::spawn(greeting(server.address()->port, text));
  loop.run();
  CHECK(greetings == std::vector<std::string>{"a", "a", "a"});
  CHECK(closed);
}

TEST_CASE("an acceptor throws what listening failed with, and can be asked again") {
  net::Loop loop;
  const net::Server holder(loop), second(loop);
  holder.listen(0, "127.0.0.1");
  std::string name;
  const auto accepting = [&]() -> net::Task<> {
    co_await net::once<"listening">(holder);
    net::Acceptor acceptor(second);
    second.listen(holder.address()->port, "127.0.0.1");
    name = co_await error_of(acceptor.next());
    second.listen(0, "127.0.0.1");
    holder.close();
    net::setTimeout([&] { second.close(); }, 2);
    CHECK_FALSE(co_await acceptor.next());
  };
  net::spawn(accepting());
  loop.run();
  CHECK(name == "EADDRINUSE");
}

TEST_CASE("a waiting connection that breaks disturbs nobody, and one that nobody takes is destroyed") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  int arrived = 0;
  server.on<"connection">([&] { ++arrived; });
  std::string name;
  const auto accepting = [&](net::Server from) -> net::Task<> {
    {
      net::Acceptor acceptor(from);
      while (arrived < 2) co_await net::sleep(1);  // the first one has broken by then
      auto broken = co_await acceptor.next();
      REQUIRE(broken);
      net::Reader reader(*broken);
      name = co_await error_of(reader.next());
    }
    from.close();
  };
  net::spawn(accepting(server));
  const auto resetting = [](int port) -> net::Task<> {
    const net::Socket first = co_await net::connected(port, "127.0.0.1");
    co_await net::sleep(5);
    first.resetAndDestroy();
    const net::Socket second = co_await net::connected(port, "127.0.0.1");
    net::Reader reader(second);
    CHECK_FALSE(co_await reader.next());
  };
  net::spawn(resetting(server.address()->port));
  loop.run();
  CHECK(name == "ECONNRESET");
}

TEST_CASE("an error after the reader has gone ends no program, unless it is listened to") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  bool had_error = false;
  const auto serving = [&](net::Socket socket) -> net::Task<> {
    socket.on<"close">([&](bool error) { had_error = error; });
    net::Reader reader(socket);
    (void)co_await reader.next();
    // and returns: the client's reset comes later
    socket.resume();
  };
  one.server.on<"connection">([&](const net::Socket& socket) { net::spawn(serving(socket)); });
  const net::Socket client(loop);
  client.connect(one.port(), "127.0.0.1", [&] {
    client.write("hello");
    loop.setTimeout([client] { client.resetAndDestroy(); }, 10);
  });
  loop.run();
  CHECK(had_error);
}

namespace {

/// An end of a connection whose other end is a plain descriptor.
struct Wrapped {
  explicit Wrapped(net::Loop& on) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    other = tests::Descriptor(pair[1]);
    net::SocketOptions options;
    options.fd = pair[0];
    socket.emplace(on, options);
  }
  tests::Descriptor other;
  std::optional<net::Socket> socket;
};

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
    for (int i = 0; i < 3; ++i) asked.push_back(std::make_unique<Asked>(emitting));
    for (const auto& one : asked) tasks.push_back(asks_on(*one));
  }
  ~Session() {
    // waiting tasks before and after what they ask
    tasks.resize(tasks.size() / 2);
    asked.clear();
  }
  void begin() {
    for (net::Task<>& task : tasks) ::begin(task);
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
      session->begin();
      if (front) listen_to(socket, event, true, dies);
      if (event == "readable" && front) socket.on<"readable">([] {});
      tests::send_raw(wrapped.other, "data");
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
      session->begin();
      if (front) listen(true);
      server.on<"error">([&] { holder.close(); });
      if (event == "error") {
        holder.listen(0, "127.0.0.1", [&] { server.listen(holder.address()->port, "127.0.0.1"); });
        loop.run();
      } else {
        server.on<"connection">([&](const net::Socket& socket) { socket.destroy(), server.close(); });
        server.listen(0, "127.0.0.1", [&] {
          const net::Socket client = tests::client_of(loop, server);
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
  const tests::CountAllocations allocations;
  task = {};
  reader.reset();
  CHECK(allocations.count() == 0);
  CHECK(socket.isPaused());
  CHECK(socket.listenerCount<"data">() == 0);
  tests::send_raw(wrapped.other, "kept");
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
  tests::run_until(loop, [&] { return !text.empty(); });
  CHECK(text == "kept");
  socket.destroy();
  loop.run();
}

TEST_CASE("S34.5: an error that a reader has left behind counts as heard until the next connection") {
  net::Loop loop;
  net::SocketOptions options;
  options.reusable = true;
  const net::Socket socket(loop, options);
  const tests::ClosedPort nobody;
  socket.connect(nobody.number(), "127.0.0.1");
  { const net::Reader reader(socket); }
  CHECK(socket.listenerCount<"error">() == 1);
  loop.run();
  CHECK(socket.errored());
  socket.connect(nobody.number(), "127.0.0.1");
  CHECK(socket.listenerCount<"error">() == 0);
  CHECK_THROWS_AS(loop.run(), net::Error);
  loop.run();
}

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

TEST_CASE("S34.9: a task that is destroyed while it waits for a reader it does not own is called no more") {
  net::Loop loop;
  tests::Ends ends(loop);
  std::string first, second;
  {
    net::Reader reader(ends.client);
    const Destroyable gone = takes(reader, first);
    gone.frame.destroy();
    ends.accepted->write("kept");
    tests::run_until(loop, [&] { return ends.client.isPaused(); });
    const Destroyable next = takes(reader, second);
    tests::run_until(loop, [&] { return second == "kept"; });
    next.frame.destroy();
    const Destroyable last = takes(reader, first);
    ends.accepted->end();
    tests::run_until(loop, [&] { return last.frame.done(); });
    last.frame.destroy();
  }
  CHECK(first.empty());
  CHECK(second == "kept");
  ends.destroy();
}

TEST_CASE("S34.9: a reader and an acceptor may go before the tasks that wait for them") {
  net::Loop loop;
  tests::Ends ends(loop);
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

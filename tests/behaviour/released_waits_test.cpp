#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <string>

#include <net/ipc_channel.hpp>
#include <net/pipeline.hpp>
#include <net/task.hpp>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Notes what its wait throws.
template <class Wait>
net::Task<> notes_error(Wait wait, std::string& said) {
  try {
    co_await wait();
    said = "went on";
  } catch (const net::Error& error) {
    said = error.name();
  }
}

/// Tasks that wait for a socket in all ways.
struct Waits {
  explicit Waits(Ends& ends) : reader(*ends.accepted), other(ends.loop) {
    const net::Socket socket = *ends.accepted;
    net::spawn(ends.loop, notes_error([this] { return reader.readLine(100); }, line));
    net::spawn(ends.loop, notes_error([socket] { return net::once<"end">(socket); }, end));
    net::spawn(ends.loop, notes_error([socket] { return net::once<"close">(socket); }, close));
    socket.on<"close">([this] { heard = true; });
  }
  bool all_over() const { return !line.empty() && !end.empty() && !close.empty(); }

  net::Reader reader;
  net::Socket other;
  std::string line, end, close;
  bool heard = false;
};

}  // namespace

TEST_CASE("S34.4: tasks that wait for a socket are told when it is released, though there is no 'close'") {
  net::Loop loop;
  Ends ends(loop);
  Waits waits(ends);
  loop.runOnce(0);
  const Descriptor descriptor(static_cast<int>(ends.accepted->release()));
  run_until(loop, [&] { return waits.all_over(); });
  CHECK(waits.line == "ERR_STREAM_PREMATURE_CLOSE");
  CHECK(waits.end == "ERR_SOCKET_CLOSED");
  CHECK(waits.close == "went on");
  CHECK_FALSE(waits.heard);
  ends.client.destroy();
}

TEST_CASE("S34.4: and when it has gone to another process") {
  net::Loop loop;
  Ends ends(loop);
  Waits waits(ends);
  const auto [here, there] = net::IpcChannel::pair(loop);
  bool came = false;
  there.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
    came = true;
    handle.socket()->destroy();
  });
  here.send("take it", *ends.accepted);
  run_until(loop, [&] { return came && waits.all_over(); });
  CHECK(waits.line == "ERR_STREAM_PREMATURE_CLOSE");
  CHECK_FALSE(waits.heard);
  here.disconnect();
  there.disconnect();
  ends.client.destroy();
}

TEST_CASE("S34.4: a socket that is connected again at once keeps those who wait for it") {
  net::Loop loop;
  Ends ends(loop);
  const net::Server server(loop);
  server.on<"connection">([](const net::Socket& peer) { peer.end("a line\n"); });
  server.listen(0, "127.0.0.1");
  run_until(loop, [&] { return server.listening(); });
  const Descriptor descriptor(static_cast<int>(ends.accepted->release()));
  ends.accepted->connect(server.address()->port, "127.0.0.1");
  net::Reader reader(*ends.accepted);
  std::string line;
  net::spawn(loop, [&]() -> net::Task<> { line = (co_await reader.readLine(100)).value(); });
  run_until(loop, [&] { return !line.empty(); });
  CHECK(line == "a line");
  server.close();
  ends.accepted->destroy();
  ends.client.destroy();
}

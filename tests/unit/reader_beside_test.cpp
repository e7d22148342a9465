#include <net/reader.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// A reader of `accepted` that has given one line of two, and holds the other one.
struct ReadBeside : Ends {
  explicit ReadBeside(net::Loop& on) : Ends(on), reader(std::make_unique<net::Reader>(*accepted)) {
    client.write("one\ntwo\n");
    take();
  }
  void take() {
    line.clear();
    net::spawn(loop, [this]() -> net::Task<> { line = (co_await reader->readLine(100)).value(); });
    run_until(loop, [this] { return !line.empty(); });
  }

  std::unique_ptr<net::Reader> reader;
  std::string line;
};

}  // namespace

TEST_CASE(
    "S34.5: a task that waits for 'end' has it though a reader is there that nobody asks, which keeps what came") {
  net::Loop loop;
  ReadBeside socket(loop);
  socket.client.end("three\n");
  bool ended = false;
  std::string rest;
  net::spawn(loop, [&]() -> net::Task<> {
    co_await net::once<"end">(*socket.accepted);
    ended = true;
    while (const auto line = co_await socket.reader->readLine(100)) rest += *line + ' ';
  });
  run_until(loop, [&] { return ended && rest == "two three "; });
  socket.destroy();
}

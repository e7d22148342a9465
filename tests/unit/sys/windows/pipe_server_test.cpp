#include <net/detail/sys/windows/pipe_server.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include "tests/support/support.hpp"
#include "tests/support/windows/pumped.hpp"

using namespace net::detail;

TEST_CASE("S23.3: a name is served once, unless by who says that it is beside another one") {
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("s")) == 0);
  auto* const first = new PipeServerEntry(name, {});
  auto* const second = new PipeServerEntry(name, {});
  auto* const beside = new PipeServerEntry(name, {});
  CHECK(first->open(true) == 0);
  CHECK(second->open(true) == -EADDRINUSE);
  CHECK(beside->open(false) == 0);
  second->close();
  first->close();
  CHECK_MESSAGE(pipe_exists(name), "the other one serves it");
  beside->close();
  CHECK_FALSE(pipe_exists(name));
}

TEST_CASE("clients are given out one after the other, and the name is there all the time") {
  tests::Pumped pumped;
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("s")) == 0);
  auto* const server = new PipeServerEntry(name, {});
  REQUIRE(server->open(true) == 0);
  Watcher watcher;
  watcher.fd = tagged(*server);
  int failed = 0;
  CHECK(server->accept(failed) == nullptr);
  CHECK(failed == would_block);
  CHECK_FALSE(pumped.reported(watcher, readable));
  for (int round = 0; round < 20; ++round) {
    const win::Handle client = open_pipe(name, failed);
    REQUIRE(client != nullptr);
    pumped.until(watcher, readable);
    PipeEntry* const accepted = server->accept(failed);
    REQUIRE(accepted != nullptr);
    CHECK(pipe_exists(name));
    CHECK(server->accept(failed) == nullptr);
    accepted->close();
    win::CloseHandle(client);
  }
  pumped.poller.drop(watcher);
  server->close();
}

TEST_CASE("who has come and gone before it was accepted is accepted, with what it wrote") {
  tests::Pumped pumped;
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("s")) == 0);
  auto* const server = new PipeServerEntry(name, {});
  REQUIRE(server->open(true) == 0);
  int failed = 0;
  const win::Handle client = open_pipe(name, failed);
  REQUIRE(client != nullptr);
  win::Word size = 0;
  win::Overlapped operation{};
  CHECK(win::WriteFile(client, "hi", 2, &size, win::as<::_OVERLAPPED>(&operation)));
  win::CloseHandle(client);
  Watcher watcher, peer;
  watcher.fd = tagged(*server);
  pumped.until(watcher, readable);
  PipeEntry* const accepted = server->accept(failed);
  REQUIRE(accepted != nullptr);
  peer.fd = tagged(*accepted);
  pumped.until(peer, readable);
  CHECK(accepted->read(9).view() == "hi");
  pumped.until(peer, readable);
  CHECK(accepted->read(9).size == 0);
  pumped.poller.drop(watcher);
  pumped.poller.drop(peer);
  accepted->close();
  server->close();
}

TEST_CASE("a server to whom the system gave no more instances has some again when there are some") {
  tests::Pumped pumped;
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("s")) == 0);
  constexpr win::Word most = 2, buffer = 65536;  // instances of this name, in all
  const win::Handle another =
      win::CreateNamedPipeW(name.text, win::pipe_duplex, win::pipe_no_remote, most, buffer, buffer, 0, nullptr);
  REQUIRE(another != win::no_file());
  auto* const server = new PipeServerEntry(name, {});
  REQUIRE(server->open(false) == 0);
  Watcher watcher;
  watcher.fd = tagged(*server);
  int failed = 0;
  const win::Handle clients[] = {open_pipe(name, failed), open_pipe(name, failed)};
  pumped.until(watcher, readable);
  PipeEntry* const accepted = server->accept(failed);
  REQUIRE(accepted != nullptr);
  CHECK_MESSAGE(open_pipe(name, failed) == nullptr, "that was the last one");
  int calls = 0;
  const auto wait = [&](int milliseconds) {
    pumped.poller.wait(milliseconds, [&](Watcher&, unsigned, int) { ++calls; });
  };
  REQUIRE(pumped.poller.watch(watcher, readable) == 0);
  wait(0);
  for (const win::Handle each : {clients[0], clients[1], another}) win::CloseHandle(each);
  accepted->close();
  win::Handle late = nullptr;
  for (int tries = 0; tries < 200 && !late; ++tries) {
    wait(50);
    late = open_pipe(name, failed);
  }
  CHECK(calls == 0);
  REQUIRE(late != nullptr);
  pumped.until(watcher, readable);
  PipeEntry* const next = server->accept(failed);
  REQUIRE(next != nullptr);
  next->close();
  win::CloseHandle(late);
  pumped.poller.drop(watcher);
  server->close();
}

#endif

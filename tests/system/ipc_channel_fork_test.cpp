#include <net/ipc_channel.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/channels.hpp"
#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// What a child does: echoes messages, serves the sockets that come, and goes when its parent disconnects.
int serve(net::Loop& loop, const net::IpcChannel& channel) {
  channel.on<"message">([channel](std::string_view bytes, const net::ReceivedHandle& handle) {
    if (handle.socket()) {
      handle.socket()->on<"data">(
          [](const net::Socket& self, net::Chunk chunk) { self.end("served " + std::string(chunk)); });
    }
    channel.send("child:" + std::string(bytes));
  });
  loop.run();
  return channel.connected() ? 2 : 7;
}

/// The same with the parent's eyes.
void use(net::Loop& loop, const net::IpcChannel& channel) {
  Log log;
  std::string heard;
  note_channel(channel, log, "parent");
  Ends ends(loop);
  ends.client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.resume();
  bool taken = false;
  channel.send("hello");
  channel.send("serve", *ends.accepted, {}, [&](const net::Error& error) { taken = !error; });
  ends.client.write("me");
  run_until(loop, [&] { return taken && heard == "served me" && log.has("child:serve"); });
  CHECK(log.text() == "parent:child:hello parent:child:serve");
  channel.disconnect();
  ends.client.destroy();
  run_to_the_end(loop);
  CHECK(log.has("parent:disconnect"));
}

}  // namespace

TEST_CASE("S33.1: between a parent and a child that goes on with afterFork()") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto [mine, childs] = net::IpcChannel::pair(loop);
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      loop.afterFork();
      mine.disconnect();
      code = serve(loop, childs);
    } catch (...) {}
    ::_exit(code);
  }
  REQUIRE(child > 0);
  childs.disconnect();
  use(loop, mine);
  CHECK(ended(child) == 7);
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.1: between a parent and a program that it starts") {
  if (const char* const given = std::getenv("NET_TEST_IPC_CHILD")) {
    net::Loop loop;
    const net::IpcChannel channel(net::Socket(loop, {.fd = std::atoi(given)}));
    ::_exit(serve(loop, channel));
  }
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto [mine, childs] = net::IpcChannel::pair(loop);
  posix_spawn_file_actions_t actions;
  REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(::posix_spawn_file_actions_adddup2(&actions, childs.nativeHandle(), 9) == 0);
  std::string self = "/proc/self/exe", only = "--test-case=*a program that it starts";
  std::string variable = "NET_TEST_IPC_CHILD=9";
  char* arguments[] = {self.data(), only.data(), nullptr};
  char* environment[] = {variable.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, self.c_str(), &actions, nullptr, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return skip_here("this system has no /proc");
  childs.disconnect();
  use(loop, mine);
  CHECK(ended(child) == 7);
  CHECK(open_descriptors() == before);
}

TEST_CASE("S31.1: a child's copy of a channel frees memory and nothing else") {
  auto loop = std::make_unique<net::Loop>();
  Log log;
  const auto [one, other] = net::IpcChannel::pair(*loop);
  note_channel(other, log, "other");
  one.send("from the parent");
  CHECK(in_child([&, end = one] {
          end.send("from the child");
          end.disconnect();
          loop.reset();
          return 0;
        }) == 0);
  one.disconnect();
  run_to_the_end(*loop);
  CHECK(log.text() == "other:from the parent other:disconnect");
}

TEST_CASE("S33.2: a child that is killed at any moment: what it had not taken is open here again") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  for (int round = 0; round < scaled(20); ++round) {
    const auto [mine, childs] = net::IpcChannel::pair(loop);
    const pid_t child = ::fork();
    if (child == 0) {
      loop.afterFork();
      mine.disconnect();
      ::_exit(serve(loop, childs));
    }
    REQUIRE(child > 0);
    childs.disconnect();
    Ends ends(loop);
    std::optional<bool> failed;
    mine.send("serve", *ends.accepted, {}, [&](const net::Error& error) { failed = static_cast<bool>(error); });
    for (int i = 0; i < round % 4; ++i) loop.runOnce(0);
    ::kill(child, SIGKILL);
    CHECK(ended(child) == -SIGKILL);
    run_until(loop, [&] { return failed.has_value(); });
    CHECK(ends.accepted->destroyed() == !*failed);
    mine.disconnect();
    ends.client.destroy();
    ends.accepted->destroy();
    run_to_the_end(loop);
  }
  CHECK(open_descriptors() == before);
}

#endif

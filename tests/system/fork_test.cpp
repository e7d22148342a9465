#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <atomic>

#include <unistd.h>

#include <span>
#include <string>
#include <thread>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

struct Thrown {};

}  // namespace

TEST_CASE("S31.1: a child's end frees memory and nothing else: the parent's loop, paths and connections go on") {
  Parent parent;
  SUBCASE("its loop is destroyed") {
    CHECK(in_child([&] { return parent.loop.reset(), 0; }) == 0);
  }
  SUBCASE("its sockets and servers are destroyed and closed first") {
    CHECK(in_child([&] {
            parent.client.write("from the child");
            parent.client.end();
            parent.accepted.destroy();
            parent.client.resetAndDestroy();
            parent.local.close();
            parent.server.close();
            parent.loop.reset();
            return 0;
          }) == 0);
  }
  SUBCASE("it is killed") {
    CHECK(in_child([] { return ::raise(SIGKILL), 0; }) == -SIGKILL);
  }
  parent.works();
}

TEST_CASE("S31.1: a child that another thread has forked frees memory and nothing else, too") {
  Parent parent;
  int status = -1;
  std::thread([&] {
    status = in_child([&] {
      parent.client.write("from the child");
      parent.loop->stop();
      parent.loop->post([] {});
      parent.accepted.destroy();
      parent.server.close();
      parent.loop.reset();
      return 0;
    });
  }).join();
  CHECK(status == 0);
  parent.works();
}

TEST_CASE("S31.1: a child that is forked inside a listener sends nothing of what was batched, however it ends") {
  Parent parent;
  int how = 0;
  SUBCASE("_exit") { how = 0; }
  SUBCASE("an exception") { how = 1; }
  SUBCASE("it returns from the listener") { how = 2; }
  SUBCASE("it writes more, and returns") { how = 3; }
  pid_t child = -1;
  parent.accepted.once<"data">([&] {
    parent.accepted.write("once ");
    child = ::fork();
    if (child != 0) return;
    if (how == 0) ::_exit(7);
    if (how == 1) throw Thrown();
    if (how == 3) parent.accepted.write("more"), parent.client.write("more");
  });
  // several things are ready in the same round
  parent.client.write("go");
  parent.accepted.write("there ");
  parent.loop->setImmediate([] {});
  int code = 0;
  try {
    run_until(*parent.loop, [&] { return child == 0 || parent.answered == "there once "; });
  } catch (const Thrown&) {
    code = 7;
  } catch (const net::Error& error) {
    code = error.name() == "ERR_INVALID_STATE" ? 7 : 8;
  }
  if (child == 0) {
    parent.loop.reset();
    ::_exit(code);
  }
  CHECK(ended(child) == 7);
  CHECK(parent.answered == "there once ");
  parent.works();
}

TEST_CASE("S31.1: a child that is forked inside a listener neither sends what waited nor reads what comes next") {
  Parent parent;
  constexpr std::size_t much = 1000000;
  pid_t child = -1;
  const auto fork_once = [&child] {
    if (child == -1) child = ::fork();
  };
  net::Socket second(*parent.loop);
  std::string heard;
  std::size_t received = 0;
  std::string own_room(1000, ' ');
  parent.server.on<"connection">(
      [&](const net::Socket& socket) { socket.on<"data">([&](net::Chunk chunk) { heard += chunk; }); });
  bool there = false;
  SUBCASE("what was written waits for its connection") {
    second.on<"connect">(fork_once);
    second.connect(parent.server.address()->port, "127.0.0.1");
    second.write("once");
  }
  SUBCASE("more can be read than was emitted") {
    parent.client.on<"data">([&](net::Chunk chunk) { received += chunk.size(), fork_once(); });
    there = true;
  }
  SUBCASE("more can be read than fits into the user's own buffer") {
    second = net::Socket(*parent.loop, {.onread = {.buffer = std::as_writable_bytes(std::span(own_room)),
                                                   .callback = [&](std::size_t size, std::span<std::byte>) {
                                                     received += size, fork_once();
                                                     return true;
                                                   }}});
    second.connect(parent.server.address()->port, "127.0.0.1");
    run_until(*parent.loop, [&] { return !second.connecting() && parent.accepted.remotePort() == second.localPort(); });
    there = true;
  }
  if (there) {
    parent.accepted.write(std::string(much, 'x'));
    parent.accepted.end();
  }
  int code = 0;
  try {
    run_until(*parent.loop, [&] { return child == 0 || (there ? received == much : heard.size() >= 4); });
    // what would come twice comes before this
    if (!there) second.write(" and more"), run_until(*parent.loop, [&] { return heard.size() >= 13; });
  } catch (const net::Error& error) {
    code = error.name() == "ERR_INVALID_STATE" ? 7 : 8;
  }
  if (child == 0) {
    parent.loop.reset();
    ::_exit(code);
  }
  CHECK(ended(child) == 7);
  if (there) CHECK(received == much);
  if (!there) CHECK(heard == "once and more");
}

TEST_CASE("S31.4: a signal that reaches a child is not given to the parent, and does what it did before") {
  net::Loop loop;
  int calls = 0;
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  struct sigaction before{};
  REQUIRE(::sigaction(SIGUSR2, &ignored, &before) == 0);
  const net::Signal one = loop.onSignal(SIGUSR1, [&] { ++calls; });
  const net::Signal two = loop.onSignal(SIGUSR2, [&] { ++calls; });
  CHECK_MESSAGE(in_child([] { return ::raise(SIGUSR2), 5; }) == 5, "it was ignored before");
  CHECK_MESSAGE(in_child([] { return ::raise(SIGUSR1), 5; }) == -SIGUSR1, "it ended a process before");
  CHECK_MESSAGE(in_child([] {
                  int heard = 0;
                  net::Loop own;
                  const net::Signal mine = own.onSignal(SIGUSR1, [&] { ++heard; });
                  ::raise(SIGUSR1);
                  run_until(own, [&] { return heard == 1; });
                  return 6;
                }) == 6,
                "a child may listen itself");
  for (int turns = 0; turns < 5; ++turns) loop.runOnce(0);
  CHECK(calls == 0);
  ::raise(SIGUSR1);
  run_until(loop, [&] { return calls == 1; });
  one.close(), two.close();
  ::sigaction(SIGUSR2, &before, nullptr);
}

TEST_CASE("S31.5: commands that are started at any moment disturb no loop") {
  Parent parent;
  for (int round = 0; round < 3; ++round) {
    const int status = std::system("exit 3");
    CHECK(WEXITSTATUS(status) == 3);
    FILE* const command = ::popen("cat >/dev/null", "w");
    REQUIRE(command);
    // while the child holds what vfork() gave it, one of our descriptors goes
    net::Socket brief(*parent.loop);
    brief.connect(parent.path);
    brief.on<"error">([] {});
    brief.destroy();
    ::pclose(command);
    parent.works();
  }
}

TEST_CASE("S31.1: a block list that other threads use while this one forks is whole in the child, and free") {
  const net::Loop loop;
  const net::BlockList list;
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; !over.load(); ++i)
      list.addAddress("10.1." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250));
  });
  std::thread reader([&] {
    while (!over.load()) (void)list.check("10.1.1.1");
  });
  for (int forks = 0; forks < 50; ++forks) {
    CHECK(in_child([&] {
            ::alarm(60);
            list.addAddress("11.0.0.1");
            return list.check("11.0.0.1") ? 0 : 1;
          }) == 0);
  }
  over.store(true);
  writer.join();
  reader.join();
}

#endif

#include "tests/support/counting_machine.hpp"

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <malloc.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/support.hpp"

using namespace tests;
using net::detail::Counts;

namespace {

/// Gets an answer of so many bytes, turning the loop until it has sent them and no longer: a turn for nothing would be
/// counted.
void receive_answer(net::Loop& loop, const Descriptor& client, const Counts& before, std::size_t size) {
  while (Counts::so_far().sent_bytes - before.sent_bytes < size) loop.runOnce();
  char bytes[65536];
  REQUIRE(size <= sizeof bytes);
  REQUIRE(::recv(client.get(), bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size));
}

void exchange(net::Loop& loop, const Descriptor& client, std::string_view message, std::size_t size) {
  const Counts before = Counts::so_far();
  send_raw(client, message);
  receive_answer(loop, client, before, size);
}

/// Waits until the other side's kernel has all that was sent: a busy one is not done when send() comes back.
void wait_until_arrived(const Descriptor& from) {
  for (int left = 1; left != 0;) REQUIRE(::ioctl(from.get(), TIOCOUTQ, &left) == 0);
}

/// Closes everything and runs the loop to its end.
void finish(net::Loop& loop, const net::Server& server, std::vector<Descriptor>& clients) {
  server.close();
  clients.clear();
  loop.run();
  CHECK_FALSE(loop.alive());
}

}  // namespace

TEST_CASE("an echoed message costs no allocation, 1 wait, 1 receive and 1 send") {
  net::Loop loop;
  const net::Server server(loop);
  server.on<"connection">([](const net::Socket& socket) {
    socket.on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write(chunk); });
  });
  server.listen(0);
  std::vector<Descriptor> clients;
  clients.push_back(connect_raw(server.address()->port));
  const std::string message(100, 'm');
  for (int i = 0; i < 10; ++i) exchange(loop, clients[0], message, message.size());  // the loop's buffers are there
  constexpr std::size_t messages = 1000;
  const CountAllocations allocations;
  const Counts before = Counts::so_far();
  for (std::size_t i = 0; i < messages; ++i) exchange(loop, clients[0], message, message.size());
  const std::size_t allocated = allocations.count();
  const Counts spent = Counts::so_far() - before;
  CHECK(allocated == 0);
  CHECK(spent.waits == messages);
  CHECK(spent.receives == messages);
  CHECK(spent.sends == messages);
  CHECK(spent.watches == 0);
  MESSAGE("per echoed message: ", allocated, " allocations, ", spent.waits / messages, " wait, ",
          spent.receives / messages, " receive, ", spent.sends / messages, " send");
  finish(loop, server, clients);
}

TEST_CASE("a message that came with its connection is read without a wait for it, and the end costs one more") {
  net::Loop loop;
  const net::Server server(loop);
  bool gone = false;
  server.on<"connection">([&gone](const net::Socket& socket) {
    socket.on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write(chunk); });
    socket.on<"close">([&gone] { gone = true; });
  });
  server.listen(0);
  std::vector<Descriptor> clients;
  clients.push_back(connect_raw(server.address()->port));
  send_raw(clients[0], "first");
  wait_until_arrived(clients[0]);

  const Counts before = Counts::so_far();
  receive_answer(loop, clients[0], before, 5);
  const Counts echoed = Counts::so_far() - before;
  CHECK(echoed.waits == 1);
  CHECK(echoed.receives == 1);
  CHECK(echoed.sends == 1);
  clients.clear();
  while (!gone) loop.runOnce();
  const Counts spent = Counts::so_far() - before;
  CHECK(spent.waits == 2);
  CHECK(spent.receives == 2);
  CHECK(spent.watches == 1);
  finish(loop, server, clients);
}

TEST_CASE("16 writes of 64 bytes in one 'data' listener leave in 1 send") {
  net::Loop loop;
  const net::Server server(loop);
  server.on<"connection">([](const net::Socket& socket) {
    socket.on<"data">([](const net::Socket& self) {
      const std::string piece(64, 'p');
      for (int i = 0; i < 16; ++i) CHECK(self.write(piece));
    });
  });
  server.listen(0);
  std::vector<Descriptor> clients;
  clients.push_back(connect_raw(server.address()->port));
  exchange(loop, clients[0], "first", 16 * 64);
  const Counts before = Counts::so_far();
  exchange(loop, clients[0], "second", 16 * 64);
  const Counts spent = Counts::so_far() - before;
  CHECK(spent.sends == 1);
  CHECK(spent.receives == 1);
  CHECK(spent.waits == 1);
  finish(loop, server, clients);
}

TEST_CASE("a large write goes to the kernel behind what was batched, in one send for both") {
  net::Loop loop;
  const net::Server server(loop);
  server.on<"connection">([](const net::Socket& socket) {
    socket.on<"data">([large = std::string(20'000, 'l')](const net::Socket& self) {
      self.write("small");
      self.write(large);
    });
  });
  server.listen(0);
  std::vector<Descriptor> clients;
  clients.push_back(connect_raw(server.address()->port));
  exchange(loop, clients[0], "first", 20'005);
  const CountAllocations allocations;
  const Counts before = Counts::so_far();
  exchange(loop, clients[0], "second", 20'005);
  CHECK((Counts::so_far() - before).sends == 1);
  CHECK(allocations.count() == 0);
  finish(loop, server, clients);
}

TEST_CASE("an accepted connection with a 'data' listener costs at most 2 allocations") {
  net::Loop loop;
  const net::Server server(loop);
  std::size_t accepted = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    ++accepted;
    socket.on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write(chunk); });
  });
  server.listen(0);
  std::vector<Descriptor> clients;
  const auto accept = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) clients.push_back(connect_raw(server.address()->port));
    while (accepted < clients.size()) loop.runOnce();
  };
  accept(40);  // warm: queues have grown
  constexpr std::size_t more = 100;
  clients.reserve(200);
  for (std::size_t i = 0; i < more; ++i) clients.push_back(connect_raw(server.address()->port));
  const CountAllocations allocations;
  while (accepted < clients.size()) loop.runOnce();
#if defined(__linux__)
  // the poller's tables and pages grow with the connections: amortised, a few for all of them
  CHECK(allocations.count() <= 2 * more + 16);
#endif
  CHECK(allocations.count() / more <= 2);
  MESSAGE("per accepted connection: ", static_cast<double>(allocations.count()) / more, " allocations, ",
          allocations.bytes() / more, " bytes");
  finish(loop, server, clients);
}

TEST_CASE("10,000 idle connections and 50 busy ones on one loop; the bytes of memory per idle one are counted") {
  constexpr std::size_t busy = 50, at_once = 250;  // fewer than the server's backlog, or connecting would take seconds
  std::size_t idle = 10'000;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit limit = before;
  limit.rlim_cur = (std::min)(before.rlim_max, static_cast<rlim_t>(idle + busy + 200));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (static_cast<std::size_t>(limit.rlim_cur) < idle + busy + 200) {
    idle = static_cast<std::size_t>(limit.rlim_cur) - busy - 200;
    MESSAGE("only ", idle, " idle connections: the limit of descriptors is ", limit.rlim_cur);
  }

  net::Loop loop;
  const net::Server server(loop);
  std::size_t accepted = 0, echoed = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    ++accepted;
    socket.on<"data">([&](const net::Socket& self, net::Chunk chunk) {
      echoed += chunk.size();
      self.write(chunk);
    });
  });
  server.listen(0);
  const int port = server.address()->port;

  // the clients live in a process of their own, so that this one's memory is the server's
  int to_child[2], from_child[2];
  REQUIRE(::pipe(to_child) == 0);
  REQUIRE(::pipe(from_child) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int status = 1;
    try {
      std::vector<Descriptor> clients;
      char go = 0;
      for (std::size_t i = 0; i < idle; ++i) {
        if (i > 0 && i % at_once == 0 && ::read(to_child[0], &go, 1) != 1) ::_exit(3);
        clients.push_back(connect_raw(port));
      }
      if (::write(from_child[1], "i", 1) == 1 && ::read(to_child[0], &go, 1) == 1) {
        for (std::size_t i = 0; i < busy; ++i) clients.push_back(connect_raw(port));
        bool good = true;
        char bytes[100];
        for (int round = 0; round < 20; ++round) {
          for (std::size_t i = idle; i < clients.size(); ++i)
            good = good && ::send(clients[i].get(), bytes, 100, 0) == 100;
          for (std::size_t i = idle; i < clients.size(); ++i)
            good = good && ::recv(clients[i].get(), bytes, 100, MSG_WAITALL) == 100;
        }
        if (good && ::write(from_child[1], "b", 1) == 1) status = 0;
      }
    } catch (...) {
      status = 2;
    }
    ::_exit(status);
  }
  const Descriptor go(to_child[1]), done(from_child[0]);
  ::close(to_child[0]);
  ::close(from_child[1]);

  const CountAllocations allocations;
  const auto heap_before = ::mallinfo2();
  std::size_t next = at_once;
  while (accepted < idle) {  // which the listener counts
    loop.runOnce();
    if (accepted < next) continue;
    if (next < idle) REQUIRE(::write(go.get(), "n", 1) == 1);
    next += at_once;
  }
  const auto heap_after = ::mallinfo2();
  const std::size_t counted = allocations.bytes() / idle;
  // what the allocator took from its heap for them, its own overhead too; 0 under a sanitizer's allocator
  const std::size_t in_use =
      (heap_after.uordblks + heap_after.hblkhd - heap_before.uordblks - heap_before.hblkhd) / idle;
  const CountAllocations busy_allocations;
  REQUIRE(::write(go.get(), "g", 1) == 1);
  while (echoed < busy * 20 * 100) loop.runOnce();
  MESSAGE("per idle connection: ", counted, " bytes asked of operator new (what was given back included), ", in_use,
          " bytes in use on the heap; the 50 busy ones: ", busy_allocations.count(), " allocations for 1000 messages");
  CHECK(counted <= 1000);
  if (idle == 10'000) CHECK(in_use <= 700);
  server.close();
  loop.run();
  CHECK_FALSE(loop.alive());
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(accepted == idle + busy);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

#endif

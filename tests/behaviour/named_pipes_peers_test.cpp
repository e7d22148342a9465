#include <net/server.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

// What the other side of a pipe may do, when it is a program of its own or many.

namespace {

/// A client that the library has no part in. It waits in each call.
class RawPipe {
 public:
  explicit RawPipe(const std::string& path)
      : handle_(::CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr)) {
    REQUIRE(handle_ != INVALID_HANDLE_VALUE);
  }
  RawPipe(const RawPipe&) = delete;
  RawPipe& operator=(const RawPipe&) = delete;
  ~RawPipe() { vanish(); }

  void write(std::string_view text) const {
    DWORD size = 0;
    REQUIRE(::WriteFile(handle_, text.data(), static_cast<DWORD>(text.size()), &size, nullptr));
    REQUIRE(size == text.size());
  }
  /// As when its process is killed: the system closes the handle, whatever is on its way.
  void vanish() {
    if (handle_ != INVALID_HANDLE_VALUE) ::CloseHandle(std::exchange(handle_, INVALID_HANDLE_VALUE));
  }

 private:
  HANDLE handle_;
};

}  // namespace

TEST_CASE("short reads: bytes that come one by one, or are taken one by one, arrive whole and in order") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop, {.highWaterMark = 1});
  std::string text(500, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  server.on<"connection">([server](const net::Socket& socket) {
    server.close();
    socket.on<"readable">([socket] {
      while (const auto piece = socket.read(1)) socket.write(*piece);
    });
    socket.on<"end">([socket] { socket.end(); });
  });
  server.listen(directory.socket("s"));
  std::string got;
  std::byte space[3];
  net::SocketOptions options;
  options.onread.buffer = space;
  net::Socket* itself = nullptr;
  options.onread.callback = [&](std::size_t size, std::span<std::byte> bytes) {
    got.append(reinterpret_cast<const char*>(bytes.data()), size);
    if (got.size() == text.size()) itself->end();
    return true;
  };
  net::Socket client(loop, options);
  itself = &client;
  client.connect(directory.socket("s"), [&] {
    for (const char& byte : text) client.write(std::string_view(&byte, 1));
  });
  run_to_the_end(loop);
  CHECK(got == text);
}

TEST_CASE("two hundred clients at once, who outnumber the instances that wait, are all served") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  constexpr int count = 200;
  const net::Server server(loop);
  int accepted = 0, answered = 0, closed = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    socket.pipe(socket);
    if (++accepted == count) server.close();
  });
  server.listen(path);
  for (int i = 0; i < count; ++i) {
    const net::Socket client = net::createConnection(loop, path);
    const std::string own = std::to_string(i) + " is here";
    client.on<"data">([&answered, client, own](net::Chunk chunk) {
      answered += chunk.view() == own;
      client.end();
    });
    client.on<"close">([&closed](bool failed) { closed += !failed; });
    client.write(own);
  }
  run_to_the_end(loop);
  CHECK(accepted == count);
  CHECK(answered == count);
  CHECK(closed == count);
}

TEST_CASE("a peer that vanishes is the end: what it wrote arrives before, and writing to it fails with EPIPE") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server server(loop);
  Log log;
  std::string heard;
  server.on<"connection">([&](const net::Socket& socket) {
    server.close();
    note(socket, log);
    socket.on<"data">([&](net::Chunk chunk) { heard += chunk.view(); });
  });
  server.listen(directory.socket("s"));
  {
    const RawPipe client(directory.socket("s"));
    client.write("last words");
  }
  run_to_the_end(loop);
  CHECK(heard == "last words");
  CHECK(log.text() == "resume end prefinish finish close(false)");

  Log failures;
  const net::Server another(loop);
  RawPipe* gone = nullptr;
  another.on<"connection">([&](const net::Socket& socket) {
    another.close();
    note(socket, failures);
    gone->vanish();
    socket.write(std::string(1000, 'x'));
    socket.write(std::string(1000, 'y'));
  });
  another.listen(directory.socket("t"));
  RawPipe client(directory.socket("t"));
  gone = &client;
  run_to_the_end(loop);
  CHECK(failures.text() == "error(write EPIPE) close(true)");
}

TEST_CASE("a peer that vanishes while much is on its way to it leaves nothing behind, and nobody else notices") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::size_t before = open_descriptors();
  {
    net::Loop inner;
    const net::Server server(inner);
    int failed = 0, stayed = 0;
    std::vector<std::unique_ptr<RawPipe>> clients;
    const auto one_more = [&] { clients.push_back(std::make_unique<RawPipe>(directory.socket("s"))); };
    const net::Socket stays(inner);
    server.on<"connection">([&](const net::Socket& socket) {
      socket.on<"error">([&failed](const net::Error& error) { failed += error.name() == "EPIPE"; });
      socket.write(std::string(1 << 20, 'm'));
      if (clients.size() < 4) return one_more();
      if (stays.pending() && !stays.connecting()) stays.connect(directory.socket("s"));
    });
    server.listen(directory.socket("s"));
    one_more();
    std::size_t got = 0;
    stays.on<"data">([&](net::Chunk chunk) {
      got += chunk.size();
      if (got >= 1 << 18) clients.clear();  // in the middle of what the others have to get
      if (got == 1 << 20) ++stayed, stays.end(), server.close();
    });
    run_to_the_end(inner);
    CHECK(failed == 4);
    CHECK(stayed == 1);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a server that restarts is found again by its name; meanwhile the name is nobody's: ENOENT") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  for (int round = 0; round < 10; ++round) {
    Log nobody;
    const net::Socket early(loop);
    note(early, nobody);
    early.connect(path);
    run_to_the_end(loop);
    CHECK(nobody.text() == "attempt failed error(connect ENOENT " + path + ") close(true)");

    const net::Server server(loop);
    Log log;
    note(server, log);
    std::string got;
    server.on<"connection">([&](const net::Socket& socket) {
      server.close();  // with a connection that is open
      socket.end("round " + std::to_string(round));
    });
    server.listen(path);
    const net::Socket client = net::createConnection(loop, path);
    client.on<"data">([&got](net::Chunk chunk) { got += chunk.view(); });
    run_to_the_end(loop);
    CHECK(got == "round " + std::to_string(round));
    CHECK(log.text() == "listening connection close");
  }
}

TEST_CASE("a pipe that is released leaves behind what it had taken, also what came at that moment") {
  net::Loop loop;
  const TemporaryDirectory directory;
  for (int round = 0; round < 50; ++round) {
    const net::Server server(loop);
    std::optional<RawPipe> client;
    std::string got;
    server.on<"connection">([&](const net::Socket& socket) {
      server.close();
      socket.once<"data">([&, socket](net::Chunk chunk) {
        got += chunk.view();
        loop.setImmediate([&, socket] {
          loop.setImmediate([&, socket] {  // between them the loop has looked for events, and begun to read
            client->write(" second");
            const auto handle = socket.release();
            REQUIRE(::CloseHandle(reinterpret_cast<HANDLE>(handle)));
            got += socket.read().value_or(" nothing");
          });
        });
      });
    });
    server.listen(directory.socket("s"), [&] {
      client.emplace(directory.socket("s"));
      client->write("first");
    });
    run_to_the_end(loop);
    CHECK(got == "first second");
  }
}

TEST_CASE("a pipe that cannot be adopted for want of memory stays whose it was, and nobody is told that it is open") {
  net::Loop loop;
  const TemporaryDirectory directory;
  bool failed = true;
  for (long n = 1; failed; ++n) {
    CAPTURE(n);
    const HANDLE served = ::CreateNamedPipeA(directory.socket("s").c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                             PIPE_TYPE_BYTE, 1, 65536, 65536, 0, nullptr);
    REQUIRE(served != INVALID_HANDLE_VALUE);
    RawPipe client(directory.socket("s"));
    std::optional<net::Socket> socket;
    {
      const FailingAllocation one(n);
      try {
        socket.emplace(loop, net::SocketOptions{.fd = reinterpret_cast<std::intptr_t>(served)});
      } catch (const std::bad_alloc&) {
      } catch (const net::Error& error) {
        CHECK(error.name() == "ENOMEM");
      }
      failed = one.failed();
    }
    std::string got;
    if (socket) {
      socket->on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
      client.write("hello");
      client.vanish();
      run_to_the_end(loop);
      CHECK(got == "hello");
    } else {
      CHECK(::CloseHandle(served));
    }
  }
}

#endif

#include <net/file.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <net/server.hpp>
#include <new>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

void fill(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

TEST_CASE("a reader closes when the socket is gone that it was piped to, and nobody else has it") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  fill(path, std::string(20'000'000, 'x'));
  bool closed = false, kept_closed = false;
  const net::FileReader kept(loop, path);
  kept.on<"close">([&] { kept_closed = true; });
  const net::Server server(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"error">([] {});
    const net::FileReader file(loop, path);
    file.on<"close">([&] { closed = true; });
    file.pipe(socket);
    kept.pipe(socket, {.end = false});
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1");
  client.once<"data">([&](net::Chunk) { client.resetAndDestroy(); });
  run_to_the_end(loop);
  CHECK(closed);
  CHECK_FALSE(kept_closed);  // who has it may read on
  kept.destroy();
  run_to_the_end(loop);
  CHECK(kept_closed);
}

TEST_CASE("a writer closes without 'finish' when what was piped to it is gone, with all that came") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  bool closed = false, finished = false;
  const net::Server server(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"error">([] {});
    const auto file = socket.pipe(net::FileWriter(loop, path));
    file.on<"close">([&] { closed = true; });
    file.on<"finish">([&] { finished = true; });
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1", [&] {
    client.write("so far");
    loop.setTimeout([&] { client.resetAndDestroy(); }, 50);
  });
  run_to_the_end(loop);
  CHECK(closed);
  CHECK_FALSE(finished);
  std::string text;
  std::getline(std::ifstream(path), text);
  CHECK(text == "so far");
}

TEST_CASE("one that nobody keeps and nobody wants closes as soon as it is open") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  int closed = 0;
  net::FileWriter(loop, path).on<"close">([&] { ++closed; });
  run_to_the_end(loop);
  net::FileReader(loop, path).on<"close">([&] { ++closed; });
  run_to_the_end(loop);
  CHECK(closed == 2);
}

TEST_CASE("a reader that is held back and that nobody has closes, whatever it was piped to") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  fill(path, std::string(1'000'000, 'x'));
  const net::Socket gone(loop);
  gone.on<"error">([] {});
  gone.destroy();
  run_to_the_end(loop);
  const net::FileWriter closed_file(loop, directory.file("closed"));
  closed_file.on<"error">([] {});
  closed_file.destroy();
  run_to_the_end(loop);
  bool open = false, closed = false;
  {
    const net::FileReader file(loop, path);
    file.on<"close">([&] { closed = true; });
    file.on<"open">([&] { open = true; });
    SUBCASE("a socket that is closed already") { file.pipe(gone); }
    SUBCASE("a file that is closed already") { file.pipe(closed_file); }
    SUBCASE("a socket that is closed already, when the file is open") {
      run_until(loop, [&] { return open; });
      file.pipe(gone);
    }
    SUBCASE("a file, and paused") {
      file.pipe(net::FileWriter(loop, directory.file("out")));
      file.pause();
    }
    SUBCASE("a listener, and paused in the same turn") {
      run_until(loop, [&] { return open; });
      file.on<"data">([](net::Chunk) {});
      file.pause();
    }
  }
  run_to_the_end(loop);
  CHECK(closed);
}

TEST_CASE("a reader that nobody has and that waits for a slow destination goes on") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  fill(path, std::string(100'000, 'x'));
  const net::FileWriter out(loop, directory.file("out"), {.highWaterMark = 1});
  net::FileReader(loop, path, {.highWaterMark = 10'000}).pipe(out);
  run_to_the_end(loop);
  CHECK(out.bytesWritten() == 100'000);
}

TEST_CASE("a loop that goes while files are read and written closes them") {
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  fill(path, std::string(1'000'000, 'x'));
  for (int turns = 0; turns < 10; ++turns) {
    net::Loop loop;
    const net::FileReader reader(loop, path, {.highWaterMark = 1000});
    reader.on<"data">([](net::Chunk) {});
    const net::FileWriter writer(loop, directory.file("out"));
    writer.write(std::string(1000, 'x'));
    for (int i = 0; i < turns; ++i) loop.runOnce(1);
  }
}

TEST_CASE("S32.5: without memory for a step the stream closes, and nothing hangs") {
  TemporaryDirectory directory;
  const std::string path = directory.file("file"), text(10'000, 'x');
  fill(path, text);
  for (long n = 1;; ++n) {
    net::Loop loop;
    int closed = 0, made = 0;
    bool failed = false;
    {
      const FailingAllocation failing(n);
      const auto careful = [](auto&& call) {
        try {
          call();
        } catch (const std::bad_alloc&) {}
      };
      careful([&] {
        const net::FileReader reader(loop, path, {.highWaterMark = 3000});
        const auto& count = ++made;
        (void)count;
        reader.on<"close">([&] { ++closed; });
        const auto writer = reader.pipe(net::FileWriter(loop, directory.file("out")));
        ++made;
        writer.on<"close">([&] { ++closed; });
      });
      for (int turns = 0; turns < 1000 && loop.alive(); ++turns) careful([&] { loop.runOnce(100); });
      failed = failing.failed();
    }
    CAPTURE(n);
    CHECK(closed <= made);
    CHECK_FALSE(loop.alive());
    if (!failed) {
      CHECK(closed == 2);
      break;
    }
  }
}

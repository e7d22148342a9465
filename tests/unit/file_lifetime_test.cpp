#include <net/file.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <new>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

void fill(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

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

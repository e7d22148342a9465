#include <net/detail/file/reading.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <net/file.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("one piece is kept and the next one waits while a reader is paused, no more") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  std::ofstream(path) << std::string(100, 'x');
  const net::FileReader reader(loop, path, {.highWaterMark = 10});
  const auto& state = net::detail::Access::state(reader);
  std::size_t pieces = 0;
  reader.on<"data">([&](net::Chunk chunk) {
    CHECK(chunk.size() == 10);
    if (++pieces == 1) reader.pause();
  });
  run_to_the_end(loop);
  CHECK(pieces == 1);
  CHECK(state.piece_bytes == 10);
  CHECK_FALSE(state.busy);
  CHECK(state.left == ~std::uint64_t{} - 20);
  reader.resume();
  run_to_the_end(loop);
  CHECK(pieces == 10);
}

TEST_CASE("a reader that is piped twice reads at the pace of the slower, and unpipe() lets it pause") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  std::ofstream(path) << std::string(5000, 'x');
  const net::FileReader reader(loop, path, {.highWaterMark = 1000});
  const auto one = reader.pipe(net::FileWriter(loop, directory.file("one"), {.highWaterMark = 1}));
  const auto two = reader.pipe(net::FileWriter(loop, directory.file("two")));
  run_until(loop, [&] { return reader.bytesRead() >= 2000; });
  reader.unpipe(two);
  run_to_the_end(loop);
  CHECK(one.bytesWritten() == 5000);
  CHECK(two.bytesWritten() < 5000);
  CHECK_FALSE(two.writableEnded());
  two.end();
  run_to_the_end(loop);
}

#include <net/detail/file/writing.hpp>

#include <doctest/doctest.h>

#include <net/file.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/steps.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("what is written while a thread writes leaves together in the next turn") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::FileWriter writer(loop, directory.file("f"));
  auto& state = net::detail::Access::state(writer);
  run_until(loop, [&] { return state.phase == net::detail::FilePhase::open; });
  writer.write("1");
  net::detail::Access::core(loop).run_ticks();
  CHECK(state.busy);
  CHECK(state.under_way == 1);
  for (int i = 0; i < 100; ++i) writer.write("22");
  CHECK(state.waiting.size() == 200);
  std::uint64_t first = 0;
  writer.write("", [&] { first = writer.bytesWritten(); });
  run_to_the_end(loop);
  CHECK(first == 201);
  CHECK(state.length() == 0);
  writer.end();
  run_to_the_end(loop);
}

TEST_CASE("a second end() is too late: its callback hears so, and the file is whole") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::FileWriter writer(loop, directory.file("f"));
  Log log;
  writer.write("text");
  writer.end([&] { log.add("one"); });
  writer.end([&] { log.add("two"); });
  run_to_the_end(loop);
  CHECK(log.text() == "one two");
  writer.end([&](const net::Error& error) { log.add(std::string(error.name())); });
  run_to_the_end(loop);
  CHECK(log.text() == "one two ERR_STREAM_WRITE_AFTER_END");
  CHECK(writer.bytesWritten() == 4);
}

TEST_CASE("a file that is written ends step by step") {
  CHECK(steps(net::detail::FileEnd::finished) == "0>1 1>2 2>3 3>");
  CHECK(net::detail::Position<net::detail::FileEnd>() == net::detail::FileEnd::open);
}

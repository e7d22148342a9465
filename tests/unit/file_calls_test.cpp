#include <net/file.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("S23.7: a path with a NUL is refused, and what it begins with is not opened") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("file") + '\0' + ".png";
  const auto refused = [&](const net::Error& error) {
    CHECK(error.name() == "ERR_INVALID_ARG_VALUE");
    CHECK(std::string(error.what()) ==
          "The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received '" +
              directory.file("file") + "\\x00.png'");
  };
  refused(error_of([&] { const net::FileReader file(loop, path); }));
  refused(error_of([&] { const net::FileWriter file(loop, path); }));
  run_to_the_end(loop);
  CHECK_FALSE(std::ifstream(directory.file("file")).is_open());
}

TEST_CASE("end() takes the last bytes, as that of a socket") {
  net::Loop loop;
  const TemporaryDirectory directory;
  Log log;
  const std::string path = directory.file("file");
  const net::FileWriter file(loop, path);
  file.on<"finish">([&] { log.add("finish"); });
  file.write("first ");
  file.end("last", note_error(log, "ended"));
  CHECK(file.writableEnded());
  run_to_the_end(loop);
  CHECK(log.text() == "ended finish");
  CHECK(content(path) == "first last");
  net::FileWriter(loop, path).end(std::string("alone"));
  run_to_the_end(loop);
  CHECK(content(path) == "alone");
}

TEST_CASE("an end() with bytes after the end is an error, for its callback too") {
  net::Loop loop;
  const TemporaryDirectory directory;
  Log log;
  const net::FileWriter file(loop, directory.file("file"));
  file.on<"error">([&](const net::Error& error) { log.add("error:" + std::string(error.name())); });
  file.end();
  file.end("late", note_error(log, "late"));
  run_to_the_end(loop);
  CHECK(log.text() == "late(ERR_STREAM_WRITE_AFTER_END) error:ERR_STREAM_WRITE_AFTER_END");
}

TEST_CASE("a write of nothing is called back, whether others wait or not") {
  net::Loop loop;
  const TemporaryDirectory directory;
  Log log;
  const net::FileWriter file(loop, directory.file("file"));
  file.write("", note_error(log, "opening"));
  file.on<"open">([&] { file.write("", note_error(log, "open")); });
  run_to_the_end(loop);
  CHECK(log.text() == "opening open");
  file.write("");
  file.end();
  run_to_the_end(loop);
}

#include <net/file.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <net/server.hpp>
#include <net/task.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void fill(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

/// What a stream emits, in a line.
template <class Stream>
void note_file(const Stream& stream, Log& log) {
  stream.template on<"open">([&] { log.add("open"); });
  stream.template on<"error">([&](const net::Error& error) { log.add("error(" + std::string(error.name()) + ")"); });
  stream.template on<"close">([&] { log.add("close"); });
}

}  // namespace

TEST_CASE("a file is read in pieces: open, data, end, close") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("in"), text = pattern(100'000);
  fill(path, text);
  Log log;
  std::string got;
  std::size_t pieces = 0;
  const net::FileReader file(loop, path, {.highWaterMark = 30'000});
  note_file(file, log);
  file.on<"data">([&](net::Chunk chunk) {
    got += chunk;
    ++pieces;
  });
  file.on<"end">([&] { log.add("end"); });
  run_to_the_end(loop);
  CHECK(got == text);
  CHECK(pieces == 4);
  CHECK(log.text() == "open end close");
  CHECK(file.bytesRead() == text.size());
  CHECK(file.readableEnded());
  CHECK(file.destroyed());
}

TEST_CASE("start and end are bytes of the file, both included") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("in");
  fill(path, "0123456789");
  const auto read = [&](const net::FileReaderOptions& options) {
    std::string got;
    net::FileReader(loop, path, options).on<"data">([&](net::Chunk chunk) { got += chunk; });
    run_to_the_end(loop);
    return got;
  };
  CHECK(read({.start = 3, .end = 6}) == "3456");
  CHECK(read({.start = 9, .end = 9}) == "9");
  CHECK(read({.start = 7}) == "789");
  CHECK(read({.end = 1}) == "01");
  CHECK(read({.start = 20}).empty());
  CHECK(read({.start = 5, .end = 4}).empty());
  CHECK(read({.start = 2, .end = 8, .highWaterMark = 2}) == "2345678");
}

TEST_CASE("nothing is read before anybody wants it, and nothing is emitted while it is paused") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("in");
  fill(path, pattern(10'000));
  std::string got;
  const net::FileReader file(loop, path, {.highWaterMark = 1000});
  run_to_the_end(loop);
  CHECK_FALSE(file.readableFlowing().has_value());
  CHECK(file.bytesRead() == 0);
  file.on<"data">([&](net::Chunk chunk) {
    got += chunk;
    file.pause();
    loop.setTimeout([&] { file.resume(); }, 1);
  });
  run_to_the_end(loop);
  CHECK(got == pattern(10'000));
  file.resume();
  run_to_the_end(loop);
  CHECK(file.destroyed());
}

TEST_CASE("a file that is not there is an error with its path; with nobody to listen it leaves run()") {
  net::Loop loop;
  Log log;
  const net::FileReader file(loop, "/nonexistent/file");
  note_file(file, log);
  file.resume();
  run_to_the_end(loop);
  CHECK(log.text() == "error(ENOENT) close");
  CHECK(file.errored().address() == "/nonexistent/file");
  CHECK(file.errored().syscall() == "open");
  const net::FileWriter lonely(loop, "/nonexistent/file");
  CHECK(error_of([&] { run_to_the_end(loop); }).name() == "ENOENT");
  run_to_the_end(loop);
  CHECK(lonely.destroyed());
}

TEST_CASE("what is written is in the file when 'finish' comes; callbacks come before it, in order") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("out");
  fill(path, "old old old");
  Log log;
  const net::FileWriter file(loop, path);
  note_file(file, log);
  file.on<"finish">([&] { log.add("finish:" + content(path)); });
  CHECK(file.write("one ", [&] { log.add("first"); }));
  CHECK(file.write(std::string("two "), [&](const net::Error& error) { log.add(error ? "failed" : "second"); }));
  file.end([&] { log.add("ended"); });
  CHECK(file.writableLength() == 8);
  run_to_the_end(loop);
  CHECK(log.text() == "open first second ended finish:one two  close");
  CHECK(file.bytesWritten() == 8);
  CHECK(file.writableFinished());
}

TEST_CASE("append writes behind what is there, exclusive refuses it, mode is that of a new file") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("out");
  net::FileWriter(loop, path, {.mode = 0600}).end();
  run_to_the_end(loop);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
#if !defined(_WIN32)
  CHECK((status.st_mode & 0777) == 0600);
#endif
  const net::FileWriter first(loop, path, {.append = true});
  first.write("a");
  first.end();
  run_to_the_end(loop);
  const net::FileWriter second(loop, path, {.append = true});
  second.write("b");
  second.end();
  run_to_the_end(loop);
  CHECK(content(path) == "ab");
  Log log;
  const net::FileWriter refused(loop, path, {.exclusive = true});
  note_file(refused, log);
  refused.write("x", [&](const net::Error& error) { log.add(std::string(error.name())); });
  run_to_the_end(loop);
  CHECK(log.text() == "error(EEXIST) EEXIST close");
}

TEST_CASE("write says false when enough waits, and 'drain' follows once it is written") {
  net::Loop loop;
  TemporaryDirectory directory;
  const net::FileWriter file(loop, directory.file("out"), {.highWaterMark = 10});
  int drains = 0;
  file.on<"drain">([&] {
    ++drains;
    CHECK(file.writableLength() == 0);
    file.end();
  });
  CHECK(file.write("12345"));
  CHECK_FALSE(file.write("67890"));
  CHECK(file.writableNeedDrain());
  run_to_the_end(loop);
  CHECK(drains == 1);
  CHECK(content(file.path()) == "1234567890");
}

TEST_CASE("a write after end() is an error; after destroy() its callback hears it") {
  net::Loop loop;
  TemporaryDirectory directory;
  Log log;
  const net::FileWriter file(loop, directory.file("out"));
  note_file(file, log);
  file.end();
  CHECK_FALSE(file.write("late", [&](const net::Error& error) { log.add(std::string(error.name())); }));
  run_to_the_end(loop);
  CHECK(log.text() == "ERR_STREAM_WRITE_AFTER_END error(ERR_STREAM_WRITE_AFTER_END) close");
  log.clear();
  const net::FileWriter gone(loop, directory.file("gone"));
  note_file(gone, log);
  gone.write("waits", [&](const net::Error& error) { log.add(std::string(error.name())); });
  gone.destroy();
  run_to_the_end(loop);
  CHECK(log.text() == "ERR_STREAM_DESTROYED close");
}

TEST_CASE("a file goes through two sockets into another file, never faster than the slowest takes it") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string from = directory.file("from"), to = directory.file("to"), text = pattern(3'000'000);
  fill(from, text);
  const net::Server server(loop);
  server.on<"connection">([&](const net::Socket& socket) {
    net::FileReader(loop, from).pipe(socket);
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1");
  const auto file = client.pipe(net::FileWriter(loop, to, {.highWaterMark = 10'000}));
  run_to_the_end(loop);
  CHECK(file.writableFinished());
  CHECK(content(to) == text);
}

TEST_CASE("a file is no destination any more when it fails, and the reader that is left closes when it is destroyed") {
  NET_NOT_ON_WINDOWS("there is no /dev/full");
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string from = directory.file("from");
  fill(from, pattern(2'000'000));
  Log log;
  const net::FileReader reader(loop, from);
  const auto full = reader.pipe(net::FileWriter(loop, "/dev/full"));
  full.on<"error">([&](const net::Error& error) { log.add(std::string(error.name())); });
  full.on<"close">([&] {
    log.add("close");
    reader.destroy();
  });
  reader.on<"close">([&] { log.add("reader"); });
  run_to_the_end(loop);
  CHECK(log.text() == "ENOSPC close reader");
}

TEST_CASE("a listener that throws loses nothing: the stream goes on when the loop does") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  const auto run_all = [&] {
    int thrown = 0;
    for (;;) {
      try {
        run_to_the_end(loop);
        return thrown;
      } catch (int) {
        ++thrown;
      }
    }
  };
  Log log;
  const net::FileWriter writer(loop, path);
  const auto throwing = [&](const char* name) {
    return [&log, name] {
      log.add(name);
      throw 1;
    };
  };
  writer.on<"open">(throwing("open"));
  writer.write("text", throwing("written"));
  writer.end(throwing("ended"));
  writer.on<"finish">(throwing("finish"));
  writer.on<"close">(throwing("close"));
  CHECK(run_all() == 5);
  CHECK(log.text() == "open written ended finish close");
  log.clear();
  const net::FileReader reader(loop, path, {.highWaterMark = 3});
  reader.on<"open">(throwing("open"));
  reader.on<"data">(throwing("data"));
  reader.on<"end">(throwing("end"));
  reader.on<"close">(throwing("close"));
  CHECK(run_all() == 5);
  CHECK(log.text() == "open data data end close");
}

TEST_CASE("a task waits for their events") {
  net::Loop loop;
  TemporaryDirectory directory;
  const std::string path = directory.file("file");
  std::string wrong;
  net::spawn(loop, [&]() -> net::Task<> {
    const net::FileWriter file(loop, path);
    file.write("text");
    file.end();
    co_await net::once<"finish">(file);
    CHECK(content(path) == "text");
    const net::FileReader missing(loop, path + "-not");
    try {
      co_await net::once<"open">(missing);
    } catch (const net::Error& error) {
      wrong = error.name();
    }
  });
  run_to_the_end(loop);
  CHECK(wrong == "ENOENT");
}

TEST_CASE("S24.7: a source whose file was destroyed stays paused, and keeps what comes for whoever goes on") {
  net::Loop loop;
  Ends ends(loop);
  TemporaryDirectory directory;
  const net::FileWriter writer(loop, directory.file("destroyed"));
  std::string heard;
  ends.client.on<"data">([&](net::Chunk chunk) {
    heard += chunk;
    writer.destroy();
  });
  ends.client.pipe(writer);
  ends.accepted->write("one");
  run_until(loop, [&] { return ends.client.listenerCount<"data">() == 1; });
  CHECK(ends.client.isPaused());
  ends.accepted->write("two");
  for (int turns = 0; turns < 5; ++turns) loop.runOnce(5);
  CHECK(heard == "one");
  ends.client.resume();
  run_until(loop, [&] { return heard == "onetwo"; });
  ends.destroy();
}

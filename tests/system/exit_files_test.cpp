#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

constexpr std::size_t much = 16 << 20;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string fifo(const TemporaryDirectory& directory, const char* name) {
  const std::string path = directory.file(name);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  return path;
}

/// Turns the loop until the stream is open.
template <class Stream>
void open(net::Loop& loop, const Stream& stream) {
  bool is_open = false;
  stream.template once<"open">([&] { is_open = true; });
  run_until(loop, [&] { return is_open; });
}

/// Writes in two pieces, of which a thread gets the first.
void write_all(net::Loop& loop, const net::FileWriter& file) {
  file.write("a");
  net::detail::Access::core(loop).run_ticks();
  file.write(std::string(much, 'b'));
}

}  // namespace

TEST_CASE("S31.7: what a file was given is in it when the loop is destroyed") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  SUBCASE("while a thread writes") {
    net::Loop loop;
    const net::FileWriter file(loop, path);
    open(loop, file);
    write_all(loop, file);
  }
  SUBCASE("before a thread was asked to") {
    net::Loop loop;
    const net::FileWriter file(loop, path);
    open(loop, file);
    file.end("a" + std::string(much, 'b'));
  }
  SUBCASE("before it was open") {
    net::Loop loop;
    net::FileWriter(loop, path).end("a" + std::string(much, 'b'));
  }
  SUBCASE("while all threads are busy with what nobody reads") {
    const std::string paths[] = {fifo(directory, "1"), fifo(directory, "2"), fifo(directory, "3"),
                                 fifo(directory, "4")};
    net::Loop others;
    for (const std::string& each : paths) net::FileReader(others, each).resume();
    {
      net::Loop loop;
      net::FileWriter(loop, path).end("a" + std::string(much, 'b'));
    }
    CHECK(content(path).size() == much + 1);
    for (const std::string& each : paths) ::close(::open(each.c_str(), O_WRONLY));
    run_to_the_end(others);
  }
  const std::string text = content(path);
  CHECK(text.size() == much + 1);
  CHECK(text.starts_with("ab"));
}

TEST_CASE("S31.7: what a file was given is in it when the process ends") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    net::Loop& loop = net::Loop::current();
    loop.afterFork();
    const net::FileWriter file(path);
    open(loop, file);
    loop.nextTick([&] {
      write_all(loop, file);
      std::exit(7);
    });
    loop.run();
  }
  CHECK(ended(child) == 7);
  CHECK(content(path).size() == much + 1);
}

TEST_CASE("S31.7: a loop that goes gives a FIFO what it has space for, and does not wait for its reader") {
  const TemporaryDirectory directory;
  const std::string path = fifo(directory, "fifo");
  const Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  std::string got(1 << 20, '\0');
  const auto read = [&] {
    const ssize_t size = ::read(reader.get(), got.data(), got.size());
    return size < 0 ? std::string() : got.substr(0, static_cast<std::size_t>(size));
  };
  {
    net::Loop loop;
    const net::FileWriter file(loop, path);
    open(loop, file);
    file.write("few bytes");
  }
  CHECK(read() == "few bytes");
  {
    net::Loop loop;
    const net::FileWriter file(loop, path);
    open(loop, file);
    write_all(loop, file);
  }
  CHECK(read().size() > 4096);
  {
    net::Loop loop;
    const net::FileWriter file(loop, path);
    open(loop, file);
    file.write(std::string(much, 'b'));
    net::detail::Access::core(loop).run_ticks();  // a thread is inside write(), for as long as nobody reads
  }
  {
    net::Loop loop;
    net::FileWriter(loop, fifo(directory, "nobody reads")).end("lost");
  }
  ::close(::open(directory.file("nobody reads").c_str(), O_RDONLY | O_NONBLOCK));
}

TEST_CASE("S26: a FIFO whose reader has gone is an error of the file, and no SIGPIPE") {
  ::signal(SIGPIPE, SIG_DFL);
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = fifo(directory, "fifo");
  Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  Log log;
  const net::FileWriter file(loop, path);
  file.on<"error">(
      [&](const net::Error& error) { log.add(std::string(error.syscall()) + ":" + std::string(error.name())); });
  file.on<"close">([&] { log.add("close"); });
  open(loop, file);
  SUBCASE("before the write") {
    reader.close();
    file.write("hello", note_error(log, "written"));
  }
  SUBCASE("inside the write, of which a part has left") {
    file.write(std::string(much, 'b'), note_error(log, "written"));
    net::detail::Access::core(loop).run_ticks();
    pollfd some{reader.get(), POLLIN, 0};
    REQUIRE(::poll(&some, 1, -1) == 1);
    reader.close();
  }
  run_to_the_end(loop);
  CHECK(log.text() == "write:EPIPE written(EPIPE) close");
  {
    Descriptor again(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    net::Loop other;
    const net::FileWriter last(other, path);
    open(other, last);
    again.close();
    last.write("handed over to nobody");
  }
  CHECK(::access(path.c_str(), F_OK) == 0);  // the process is still there
}

#endif

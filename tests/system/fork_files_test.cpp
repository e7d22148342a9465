#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// How many descriptors of this process are a file's.
int descriptors_of(const std::string& path) {
  struct stat asked{}, one{};
  int count = 0;
  if (::stat(path.c_str(), &asked) != 0) return 0;
  for (int fd = 0; fd < 256; ++fd) {
    count += ::fstat(fd, &one) == 0 && one.st_ino == asked.st_ino && one.st_dev == asked.st_dev;
  }
  return count;
}

struct Files {
  net::Loop loop;
  const TemporaryDirectory directory;
  Log log;

  template <class Stream>
  void note(const Stream& stream) {
    stream.template on<"error">([this](const net::Error& error) { log.add(error.name()); });
    stream.template on<"close">([this] { log.add("close"); });
  }
  std::string fifo(const std::string& name) const {
    const std::string path = directory.file(name);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    return path;
  }
  template <class Stream>
  void open(const Stream& stream) {
    bool is_open = false;
    stream.template once<"open">([&] { is_open = true; });
    run_until(loop, [&] { return is_open; });
  }
};

/// While it lives all threads of files are busy: they wait for somebody to open a FIFO.
struct BusyThreads {
  Files& files;
  std::vector<std::string> fifos;

  explicit BusyThreads(Files& of) : files(of) {
    for (const char* name : {"f1", "f2", "f3", "f4"}) {
      fifos.push_back(files.fifo(name));
      net::FileReader(files.loop, fifos.back()).resume();
    }
  }
  ~BusyThreads() {
    for (const std::string& path : fifos) ::close(::open(path.c_str(), O_WRONLY));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Files, "S31.1: what waits to be written when the process forks is written once, by the parent") {
  const std::string path = directory.file("file");
  const net::FileWriter writer(loop, path);
  open(writer);
  {
    const BusyThreads busy(*this);
    writer.end("hello");
    net::detail::Access::core(loop).run_ticks();
    CHECK(in_child([&] {
            net::Loop own;
            bool read = false;
            net::FileReader(own, "/dev/null").on<"end">([&] { read = true; }).resume();
            own.run();
            return read ? 42 : 1;
          }) == 42);
    CHECK(content(path).empty());
  }
  run_to_the_end(loop);
  CHECK(content(path) == "hello");
}

TEST_CASE_FIXTURE(
    Files, "S31.2: a file for which a thread was asked when the process forked is an error in a child that goes on") {
  const std::string path = directory.file("file");
  std::ofstream(path) << "content";
  const net::FileWriter writer(loop, path, {.append = true});
  note(writer);
  open(writer);
  {
    const BusyThreads busy(*this);
    writer.write("hello");
    net::detail::Access::core(loop).run_ticks();
    CHECK(in_child([&] {
            loop.afterFork();
            // the readers' have their errors too, which nobody hears
            for (;;) {
              try {
                loop.run();
                break;
              } catch (const net::Error& error) {
                if (error.name() != "ABORT_ERR") return 2;
              }
            }
            return log.text() == "ABORT_ERR close" && descriptors_of(path) == 0 ? 42 : 1;
          }) == 42);
  }
  writer.end();
  run_to_the_end(loop);
  CHECK(content(path) == "contenthello");
}

TEST_CASE_FIXTURE(
    Files,
    "S31.2: a reader inside read() when the process forked is an error in a child that goes on, and closed there") {
  const std::string path = fifo("fifo");
  const int other = ::open(path.c_str(), O_RDWR);
  const net::FileReader reader(loop, path);
  note(reader);
  open(reader);
  reader.on<"data">([](net::Chunk) {});
  reader.on<"end">([&] { log.add("end"); });
  net::detail::Access::core(loop).run_ticks();
  CHECK(descriptors_of(path) == 2);
  CHECK(net::detail::Access::state(reader).busy);
  CHECK(in_child([&] {
          loop.afterFork();
          loop.run();
          return log.text() == "ABORT_ERR close" && descriptors_of(path) == 1 ? 42 : 1;
        }) == 42);
  CHECK(in_child([&] {
          loop.~Loop();
          return descriptors_of(path) == 1 ? 42 : 1;
        }) == 42);
  reader.destroy();
  REQUIRE(::write(other, "x", 1) == 1);
  run_to_the_end(loop);
  ::close(other);
}

TEST_CASE_FIXTURE(
    Files, "S31.2: a file that no thread had when the process forked is both processes', when the child goes on") {
  const std::string path = directory.file("file");
  const net::FileWriter writer(loop, path);
  open(writer);
  CHECK(in_child([&] {
          writer.write("child ");
          net::Loop own;
          own.runOnce(0);
          if (!content(path).empty()) return 1;  // not before it was asked for
          loop.afterFork();
          run_until(loop, [&] { return writer.bytesWritten() == 6; });
          return 42;
        }) == 42);
  writer.end("parent");
  run_to_the_end(loop);
  CHECK(content(path) == "child parent");
}

TEST_CASE_FIXTURE(Files,
                  "S31.1: what waits to be written is not handed over by a child that ends or destroys the loop") {
  const std::string path = directory.file("file");
  const net::FileWriter writer(loop, path);
  open(writer);
  writer.write("once");
  CHECK(in_child([&] {
          loop.~Loop();
          return 42;
        }) == 42);
  writer.end();
  run_to_the_end(loop);
  CHECK(content(path) == "once");
}

#endif

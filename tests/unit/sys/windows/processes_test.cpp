#include <net/detail/sys/windows/processes.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <net.hpp>
#include <net/detail/sys/windows/messages.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("a program of the tests of processes" * doctest::skip()) {
  const int code = std::atoi(std::getenv("NET_TEST_CODE"));
  const NativeHandle channel = os::given_channel();
  CHECK(os::given_channel() == no_handle);
  CHECK(os::kind_of(channel) == DescriptorKind::local);
  net::Loop loop;
  const net::Socket up(loop, {.fd = channel});
  up.on<"data">([&](net::Chunk chunk) { up.end("re:" + std::string(chunk)); });
  loop.run();
  std::exit(code);
}

namespace {

struct Started {
  net::Loop loop;
  net::Socket up;
  std::int64_t id = 0;
  int failed = 0;
  bool told = false;
  net::Signal children = loop.onSignal(os::child_signal(), [this] { told = true; });

  explicit Started(const char* code) {
    Program program;
    REQUIRE(os::own_program(program) == 0);
    program.arguments.erase(1, program.arguments.size());
    for (const char* const each : {"--test-case=a program of the tests of processes", "--no-skip", "--out=NUL"}) {
      program.arguments.push(each);
    }
    program.variables.push(std::string("NET_TEST_CODE=") + code);
    NativeHandle ends[2] = {no_handle, no_handle};
    REQUIRE(os::make_pair(ends) == 0);
    failed = os::start_program(program, ends[1], id);
    win::CloseHandle(os::handle_of(ends[1]));
    up = net::Socket(loop, {.fd = ends[0]});
  }
  ProcessEnd end() {
    ProcessEnd how;
    int result = 0;
    children.ref();
    tests::run_until(loop, [&] {
      if (told && result == 0) result = os::ended(id, how);
      return result != 0;
    });
    CHECK(result == 1);
    CHECK(os::ended(id, how) == -ECHILD);
    CHECK(os::send_signal(id, 0) == -ESRCH);
    up.destroy();
    children.close();
    tests::run_to_the_end(loop);
    return how;
  }
};

}  // namespace

TEST_CASE("S33.5: a program inherits its channel and no other handle; how it ends is told, once") {
  const std::size_t before = tests::open_descriptors();
  {
    Started one("7");
    REQUIRE(one.failed == 0);
    std::string heard;
    one.up.on<"data">([&](net::Chunk chunk) { heard += chunk; });
    one.up.write("hello");
    ProcessEnd none;
    CHECK(os::ended(one.id, none) == 0);
    CHECK(os::send_signal(one.id, 0) == 0);
    CHECK(os::send_signal(one.id, 1) == -ENOSYS);
    const ProcessEnd how = one.end();
    CHECK(how.code == 7);
    CHECK(how.signal == 0);
    CHECK(heard == "re:hello");
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("S33.5: one that is killed has ended by that signal, as in Node") {
  for (const int signo : {2, 9, 15}) {
    Started one("0");
    CHECK(os::send_signal(one.id, signo) == 0);
    const ProcessEnd how = one.end();
    CHECK((how.code == 0 && how.signal == signo));
  }
}

TEST_CASE("S33.5: a program that is not there, or has a name that is none, is not started") {
  Program program;
  program.path = "C:\\no\\such\\program.exe";
  program.arguments.push("x");
  NativeHandle ends[2] = {no_handle, no_handle};
  REQUIRE(os::make_pair(ends) == 0);
  std::int64_t id = 0;
  CHECK(os::start_program(program, ends[1], id) == -ENOENT);
  program.path = "\xff";
  CHECK(os::start_program(program, ends[1], id) == -EINVAL);
  for (const NativeHandle each : ends) win::CloseHandle(os::handle_of(each));
  CHECK(os::start_program(program, no_handle, id) < 0);
  CHECK(os::process_id() > 0);
  ProcessEnd none;
  CHECK(os::ended(os::process_id(), none) == -ECHILD);
}

TEST_CASE("a variable that is taken is gone") {
  ::_putenv_s("NET_TEST_TAKEN", "value");
  std::string value;
  CHECK(os::take_variable("NET_TEST_TAKEN", value));
  CHECK(value == "value");
  CHECK_FALSE(os::take_variable("NET_TEST_TAKEN", value));
}

#endif

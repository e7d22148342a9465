#include <net/detail/sys/posix/processes.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/support/channels.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using namespace tests;

namespace {

/// What a shell writes into its channel, whose number here is the given one; and how it ended.
std::string shell(const std::string& script, int number, ProcessEnd& end, bool kills = false) {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const Descriptor mine(::fcntl(ends[0], F_DUPFD_CLOEXEC, 50));
  ::close(ends[0]);
  Descriptor theirs(ends[1]);
  if (number >= 0 && ends[1] != number) {
    REQUIRE(::dup2(ends[1], number) == number);
    theirs = Descriptor(number);
  }
  net::detail::Program program;
  program.path = "/bin/sh";
  for (const char* const each : {"sh", "-c", script.c_str()}) program.arguments.push(std::string(each));
  program.variables.push(std::string("NET_TEST_GIVEN=a variable"));
  std::int64_t id = 0;
  REQUIRE(os::start_program(program, theirs.get(), id) == 0);
  REQUIRE(id > 0);
  theirs = Descriptor();
  std::string all;
  char some[64];
  for (ssize_t got = 0; (got = ::read(mine.get(), some, sizeof some)) > 0;) {
    all.append(some, static_cast<std::size_t>(got));
    if (kills) REQUIRE(os::send_signal(id, SIGTERM) == 0);
  }
  int over = 0;
  while ((over = os::ended(id, end)) == 0) ::usleep(1000);
  CHECK(over == 1);
  CHECK(os::ended(id, end) == -ECHILD);
  return all;
}

}  // namespace

TEST_CASE(
    "a program is started with its arguments and variables, and has the channel as descriptor 3, whatever it was") {
  const std::size_t before = open_descriptors();
  for (const int number : {-1, 3, 40}) {
    if (number == 3 && ::fcntl(3, F_GETFD) != -1) continue;  // it is the test program's own
    ProcessEnd end;
    CHECK(shell("echo $NET_TEST_GIVEN >&3; exit 7", number, end) == "a variable\n");
    CHECK((end.code == 7 && end.signal == 0));
  }
  ProcessEnd end;
  CHECK(shell("echo here >&3; exec sleep 100", -1, end, true) == "here\n");
  CHECK((end.code == 0 && end.signal == SIGTERM));
  CHECK(open_descriptors() == before);
}

TEST_CASE("a program ignores and blocks no signal because the one that has started it does") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  const auto handled = ::signal(SIGTERM, SIG_IGN);
  ProcessEnd end;
  CHECK(shell("echo here >&3; exec sleep 100", -1, end, true) == "here\n");
  CHECK((end.code == 0 && end.signal == SIGTERM));
  CHECK(shell("kill -USR2 $$; exec sleep 100", -1, end) == "");
  CHECK((end.code == 0 && end.signal == SIGUSR2));
  ::signal(SIGTERM, handled);
  CHECK(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("a program that is not there is an error, and leaves nothing behind") {
  const std::size_t before = open_descriptors();
  net::detail::Program program;
  program.path = "/no/such/program";
  std::int64_t id = 0;
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(os::start_program(program, ends[0], id) == -ENOENT);
  ::close(ends[0]), ::close(ends[1]);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a variable that is taken is gone") {
  REQUIRE(::setenv("NET_TEST_TAKEN", "7", 1) == 0);
  std::string value;
  CHECK((os::take_variable("NET_TEST_TAKEN", value) && value == "7"));
  CHECK_FALSE(os::take_variable("NET_TEST_TAKEN", value));
}

TEST_CASE("this program has at least its own name") {
  net::detail::Program program;
  if (os::own_program(program) < 0) return;  // a system that does not tell
  CHECK(!program.path.empty());
  struct stat is{}, named{};
  if (::stat("/proc/self/exe", &is) == 0) {  // the name is that of this very file
    REQUIRE(::stat(program.path.c_str(), &named) == 0);
    CHECK((is.st_ino == named.st_ino && is.st_dev == named.st_dev));
    CHECK(program.path != "/proc/self/exe");
  }
  CHECK(program.arguments.size() > 0);
  CHECK(os::child_signal() == SIGCHLD);
}

#endif

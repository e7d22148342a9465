#include <net/detail/loop/fork.ipp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <net/error.hpp>

using namespace net::detail;

TEST_CASE("S31.2: a loop is its process's: in a child it refuses to run until afterFork()") {
  LoopCore loop;
  int ran = 0;
  loop.ticks().push([&ran] { ++ran; });
  const pid_t child = ::fork();
  if (child == 0) {
    bool refused = false;
    try {
      loop.run();
    } catch (const net::Error& error) {
      refused = error.code() == net::Errc::ERR_INVALID_STATE;
    }
    const bool early = ran != 0;
    loop.after_fork();
    loop.run();
    ::_exit(refused && !early && ran == 1 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  loop.run();
  CHECK(ran == 1);
}

#endif

#include <net/detail/sys/windows/pipe_name.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "tests/support/support.hpp"

using namespace net::detail;

TEST_CASE("S23.16: a name begins as those of pipes do, is UTF-8, has no NUL, and at most 256 characters") {
  PipeName name;
  CHECK(name.set(R"(\\.\pipe\x)") == 0);
  CHECK(std::wstring(name.text) == LR"(\\.\pipe\x)");
  CHECK(name.set(R"(\\?\pipe\x)") == 0);
  CHECK(name.set(R"(//./PIPE/a\b/c)") == 0);
  CHECK(name.set("\\\\.\\pipe\\\xc3\xa4") == 0);
  CHECK(name.set("") == -EINVAL);
  CHECK(name.set(std::string_view("\\\\.\\pipe\\a\0b", 12)) == -EINVAL);
  CHECK(name.set("\\\\.\\pipe\\\xff") == -EINVAL);
  CHECK(name.set("/tmp/x") == -ENOENT);
  CHECK(name.set(R"(C:\x)") == -ENOENT);
  CHECK(name.set(R"(\\.\pipe\)") == -ENOENT);
  CHECK(name.set(R"(\\.\pipe\)" + std::string(247, 'x')) == 0);
  CHECK(name.set(R"(\\.\pipe\)" + std::string(300, 'x')) == -EINVAL);
  CHECK(name.set(R"(\\.\pipe\)" + std::string(70000, 'x')) == -EINVAL);
}

TEST_CASE("S23.10: a name is served with the access that is asked for, and is there as long as it is served") {
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("n")) == 0);
  for (int modes = 0; modes < 4; ++modes) {
    CHECK_FALSE(pipe_exists(name));
    int failed = 0;
    const win::Handle served = make_pipe(name, {(modes & 1) != 0, (modes & 2) != 0}, true, failed);
    REQUIRE(served != nullptr);
    CHECK(pipe_exists(name));
    const win::Handle client = open_pipe(name, failed);
    CHECK(client != nullptr);
    CHECK(open_pipe(name, failed) == nullptr);
    CHECK_MESSAGE(failed == -EBUSY, "the only instance has its client");
    win::CloseHandle(client);
    win::CloseHandle(served);
  }
  int failed = 0;
  CHECK(open_pipe(name, failed) == nullptr);
  CHECK(failed == -ENOENT);
}

TEST_CASE("a name whose dots lead out of the pipes is not connected to, whatever is there") {
  for (const std::string path : {R"(\\.\pipe\.)", R"(\\.\pipe\x\..)", R"(\\.\pipe\..\NUL)"}) {
    CAPTURE(path);
    PipeName name;
    REQUIRE(name.set(path) == 0);
    int failed = 0;
    CHECK(open_pipe(name, failed) == nullptr);
    CHECK((failed == -ENOTSOCK || failed == -ENOENT));
  }
}

#endif

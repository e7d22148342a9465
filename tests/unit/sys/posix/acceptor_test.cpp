#include <net/detail/sys/posix/acceptor.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/posix/system_address.hpp>
#include <string>
#include <vector>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using tests::Descriptor;

namespace {

/// A client whose connection waits to be accepted.
Descriptor client_of(const fd_acceptor& acceptor) {
  Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(os::connect_to(client.get(), os::SystemAddress(acceptor.local_end())) == 0);
  return client;
}

/// All the descriptors that a process may have are open, as long as this lives.
class NoneLeft {
 public:
  NoneLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low{static_cast<rlim_t>(32 + tests::open_descriptors()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) filler_.emplace_back(fd);
  }
  NoneLeft(const NoneLeft&) = delete;
  NoneLeft& operator=(const NoneLeft&) = delete;
  ~NoneLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
  std::vector<Descriptor> filler_;
};

bool was_turned_away(const Descriptor& client) {
  char byte;
  const ssize_t got = ::recv(client.get(), &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

}  // namespace

TEST_CASE("an acceptor gives one connection after the other, in the order in which they came, and then none") {
  fd_acceptor acceptor;
  CHECK_FALSE(acceptor.is_open());
  REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
  const Descriptor one = client_of(acceptor), other = client_of(acceptor);
  fd_channel first, second, none;
  REQUIRE(acceptor.accept(first) == 0);
  REQUIRE(acceptor.accept(second) == 0);
  CHECK(first.remote_end().port == os::local_end(one.get()).port);
  CHECK(second.remote_end().port == os::local_end(other.get()).port);
  CHECK(acceptor.accept(none) == -EAGAIN);
  CHECK_FALSE(none.is_open());
}

TEST_CASE("an acceptor listens where another one does, on a descriptor of its own; where none does it fails") {
  const std::size_t before = tests::open_descriptors();
  {
    fd_acceptor first, second;
    CHECK(second.listen_beside(first, 1) == -EBADF);
    REQUIRE(first.listen(tests::at("127.0.0.1", 0), {}) == 0);
    REQUIRE(second.listen_beside(first, 1) == 0);
    CHECK(second.native() != first.native());
    first.close();
    const Descriptor client = client_of(second);
    fd_channel accepted;
    CHECK(second.accept(accepted) == 0);
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("an acceptor that is closed, or failed to listen, has nothing open and can listen again") {
  const std::size_t before = tests::open_descriptors();
  fd_acceptor acceptor;
  {
    fd_acceptor other;
    REQUIRE(other.listen(tests::at("127.0.0.1", 0), {}) == 0);
    CHECK_MESSAGE(tests::open_descriptors() == before + 2, "the reserve too");
    CHECK(acceptor.listen(other.local_end(), {}) == -EADDRINUSE);
    CHECK(acceptor.listen_path("", {}, 1) == -EINVAL);
    CHECK(acceptor.listen_descriptor(-1, 1) == -EINVAL);
    CHECK_FALSE(acceptor.is_open());
  }
  CHECK(tests::open_descriptors() == before);
  for (int round = 0; round < 3; ++round) {
    REQUIRE(acceptor.listen(tests::at("::1", 0), {}) == 0);
    acceptor.close();
    acceptor.close();
    CHECK_FALSE(acceptor.is_open());
    CHECK(tests::open_descriptors() == before);
  }
}

TEST_CASE(
    "S9.18: out of descriptors, all that wait are accepted with the reserve and closed; with free ones it "
    "goes on") {
  fd_acceptor acceptor;
  REQUIRE(acceptor.listen(tests::at("127.0.0.1", 0), {}) == 0);
  for (int round = 0; round < 2; ++round) {
    const Descriptor one = client_of(acceptor), other = client_of(acceptor);
    int nothing = 0;
    {
      const NoneLeft none;  // without a descriptor a sanitizer cannot even look at memory: nothing is checked in here
      fd_channel none_left;
      nothing = acceptor.accept(none_left);
    }
    CHECK_MESSAGE((nothing == -EAGAIN || nothing == -EMFILE), "nobody is left to accept");
    CHECK(was_turned_away(one));
    CHECK(was_turned_away(other));
    const Descriptor welcome = client_of(acceptor);
    fd_channel accepted;
    REQUIRE(acceptor.accept(accepted) == 0);
    CHECK(accepted.remote_end().port == os::local_end(welcome.get()).port);
  }
}

TEST_CASE("S32.1: a reserve that could not be opened is opened as soon as there is a descriptor for it") {
  fd_acceptor acceptor;
  bool without = true;
  int failed = 0;
  {
    Descriptor last(::dup(0));
    const NoneLeft none;
    last.close();
    failed = acceptor.listen(tests::at("127.0.0.1", 0), {});
    without = !acceptor.has_reserve();
  }
  CHECK(failed == 0);
  CHECK(without);
  fd_channel none;
  CHECK(acceptor.accept(none) == -EAGAIN);
  CHECK(acceptor.has_reserve());
}

#endif

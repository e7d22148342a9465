#include <net/detail/sys/posix/calls.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/support.hpp"

using namespace net::detail;
using tests::Descriptor;

namespace {

/// Two joined ends, of sockets or of a pipe; the second one is written to.
struct Joined {
  explicit Joined(bool pipe) {
    int ends[2];
    REQUIRE((pipe ? ::pipe(ends) : ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) == 0);
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
    REQUIRE(os::prepare(ends[0]) == 0);
    REQUIRE(os::prepare(ends[1]) == 0);
  }
  Descriptor read, write;
};

}  // namespace

TEST_CASE("one send takes up to 64 pieces, in order; the rest is for the next") {
  const Joined joined(false);
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(std::string(1, static_cast<char>('!' + i % 90)));
  std::vector<IoSlice> slices;
  for (const std::string& text : texts) slices.push_back({text.data(), text.size()});
  CHECK(os::send_slices(joined.write.get(), slices.data(), slices.size()) == 64);
  CHECK(os::send_slices(joined.write.get(), slices.data() + 64, slices.size() - 64) == 36);
  std::string expected;
  for (const std::string& text : texts) expected += text;
  char bytes[200];
  CHECK(os::receive(joined.read.get(), bytes, sizeof bytes) == 100);
  CHECK(std::string(bytes, 100) == expected);
  CHECK(os::receive(joined.read.get(), bytes, sizeof bytes) == -EAGAIN);
}

TEST_CASE("S22.1: writing where nobody reads is EPIPE; a SIGPIPE that was waiting for somebody else still waits") {
  for (const bool pipe : {false, true}) {
    Joined joined(pipe);
    joined.read.close();
    const IoSlice slice{"x", 1};
    CHECK(os::write_slices(joined.write.get(), &slice, 1) == -EPIPE);
    if (!pipe) CHECK(os::send_one(joined.write.get(), "x", 1) == -EPIPE);
    if (!pipe) CHECK(os::send_slices(joined.write.get(), &slice, 1) == -EPIPE);
  }
  sigset_t broken, before, waiting;
  (void)sigemptyset(&broken);
  (void)sigaddset(&broken, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  ::pthread_kill(::pthread_self(), SIGPIPE);
  Joined joined(true);
  joined.read.close();
  const IoSlice slice{"x", 1};
  CHECK(os::write_slices(joined.write.get(), &slice, 1) == -EPIPE);
  ::sigpending(&waiting);
  CHECK(sigismember(&waiting, SIGPIPE) == 1);
  int taken = 0;
  ::sigwait(&broken, &taken);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(taken == SIGPIPE);
}

TEST_CASE("S22.4: a descriptor is known by what it is") {
  const Joined sockets(false), pipes(true);
  CHECK(os::kind_of(sockets.read.get()) == DescriptorKind::local);
  CHECK(os::kind_of(pipes.read.get()) == DescriptorKind::pipe);
  CHECK(os::kind_of(Descriptor(os::open_socket(AF_INET)).get()) == DescriptorKind::tcp);
  CHECK(os::kind_of(Descriptor(os::open_socket(AF_INET6)).get()) == DescriptorKind::tcp);
  CHECK(os::kind_of(Descriptor(::socket(AF_INET, SOCK_DGRAM, 0)).get()) == DescriptorKind::datagram);
  CHECK(os::kind_of(Descriptor(::open("/dev/null", O_RDONLY)).get()) == DescriptorKind::file);
  const tests::TemporaryDirectory directory;
  CHECK(os::kind_of(Descriptor(::open(directory.file("f").c_str(), O_RDWR | O_CREAT, 0600)).get()) ==
        DescriptorKind::file);
  CHECK(os::kind_of(-1) == DescriptorKind::unknown);
}

#endif

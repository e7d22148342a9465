#include <net/detail/os.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support.hpp"

using namespace net::detail;
using tests::Descriptor;
using namespace std::string_view_literals;

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

bool has_flags(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

} // namespace

TEST_CASE(
    "every descriptor that is opened does not block, and is closed when the process becomes another one") {
  const Descriptor socket(os::open_socket(AF_INET));
  CHECK(has_flags(socket.get()));
  const Descriptor listening(os::listen_on(os::parse_endpoint("127.0.0.1", 0), {}));
  CHECK(has_flags(listening.get()));
  const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(os::connect_to(client.get(), os::SystemAddress(os::local_end(listening.get()))) == 0);
  const Descriptor accepted(os::accept_from(listening.get()));
  CHECK(has_flags(accepted.get()));
  CHECK(os::accept_from(listening.get()) == -EAGAIN);
  const Descriptor reserve(os::open_reserve());
  CHECK((::fcntl(reserve.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const Descriptor copy(os::duplicate(socket.get()));
  CHECK((::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(copy.get() != socket.get());
}

TEST_CASE("what fails comes back as a negated number, without a descriptor left open") {
  const std::size_t before = tests::open_descriptors();
  const Descriptor taken(os::listen_on(os::parse_endpoint("127.0.0.1", 0), {}));
  CHECK(os::listen_on(os::local_end(taken.get()), {}) == -EADDRINUSE);
  CHECK(os::listen_on(os::parse_endpoint("192.0.2.1", 0), {}) == -EADDRNOTAVAIL);
  CHECK(os::open_socket(-1) == -EAFNOSUPPORT);
  CHECK(os::prepare(-1) == -EBADF);
  CHECK(os::set_no_delay(-1, true) == -EBADF);
  CHECK(os::shutdown_write(Descriptor(os::open_socket(AF_INET)).get()) == -ENOTCONN);
  CHECK(os::duplicate(-1) == -EBADF);
  char byte;
  CHECK(os::receive(-1, &byte, 1) == -EBADF);
  CHECK(os::send_one(-1, &byte, 1) == -EBADF);
  CHECK_FALSE(os::local_end(-1));
  CHECK_FALSE(os::remote_end(taken.get()));
  CHECK(os::listen_on_descriptor(-1, 1) == -EINVAL);
  CHECK(tests::open_descriptors() == before + 1);
}

TEST_CASE("one send takes up to 64 pieces, in order; the rest is for the next") {
  const Joined joined(false);
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(std::string(1, static_cast<char>('!' + i % 90)));
  std::vector<Slice> slices;
  for (const std::string& text : texts) slices.push_back({text.data(), text.size()});
  CHECK(os::send_gathered(joined.write.get(), slices.data(), slices.size()) == 64);
  CHECK(os::send_gathered(joined.write.get(), slices.data() + 64, slices.size() - 64) == 36);
  std::string expected;
  for (const std::string& text : texts) expected += text;
  char room[200];
  CHECK(os::receive(joined.read.get(), room, sizeof room) == 100);
  CHECK(std::string(room, 100) == expected);
  CHECK(os::receive(joined.read.get(), room, sizeof room) == -EAGAIN);
}

TEST_CASE(
    "S22.1: writing where nobody reads is EPIPE; a SIGPIPE that was waiting for somebody else still waits") {
  for (const bool pipe : {false, true}) {
    Joined joined(pipe);
    joined.read.close();
    const Slice slice{"x", 1};
    CHECK(os::write_gathered(joined.write.get(), &slice, 1) == -EPIPE);
    if (!pipe) CHECK(os::send_one(joined.write.get(), "x", 1) == -EPIPE);
    if (!pipe) CHECK(os::send_gathered(joined.write.get(), &slice, 1) == -EPIPE);
  }
  sigset_t broken, before, waiting;
  ::sigemptyset(&broken);
  ::sigaddset(&broken, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  ::pthread_kill(::pthread_self(), SIGPIPE);
  Joined joined(true);
  joined.read.close();
  const Slice slice{"x", 1};
  CHECK(os::write_gathered(joined.write.get(), &slice, 1) == -EPIPE);
  ::sigpending(&waiting);
  CHECK(::sigismember(&waiting, SIGPIPE) == 1);
  int taken = 0;
  ::sigwait(&broken, &taken);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(taken == SIGPIPE);
}

TEST_CASE("S22.4: a descriptor is told by what it is") {
  const Joined sockets(false), pipes(true);
  CHECK(os::kind_of(sockets.read.get()) == os::Kind::local);
  CHECK(os::kind_of(pipes.read.get()) == os::Kind::pipe);
  CHECK(os::kind_of(Descriptor(os::open_socket(AF_INET)).get()) == os::Kind::tcp);
  CHECK(os::kind_of(Descriptor(os::open_socket(AF_INET6)).get()) == os::Kind::tcp);
  CHECK(os::kind_of(Descriptor(::socket(AF_INET, SOCK_DGRAM, 0)).get()) == os::Kind::datagram);
  CHECK(os::kind_of(Descriptor(::open("/dev/null", O_RDONLY)).get()) == os::Kind::unknown);
  const tests::TemporaryDirectory directory;
  CHECK(os::kind_of(Descriptor(::open(directory.file("f").c_str(), O_RDWR | O_CREAT, 0600)).get()) ==
        os::Kind::file);
  CHECK(os::kind_of(-1) == os::Kind::unknown);
}

TEST_CASE("an address goes to the system's form and back, with its port and its interface") {
  for (const std::string_view text : {"1.2.3.4"sv, "::1"sv, "2001:db8::ffff"sv}) {
    const Endpoint end = os::SystemAddress(os::parse_endpoint(text, 65535)).endpoint();
    CHECK(os::endpoint_text(end) == text);
    CHECK(end.port == 65535);
  }
  const Endpoint local = os::SystemAddress(os::parse_endpoint("fe80::1%7", 80)).endpoint();
  CHECK(local.scope == 7);
  CHECK_FALSE(os::parse_endpoint("127.1", 80));
  CHECK_FALSE(os::parse_endpoint("", 80));
}

TEST_CASE("S11.17: only a link-local address shows its interface, by name, or by number if nobody knows it") {
  const std::uint32_t loopback = os::interface_index("lo");
  if (loopback != 0) {
    CHECK(os::endpoint_text(os::parse_endpoint("fe80::1%lo", 0)) == "fe80::1%lo");
    CHECK(os::interface_name(loopback) == "lo");
  }
  CHECK(os::endpoint_text(os::parse_endpoint("fe80::1%999999", 0)) == "fe80::1%999999");
  CHECK(os::endpoint_text(os::parse_endpoint("::1%999999", 0)) == "::1");
  CHECK(os::endpoint_text(os::parse_endpoint("fe80::1", 0)) == "fe80::1");
  CHECK(os::interface_index("") == 0);
  CHECK(os::interface_index("no-such-interface-as-this") == 0);
  CHECK(os::interface_index("12x") == 0);
}

TEST_CASE(
    "S23.5, S23.7: a path fits with or without its last NUL; one inside is none, save at the front of an "
    "abstract name") {
  os::SystemAddress address;
  const std::size_t most = sizeof(sockaddr_un::sun_path);
  CHECK(address.set_path(std::string(most, 'p')));
  CHECK(address.size == sizeof(sockaddr_un));
  CHECK_FALSE(address.set_path(std::string(most + 1, 'p')));
  CHECK_FALSE(address.set_path(""));
  CHECK_FALSE(address.set_path("a\0b"sv));
  CHECK(address.set_path("\0a\0b"sv));
  CHECK_MESSAGE(address.size == offsetof(sockaddr_un, sun_path) + 4, "no NUL is added to it");
  CHECK(address.set_path("ab"));
  CHECK(address.size == offsetof(sockaddr_un, sun_path) + 3);
  CHECK_FALSE(address.endpoint());
}

TEST_CASE("S23.2, S23.6: a path is listened on and taken away; a directory that is not there is EACCES") {
  const tests::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  {
    const Descriptor listening(os::listen_on_path(path, {}, 1));
    CHECK(os::listen_on_path(path, {}, 1) == -EADDRINUSE);
  }
  os::remove_path(path);
  CHECK_FALSE(std::filesystem::exists(path));
  os::remove_path(path);
  os::remove_path("");
  os::remove_path(std::string(500, 'x'));
  CHECK(os::listen_on_path(directory.file("none/s"), {}, 1) == -EACCES);
  CHECK(os::listen_on_path("", {}, 1) == -EINVAL);
}

TEST_CASE("a bell that was rung is readable until it is silenced, however often it was rung") {
  os::Bell bell;
  pollfd entry{bell.descriptor(), POLLIN, 0};
  CHECK(::poll(&entry, 1, 0) == 0);
  for (int i = 0; i < 100; ++i) bell.ring();
  CHECK(::poll(&entry, 1, 0) == 1);
  bell.silence();
  CHECK(::poll(&entry, 1, 0) == 0);
  bell.silence();
  bell.ring();
  CHECK(::poll(&entry, 1, 0) == 1);
}

TEST_CASE("the error that waits on a socket is given once") {
  const tests::ClosedPort closed;
  const Descriptor socket(os::open_socket(AF_INET));
  const int began =
      os::connect_to(socket.get(), os::SystemAddress(os::parse_endpoint("127.0.0.1", closed.number())));
  if (began == -EINPROGRESS) {
    pollfd entry{socket.get(), POLLOUT, 0};
    REQUIRE(::poll(&entry, 1, 5000) == 1);
    CHECK(os::pending_error(socket.get()) == ECONNREFUSED);
  } else {
    CHECK(began == -ECONNREFUSED);
  }
  CHECK(os::pending_error(socket.get()) == 0);
  CHECK(os::pending_error(-1) == EBADF);
}

TEST_SUITE("threads") {
  TEST_CASE("a thread works with what it was given; whoever waits on a condition is woken") {
    struct Shared {
      os::Mutex mutex;
      os::Condition changed;
      int steps = 0;
    } shared;
    const auto step = [](void* given) {
      auto& its = *static_cast<Shared*>(given);
      const os::Locked locked(its.mutex);
      ++its.steps;
      its.changed.wake_all();
    };
    os::Thread joined;
    REQUIRE(joined.start(step, &shared));
    REQUIRE(os::start_thread(step, &shared));
    {
      const os::Locked locked(shared.mutex);
      while (shared.steps < 2) shared.changed.wait(shared.mutex);
    }
    joined.join();
    CHECK(os::processors() >= 1);
  }
}

#include <net/detail/sys/posix/address.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <net/detail/sys/posix/system_address.hpp>
#include <string>
#include <string_view>

#include "tests/support/endpoints.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using tests::Descriptor;
using namespace std::string_view_literals;

namespace {

bool has_flags(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

}  // namespace

TEST_CASE("every descriptor that is opened does not block, and is closed when the process becomes another one") {
  const Descriptor socket(os::open_socket(AF_INET));
  CHECK(has_flags(socket.get()));
  const Descriptor listening(os::listen_on(tests::at("127.0.0.1", 0), {}));
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
  const Descriptor taken(os::listen_on(tests::at("127.0.0.1", 0), {}));
  CHECK(os::listen_on(os::local_end(taken.get()), {}) == -EADDRINUSE);
  CHECK(os::listen_on(tests::at("192.0.2.1", 0), {}) == -EADDRNOTAVAIL);
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
  const Descriptor fresh(os::open_socket(AF_INET));
  CHECK_MESSAGE(os::listen_on_descriptor(fresh.get(), 0) == -EINVAL, "it does not listen as it is");
  CHECK(os::local_end(fresh.get()).port == 0);
  CHECK(tests::open_descriptors() == before + 2);
}

TEST_CASE("an interface has a number and a name, and one that nobody knows has neither") {
  const std::uint32_t loopback = os::interface_index("lo");
  if (loopback != 0) CHECK(os::interface_name(loopback) == "lo");
  CHECK(os::interface_name(999999) == "999999");
  CHECK(os::interface_index("999999") == 999999);
  CHECK(os::interface_index("") == 0);
  CHECK(os::interface_index("no-such-interface-as-this") == 0);
  CHECK(os::interface_index("12x") == 0);
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

TEST_CASE("the error that waits on a socket is given once") {
  const tests::ClosedPort closed;
  const Descriptor socket(os::open_socket(AF_INET));
  const int began = os::connect_to(socket.get(), os::SystemAddress(tests::at("127.0.0.1", closed.number())));
  if (began == -EINPROGRESS) {
    pollfd entry{socket.get(), POLLOUT, 0};
    REQUIRE(::poll(&entry, 1, -1) == 1);
    CHECK(os::pending_error(socket.get()) == ECONNREFUSED);
  } else {
    CHECK(began == -ECONNREFUSED);
  }
  CHECK(os::pending_error(socket.get()) == 0);
  CHECK(os::pending_error(-1) == EBADF);
}

#endif

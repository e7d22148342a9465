#include <net/detail/sys/posix/messages.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/support.hpp"

using namespace net::detail;
using net::NativeHandle;

namespace {

struct Pair {
  tests::Descriptor one, other;
  Pair() {
    NativeHandle ends[2] = {};
    REQUIRE(os::make_pair(ends) == 0);
    one = tests::Descriptor(ends[0]);
    other = tests::Descriptor(ends[1]);
  }
};

std::string receive(int fd, CameDescriptors& came) {
  char bytes[64];
  const std::ptrdiff_t got = os::receive_with(fd, bytes, sizeof bytes, came);
  REQUIRE(got >= 0);
  return std::string(bytes, static_cast<std::size_t>(got));
}

/// More descriptors in one call than the library ever sends.
void send_many(int fd, const std::vector<int>& descriptors) {
  std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
  char byte = 'x';
  iovec piece{&byte, 1};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(control.size());
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = static_cast<decltype(rights->cmsg_len)>(CMSG_LEN(descriptors.size() * sizeof(int)));
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
  REQUIRE(::sendmsg(fd, &message, 0) == 1);
}

}  // namespace

TEST_CASE("S33.4: a descriptor travels with bytes, and is closed on exec where it arrives; the sender's stays") {
  const std::size_t before = tests::open_descriptors();
  {
    const Pair pair, carried;
    CHECK((::fcntl(pair.one.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(pair.other.get(), F_GETFL) & O_NONBLOCK) != 0);
    const IoSlice slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    CHECK(os::send_with(pair.one.get(), slices, 3, carried.one.get()) == 5);
    CHECK(os::send_with(pair.one.get(), slices, 1, no_handle) == 2);
    CameDescriptors came;
    CHECK(receive(pair.other.get(), came) == "abcde");
    const tests::Descriptor there(came.first);
    CHECK_FALSE(came.more);
    CHECK_FALSE(came.lost);
    CHECK((::fcntl(there.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::send(carried.one.get(), "x", 1, 0) == 1);
    CHECK(::send(there.get(), "y", 1, 0) == 1);
    char bytes[8];
    CHECK(::recv(carried.other.get(), bytes, sizeof bytes, 0) == 2);
    CameDescriptors none;
    CHECK(receive(pair.other.get(), none) == "ab");
    CHECK_FALSE(none.any());
    CHECK(os::receive_with(pair.other.get(), bytes, sizeof bytes, none) == -EAGAIN);
  }
  CHECK(tests::open_descriptors() == before);
}

TEST_CASE("S33.4: of 253 descriptors at once all but the first are closed; an end and an error are told") {
  const std::size_t before = tests::open_descriptors();
  {
    Pair pair;
    const Pair carried;
    send_many(pair.one.get(), std::vector<int>(253, carried.one.get()));
    CameDescriptors came;
    CHECK(receive(pair.other.get(), came) == "x");
    const tests::Descriptor first(came.first);
    CHECK(came.more);
    CHECK(tests::open_descriptors() == before + 5);
    pair.one.close();
    CameDescriptors none;
    CHECK(receive(pair.other.get(), none).empty());
    const IoSlice slice{"x", 1};
    CHECK(os::send_with(pair.other.get(), &slice, 1, carried.one.get()) == -EPIPE);
    CHECK(os::send_with(no_handle, &slice, 1, carried.one.get()) == -EBADF);
  }
  CHECK(tests::open_descriptors() == before);
}

#endif

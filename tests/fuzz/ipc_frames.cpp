// Fuzzes what arrives at a channel between processes: any frames, cut anywhere, with descriptors anywhere. Each byte of
// the input up to the first 0xFF is a piece: how many bytes it has, and whether descriptors come with it.
#include <net/ipc_channel.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "expect.hpp"

namespace {

int open_now() {
  int open = 0;
  for (int fd = 0; fd < 64; ++fd) open += ::dup2(fd, fd) >= 0;
  return open;
}

constexpr int most = 253;  // descriptors that the system takes in one message

/// With few of them allowed, what comes with 253 is cut off.
void allow_descriptors(rlim_t count) {
  rlimit limit{};
  expect(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
  expect(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/// Not the end of the channel itself: who holds that never learns that its peer is gone.
void send_piece(int to, int given, std::string_view bytes, int descriptors) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  int carried[most];
  for (int& each : carried) each = given;
  if (descriptors > 0) {
    const std::size_t size = static_cast<std::size_t>(descriptors) * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(rights), carried, size);
  }
  (void)::sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void run(std::string_view input) {
  net::Loop loop;
  int ends[2] = {-1, -1};
  expect(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const net::IpcChannel channel(net::Socket(loop, {.fd = ends[0]}));
  channel.maxMessageSize(4096);
  int given[2] = {-1, -1};
  expect(::socketpair(AF_UNIX, SOCK_STREAM, 0, given) == 0);
  bool disconnected = false;
  channel.on<"error">([](const net::Error& error) { expect(error.name() == "EPROTO" || error.name() == "EMSGSIZE"); });
  channel.on<"disconnect">([&] { disconnected = true; });
  channel.on<"message">([](std::string_view bytes, const net::ReceivedHandle& handle) {
    expect(bytes.size() <= 4096);
    if (handle.server()) handle.server()->on<"error">([] {}).close();
    if (!handle.socket()) return;
    handle.socket()->on<"error">([] {});
    handle.socket()->destroy();
  });
  const std::size_t plan_end = input.find('\xff');
  const std::string_view plan = input.substr(0, plan_end == input.npos ? 0 : plan_end);
  std::string_view bytes = input.substr(plan_end == input.npos ? 0 : plan_end + 1);
  for (std::size_t at = 0; !bytes.empty() && !disconnected; ++at) {
    const unsigned how = at < plan.size() ? static_cast<unsigned char>(plan[at]) : 0x3f;
    const std::string_view piece = bytes.substr(0, (how & 0x3f) + 1);
    constexpr int counts[] = {0, 1, 2, most};
    send_piece(ends[1], given[0], piece, at < plan.size() ? counts[how >> 6] : 0);
    bytes.remove_prefix(piece.size());
    if (how & 1) loop.runOnce(0);
  }
  for (const int fd : {ends[1], given[0], given[1]}) ::close(fd);
  loop.run();
  expect(disconnected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  allow_descriptors(size % 2 == 0 ? 1024 : 100);
  const int before = open_now();
  run({reinterpret_cast<const char*>(data), size});
  expect(open_now() == before);
  return 0;
}

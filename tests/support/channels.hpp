// What the tests of channels between processes share.
#ifndef NET_TESTS_CHANNELS_HPP
#define NET_TESTS_CHANNELS_HPP

#include <net/ipc_channel.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#if !defined(_WIN32)
#include <sys/socket.h>

#include <cstring>
#include <initializer_list>
#include <vector>
#endif

namespace tests::inline NET_MACHINE {

inline std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

/// Notes all that it emits but 'drain', each word with its name before it.
inline void note_channel(const net::IpcChannel& channel, Log& log, const std::string& name) {
  channel.on<"message">([&log, name](std::string_view bytes, const net::ReceivedHandle& handle) {
    log.add(name + ":" + std::string(bytes) + (handle.socket() ? "+socket" : handle.server() ? "+server" : ""));
  });
  channel.on<"error">(
      [&log, name](const net::Error& error) { log.add(name + ":error(" + std::string(error.name()) + ")"); });
  channel.on<"disconnect">([&log, name] { log.add(name + ":disconnect"); });
}

#if !defined(_WIN32)

/// A frame as docs/ipc-frames.md has it, of kind 1 to 5.
inline std::string frame(int kind, std::string_view message = {}, std::string_view unread = {}, int flags = 0) {
  std::string bytes{'\x9e', static_cast<char>(kind), static_cast<char>(flags), '\0'};
  for (const std::size_t size : {message.size(), unread.size()}) {
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(size >> (8 * i));
  }
  return bytes.append(message).append(unread);
}

/// A channel whose other end is a descriptor of the test's, blocking, that may send whatever it likes.
struct RawPeer {
  explicit RawPeer(net::Loop& loop) : channel(of(loop, peer)) { note_channel(channel, log, "channel"); }

  static net::IpcChannel of(net::Loop& loop, Descriptor& peer) {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    peer = Descriptor(ends[1]);
    return net::IpcChannel(net::Socket(loop, {.fd = ends[0]}));
  }
  void send(std::string_view bytes) { send_raw(peer, bytes); }
  void send(std::string_view bytes, const std::vector<int>& descriptors) {
    std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
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
    REQUIRE(::sendmsg(peer.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  /// What has come, without waiting; "" at the end too.
  std::string receive() {
    char bytes[65536];
    const ssize_t got = ::recv(peer.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : std::string();
  }

  Log log;
  Descriptor peer;
  net::IpcChannel channel;
};

#endif

}  // namespace tests::inline NET_MACHINE

#endif

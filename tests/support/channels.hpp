// What the tests of channels between processes share.
#ifndef NET_TESTS_CHANNELS_HPP
#define NET_TESTS_CHANNELS_HPP

#include <net/ipc_channel.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#include <sys/socket.h>

#include <cstring>
#include <vector>

#if defined(_WIN32)
#include <windows.h>
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

/// A frame as docs/ipc-frames.md has it, of kind 1 to 5.
inline std::string frame(int kind, std::string_view message = {}, std::string_view unread = {}, int flags = 0) {
  std::string bytes{'\x9e', static_cast<char>(kind), static_cast<char>(flags), '\0'};
  for (const std::size_t size : {message.size(), unread.size()}) {
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(size >> (8 * i));
  }
  return bytes.append(message).append(unread);
}

#if !defined(_WIN32)

/// A channel whose other end is a descriptor of the test's, blocking, that may send whatever it likes.
struct RawPeer {
  explicit RawPeer(net::Loop& loop) : channel(of(loop, peer)) { note_channel(channel, log, "channel"); }

  static net::IpcChannel of(net::Loop& loop, Descriptor& peer) {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    peer = Descriptor(ends[1]);
    return net::IpcChannel(net::Socket(loop, {.fd = ends[0]}));
  }
  /// The frame of a handle, as it is sent with its descriptor.
  static std::string carrying(int, const std::string& frame) { return frame; }
  static std::string without(const std::string& frame) { return frame; }
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

#else

/// The same at the end of a pipe, where tickets stand among the bytes; the test sees its frames without them.
struct RawPeer {
  static constexpr std::size_t header = net::detail::frame_header_size, ticket = net::detail::os::ticket_size;

  explicit RawPeer(net::Loop& loop) : channel(of(loop, peer)) {
    note_channel(channel, log, "channel");
    std::string number(header, '\0');
    net::detail::write_frame_header(
        {.kind = net::detail::FrameKind::process, .number = net::detail::os::ticket_number()}, number.data());
    send(number);
  }
  static net::IpcChannel of(net::Loop& loop, Descriptor& peer) {
    net::NativeHandle ends[2] = {-1, -1};
    REQUIRE(net::detail::os::make_pair(ends) == 0);
    peer = Descriptor(static_cast<int>(ends[1]));
    return net::IpcChannel(net::Socket(loop, {.fd = ends[0]}));
  }
  static std::string carrying(int socket, std::string frame) {
    std::string bytes(ticket, '\0');
    REQUIRE(net::detail::os::write_ticket(socket, net::detail::os::ticket_number(), bytes.data()) == 0);
    return frame.insert(header, bytes);
  }
  /// With a ticket that is none.
  static std::string without(std::string frame) { return frame.insert(header, std::string(ticket, '\0')); }
  HANDLE handle() const { return reinterpret_cast<HANDLE>(static_cast<INT_PTR>(peer.get())); }
  void send(std::string_view bytes) {
    OVERLAPPED operation{};
    DWORD sent = 0;
    const BOOL begun = ::WriteFile(handle(), bytes.data(), static_cast<DWORD>(bytes.size()), &sent, &operation);
    REQUIRE((begun || ::GetLastError() == ERROR_IO_PENDING));
    REQUIRE(::GetOverlappedResult(handle(), &operation, &sent, TRUE));
    REQUIRE(sent == bytes.size());
  }
  void send(std::string_view bytes, const std::vector<int>&) { send(bytes); }
  std::string receive() {
    DWORD there = 0;
    while (peer.get() >= 0 && ::PeekNamedPipe(handle(), nullptr, 0, nullptr, &there, nullptr) && there > 0) {
      std::string bytes(there, '\0');
      OVERLAPPED operation{};
      DWORD got = 0;
      if (!::ReadFile(handle(), bytes.data(), there, &got, &operation)) {
        REQUIRE(::GetOverlappedResult(handle(), &operation, &got, TRUE));
      }
      came.append(bytes, 0, got);
    }
    std::string frames;
    for (;;) {
      const std::size_t part = came.size() < rest ? came.size() : rest;
      frames.append(came, 0, part);
      came.erase(0, part);
      rest -= part;
      net::detail::FrameHeader head;
      if (rest > 0 || came.size() < header || !net::detail::read_frame_header(came.data(), head)) return frames;
      const bool carries = net::detail::carries_handle(head.kind);
      if (came.size() < header + (carries ? ticket : 0)) return frames;
      if (head.kind != net::detail::FrameKind::process) frames.append(came, 0, header);
      net::NativeHandle opened = -1;
      if (carries && net::detail::os::open_ticket(came.data() + header, opened) == 0) {
        const Descriptor unwanted(static_cast<int>(opened));
      }
      came.erase(0, header + (carries ? ticket : 0));
      rest = head.message + head.unread;
    }
  }

  Log log;
  Descriptor peer;
  net::IpcChannel channel;
  std::string came;
  std::size_t rest = 0;  // of the frame that has begun
};

#endif

}  // namespace tests::inline NET_MACHINE

#endif

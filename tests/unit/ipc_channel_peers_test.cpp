#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/channels.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A listening and a connected TCP descriptor, and its other end.
struct Raw {
  ClosedPort unused;
  Descriptor listening{::socket(AF_INET, SOCK_STREAM, 0)};
  Descriptor near, far;

  Raw() {
    int ends[2] = {-1, -1};
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(::listen(listening.get(), 5) == 0);
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    near = Descriptor(ends[0]);
    far = Descriptor(ends[1]);
  }
};

}  // namespace

TEST_CASE("S33.4: frames are found however they are cut, and so are answers") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const std::string all = frame(1, "ab") + frame(1) + frame(1, "cde");
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    RawPeer raw(loop);
    raw.send(all.substr(0, cut));
    for (int i = 0; i < 3; ++i) loop.runOnce(0);
    raw.send(all.substr(cut));
    raw.peer.close();
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:ab channel: channel:cde channel:disconnect");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.4: a handle's frame is found however it is cut; its descriptor is closed on exec, and answered") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  for (std::size_t cut = 1, size = 1; cut <= size; cut += 1 + size / 100) {
    RawPeer raw(loop);
    Raw of;
    const std::string all = RawPeer::carrying(of.near.get(), frame(2, "take", "unread", 3));
    size = all.size();
    std::string got;
    raw.channel.on<"message">([&](std::string_view, const net::ReceivedHandle& handle) {
      if (!handle) return;
      REQUIRE(handle.socket());
      CHECK((::fcntl(static_cast<int>(handle.socket()->nativeHandle()), F_GETFD) & FD_CLOEXEC) != 0);
      handle.socket()->on<"data">([&](net::Chunk chunk) { got += chunk; });
    });
    raw.send(frame(1, "x") + frame(1, "y"));
    raw.send(all.substr(0, cut), {of.near.get()});
    for (int i = 0; i < 3; ++i) loop.runOnce(0);
    if (cut < all.size()) raw.send(all.substr(cut));
    of.near.close();
    send_raw(of.far, " and more");
    run_until(loop, [&] { return got == "unread and more"; });
    CHECK(raw.receive() == frame(4));
    raw.peer.close();
    of.far.close();
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:x channel:y channel:take+socket channel:disconnect");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.4: rubbish costs the peer its connection, and us nothing") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  std::string bad_length = frame(4);
  bad_length[4] = 1;
  std::string padded = frame(1, "x");
  padded[3] = 1;
  const std::vector<std::string> rubbish{"GET / HTTP/1.1\r\n\r\n",
                                         frame(0),
                                         frame(6),
                                         frame(255),
                                         frame(1, "", "unread"),
                                         frame(1, "x", "", 1),
                                         frame(2, "x", "", 8),
                                         RawPeer::without(frame(2, "no descriptor")),
                                         RawPeer::without(frame(3)),
                                         frame(4),
                                         frame(5),
                                         frame(5, "", "", 3),
                                         bad_length,
                                         padded};
  for (const std::string& bytes : rubbish) {
    CAPTURE(bytes);
    RawPeer raw(loop);
    raw.send(frame(1, "good"));
    raw.send(bytes);
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:good channel:error(EPROTO) channel:disconnect");
    CHECK(raw.receive().empty());
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.4: descriptors that nobody asked for are closed, and end the connection") {
  NET_NOT_ON_WINDOWS("S33.4: nothing comes there beside the bytes");
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto ends = [&](auto&& send) {
    RawPeer raw(loop);
    Raw of;
    send(raw, of);
    run_to_the_end(loop);
    CHECK(raw.log.has("channel:error(EPROTO) channel:disconnect"));
  };
  ends([](RawPeer& raw, Raw& of) { raw.send(frame(1, "with a message"), {of.near.get()}); });
  ends([](RawPeer& raw, Raw& of) { raw.send(frame(2, "two", "", 3), {of.near.get(), of.near.get()}); });
  ends([](RawPeer& raw, Raw& of) { raw.send(frame(2, "253", "", 3), std::vector<int>(253, of.near.get())); });
  ends([](RawPeer& raw, Raw& of) { raw.send(frame(4), {of.near.get()}); });
  ends([](RawPeer& raw, Raw& of) {
    const std::string whole = frame(1, "in the middle");
    raw.send(whole.substr(0, 15));
    raw.send(whole.substr(15, 2), {of.near.get()});
    raw.send(whole.substr(17));
  });
  ends([](RawPeer& raw, Raw& of) {
    const std::string whole = frame(2, "twice", "", 3);
    raw.send(whole.substr(0, 5), {of.near.get()});
    raw.send(whole.substr(5, 2), {of.near.get()});
    raw.send(whole.substr(7));
  });
  ends([](RawPeer& raw, Raw&) {
    const Descriptor file(::open("/dev/null", O_RDONLY));
    raw.send(frame(2, "a file", "", 3), {file.get()});
  });
  ends([](RawPeer& raw, Raw& of) { raw.send(frame(3, "does not listen"), {of.near.get()}); });
  const Descriptor fresh(::socket(AF_INET, SOCK_STREAM, 0));
  ends([&](RawPeer& raw, Raw&) { raw.send(frame(3, "does not listen, but could"), {fresh.get()}); });
  int listens = 0;
  socklen_t size = sizeof listens;
  REQUIRE(::getsockopt(fresh.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0);
  CHECK_MESSAGE(listens == 0, "nobody makes us listen somewhere");
  CHECK(open_descriptors() == before + 1);
}

TEST_CASE("S33.4: a peer that goes in the middle of a frame, or of a handle's, leaves nothing") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  const auto ends = [&](std::size_t cut, bool from_behind) {
    RawPeer raw(loop);
    Raw of;
    const std::string whole = RawPeer::carrying(of.near.get(), frame(2, "take", "unread", 3));
    raw.send(whole.substr(0, from_behind ? whole.size() - cut : cut), {of.near.get()});
    raw.peer.close();
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:disconnect");
  };
  for (const std::size_t cut : {10u, 8u, 6u, 4u}) ends(cut, true);
#if !defined(_WIN32)  // where the peer that makes a ticket and does not send it all has left the receiver a handle
  for (const std::size_t cut : {1u, 5u, 11u}) ends(cut, false);
#endif
  CHECK(open_descriptors() == before);
}

TEST_CASE("S33.4: a message that is announced and never comes takes no memory; one that is too large ends it at once") {
  net::Loop loop;
  RawPeer raw(loop);
  std::string head = frame(1);
  head[7] = 3;  // 48 MiB
  raw.send(head + "few");
  for (int i = 0; i < 3; ++i) loop.runOnce(0);
  CHECK(net::detail::Access::state(raw.channel).reader.waiting() == 15);
  CHECK(raw.log.text().empty());
  raw.peer.close();
  run_to_the_end(loop);
  CHECK(raw.log.text() == "channel:disconnect");
  RawPeer other(loop);
  head[7] = 5;
  other.send(head);
  run_to_the_end(loop);
  CHECK(other.log.text() == "channel:error(EMSGSIZE) channel:disconnect");
}

TEST_CASE("S33.4: more handles than may wait for an answer end the connection of who does not read them") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  {
    RawPeer raw(loop);
    Raw of;
    int small = 1;
    ::setsockopt(static_cast<int>(raw.channel.nativeHandle()), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
#if defined(_WIN32)
    raw.channel.send(std::string(300'000, 'x'));
#endif
    std::size_t sent = 0;
    ::fcntl(raw.peer.get(), F_SETFL, O_NONBLOCK);
    while (sent < 5000 && raw.channel.connected()) {
      raw.send(RawPeer::carrying(of.near.get(), frame(2, "", "", 3)), {of.near.get()});
      ++sent;
      loop.runOnce(0);
    }
    CHECK(sent < 5000);
    run_until(loop, [&] { return raw.log.has("disconnect"); });
    CHECK(raw.log.has("channel:error(EPROTO)"));
  }
  loop.runOnce(0);
  CHECK(open_descriptors() >= before);  // those that were taken are the user's
}

TEST_CASE("S33.4: a handle that arrives where nobody listens to 'message' is closed, and answered") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  {
    RawPeer raw(loop);
    raw.channel.removeAllListeners<"message">();
    Raw of;
    raw.send(RawPeer::carrying(of.near.get(), frame(2, "x", "", 3)), {of.near.get()});
    raw.send(RawPeer::carrying(of.listening.get(), frame(3, "x")), {of.listening.get()});
    of.near.close();
    char byte = 0;
    run_until(loop, [&] { return ::recv(of.far.get(), &byte, 1, MSG_DONTWAIT) == 0; });
    std::string answers;
    run_until(loop, [&] { return (answers += raw.receive()) == frame(4) + frame(4); });
    raw.peer.close();
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:disconnect");
  }
  CHECK(open_descriptors() == before);
}

#if defined(_WIN32)

TEST_CASE("S33.4: a ticket that names a socket of ours gives nobody another one, and the socket goes on") {
  net::Loop loop;
  Ends ends(loop);
  RawPeer raw(loop);
  const std::string forged = RawPeer::carrying(static_cast<int>(ends.accepted->nativeHandle()), frame(2, "x", "", 3));
  net::NativeHandle opened = -1;
  REQUIRE(net::detail::os::open_ticket(forged.data() + RawPeer::header, opened) == 0);
  const net::Socket mine(loop, {.fd = opened});
  raw.send(forged);
  run_until(loop, [&] { return raw.log.has("disconnect"); });
  CHECK(raw.log.text() == "channel:error(EPROTO) channel:disconnect");
  std::string heard;
  mine.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.write("still here");
  run_until(loop, [&] { return heard == "still here"; });
  mine.destroy();
  ends.destroy();
}

TEST_CASE("S33.4: sockets that arrive at a channel that is closed by force are closed") {
  net::Loop loop;
  const std::size_t before = open_descriptors();
  for (int turns = 1; turns <= 4; ++turns) {
    const std::size_t missing = turns % 2 == 0 ? 0 : 3;
    RawPeer raw(loop);
    Raw of;
    for (int i = 0; i < turns; ++i) loop.runOnce(0);  // a read is under way, or none
    const std::string whole = RawPeer::carrying(of.near.get(), frame(2, "take", "unread", 3));
    raw.send(whole + RawPeer::carrying(of.near.get(), frame(2, "take", "unread", 3)).substr(0, whole.size() - missing));
    raw.channel.disconnect().disconnect();
    run_to_the_end(loop);
    CHECK(raw.log.text() == "channel:disconnect");
  }
  CHECK(open_descriptors() == before);
}

#endif

TEST_CASE("S33.4: without a descriptor left a handle is refused, and the channel goes on") {
  NET_NOT_ON_WINDOWS("a process has as many handles as it likes there");
  net::Loop loop;
  RawPeer raw(loop);
  Raw of;
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  raw.send(frame(2, "lost", "", 3), {of.near.get()});
  raw.send(frame(1, "goes on"));
  std::vector<Descriptor> all;
  rlimit few = limit;
  few.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  for (int fd; (fd = ::open("/dev/null", O_RDONLY)) >= 0;) all.emplace_back(fd);
  run_until(loop, [&] { return raw.log.has("goes on"); });
  all.clear();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(raw.log.text() == "channel:goes on");
  CHECK(raw.receive() == frame(5, "", "", 0));
  raw.channel.disconnect();
  run_to_the_end(loop);
}

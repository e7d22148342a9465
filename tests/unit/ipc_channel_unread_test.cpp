#include <net/ipc_channel.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <optional>
#include <string>

#include "tests/support/channels.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A connection of this process, and the other end of a channel, which takes it.
struct Travels {
  net::Loop loop;
  std::pair<net::IpcChannel, net::IpcChannel> channel = net::IpcChannel::pair(loop);
  Ends ends{loop};
  std::string heard, told;

  Travels() {
    channel.second.on<"message">([this](std::string_view, const net::ReceivedHandle& handle) {
      if (!handle.socket()) return;
      handle.socket()->on<"data">([this](net::Chunk chunk) { heard += chunk; });
      handle.socket()->on<"error">([](const net::Error&) {});
    });
    ends.accepted->on<"error">([](const net::Error&) {});
  }
  /// What the client writes has come to this process.
  void write(std::string_view bytes) {
    const std::uint64_t before = ends.accepted->bytesRead();
    ends.client.write(bytes);
    run_until(loop, [&] { return ends.accepted->bytesRead() >= before + bytes.size(); });
  }
  /// What the callback was told.
  std::string send() {
    std::optional<net::Error> how;
    channel.first.send("socket", *ends.accepted, {}, [&how](const net::Error& error) { how = error; });
    run_until(loop, [&] { return how.has_value(); });
    return std::string(how->name());
  }
  ~Travels() {
    ends.client.destroy();
    ends.accepted->destroy();
    channel.first.disconnect().disconnect();
    run_to_the_end(loop);
  }
};

}  // namespace

TEST_CASE("S33.2: what was received travels as it came, though it was decoded, and a character is split") {
  const auto arrives = [](const char* encoding, const std::string& first, const std::string& rest) {
    CAPTURE(encoding);
    for (const bool flows : {false, true}) {
      Travels it;
      it.ends.accepted->setEncoding(encoding);
      std::string read;
      if (flows) {
        it.ends.accepted->resume().on<"data">([&read](net::Chunk chunk) { read += chunk; });
      } else {
        it.ends.accepted->on<"readable">([] {});
      }
      it.write(first);
      CHECK(it.send() == "");
      it.ends.client.write(rest);
      const std::string decoded = net::detail::encode(read, *net::parseEncoding(encoding));
      run_until(it.loop, [&] { return decoded.size() + it.heard.size() >= first.size() + rest.size(); });
      CHECK(decoded + it.heard == first + rest);
    }
  };
  arrives("hex", "abc", "def");
  arrives("base64", "abcd", "ef");
  arrives("latin1", "a\xE4", "\xFF");
  arrives("utf8", "a\xE2\x82", "\xAC!");
  arrives("utf16le", std::string("a\0b", 3), std::string("\0c\0", 3));
}

TEST_CASE("S33.2: text that comes back after all is text, and nothing of it is lost") {
  Travels it;
  it.ends.accepted->setEncoding("utf8");
  std::string read;
  it.ends.accepted->resume().on<"data">([&read](net::Chunk chunk) { read += chunk; });
  it.write("a\xE2\x82");
  it.channel.second.disconnect().disconnect();
  CHECK(it.send() == "ERR_IPC_CHANNEL_CLOSED");
  it.ends.client.write("\xAC!");
  run_until(it.loop, [&] { return read.size() >= 5; });
  CHECK(read == "a\xE2\x82\xAC!");
}

TEST_CASE("S33.2: what a reader holds is lost to nobody: the socket travels when the reader has gone") {
  const auto travels = [](const std::string& sent, const std::string& behind_line) {
    CAPTURE(sent);
    std::string line, why;
    Travels it;
    net::spawn([&]() -> net::Task<> {
      {
        net::Reader reader(*it.ends.accepted);
        if (const auto got = co_await reader.readLine(100)) line = *got;
        // another one may be waited for, of which some is there
        try {
          (void)co_await reader.readLine(100, {.timeout = 1});
        } catch (const net::Error&) {}
        it.channel.first.send("too early", *it.ends.accepted, {},
                              [&why](const net::Error& error) { why = std::string(error.name()) + " "; });
        co_await net::sleep(1);
      }
      it.channel.first.send("socket", *it.ends.accepted, {},
                            [&why](const net::Error& error) { why += error ? error.name() : "sent"; });
    });
    it.ends.client.write(sent);
    run_until(it.loop, [&] { return it.heard == behind_line && why.ends_with("sent"); });
    CHECK(line == "one");
    CHECK(why == "ERR_INVALID_STATE sent");
  };
  travels("one\ntw", "tw");
}

TEST_CASE(
    "S33.2: a reader that waits for the rest of a line keeps its socket here, and one that holds nothing does not") {
  for (const bool some : {true, false}) {
    CAPTURE(some);
    std::string line;
    Travels it;
    net::spawn([&]() -> net::Task<> {
      net::Reader reader(*it.ends.accepted);
      try {
        if (const auto got = co_await reader.readLine(100)) line = *got;
      } catch (const net::Error&) {  // it has gone
        CHECK_FALSE(some);
      }
    });
    if (some) it.write("half a ");
    CHECK(it.send() == (some ? "ERR_INVALID_STATE" : ""));
    it.ends.client.write("line\n");
    run_until(it.loop, [&] { return !(some ? line : it.heard).empty(); });
    CHECK(line == (some ? "half a line" : ""));
    CHECK(it.heard == (some ? "" : "line\n"));
  }
}

TEST_CASE("S33.2: more than a frame may carry is an error of that send; the socket and the channel go on") {
  Travels it;
  it.ends.accepted->unshift(std::string(std::size_t{17} << 20, 'x'));
  CHECK(it.send() == "ERR_INVALID_STATE");
  CHECK((it.channel.first.connected() && !it.ends.accepted->destroyed()));
  CHECK(it.ends.accepted->readableLength() == std::size_t{17} << 20);
  CHECK(it.ends.accepted->read(3 << 20).has_value());
  CHECK(it.send() == "");
  run_until(it.loop, [&] { return it.heard.size() == std::size_t{14} << 20; });
}

#include <net/detail/sys/windows/pipe.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/sys/windows/channel.hpp>
#include <net/detail/sys/windows/pipe_server.hpp>
#include <string>

#include "tests/support/support.hpp"
#include "tests/support/windows/pumped.hpp"

using namespace net::detail;

namespace {

/// Both ends of a pipe, on one poller.
struct Ends : tests::Pumped {
  Ends() {
    PipeName name;
    REQUIRE(name.set(directory.socket("p")) == 0);
    server = new PipeServerEntry(name, {});
    REQUIRE(server->open(true) == 0);
    watched.fd = tagged(*server);
    REQUIRE(poller.hold(watched));
    one = new PipeEntry;
    REQUIRE(one->connect(name) == 0);
    client.fd = tagged(*one);
    REQUIRE(poller.hold(client));
    until(watched, readable);
    int failed = 0;
    two = server->accept(failed);
    REQUIRE(two != nullptr);
    peer.fd = tagged(*two);
    REQUIRE(poller.hold(peer));
  }
  ~Ends() {
    for (Watcher* each : {&watched, &client, &peer}) poller.drop(*each);
    server->close();
    close(one);
    close(two);
  }
  static void close(PipeEntry*& end) {
    if (end) std::exchange(end, nullptr)->close();
  }
  /// All bytes up to the end, or up to an error.
  static std::string text(PipeEntry& from) {
    const ReadResult got = from.read(1 << 20);
    return got.size < 0 ? "-" : std::string(got.view());
  }

  tests::TemporaryDirectory directory;
  PipeServerEntry* server = nullptr;
  PipeEntry *one = nullptr, *two = nullptr;
  Watcher watched, client, peer;
};

std::ptrdiff_t put(PipeEntry& to, std::string_view text) {
  const IoSlice slice{text.data(), text.size()};
  return to.write(&slice, 1);
}

}  // namespace

TEST_CASE_FIXTURE(Ends, "a pipe is silent until bytes come, and readable as long as some are left") {
  CHECK(one->read(1).size == would_block);
  CHECK_FALSE(reported(client, readable));
  CHECK(put(*two, "abcde") == 5);
  until(client, readable);
  CHECK(one->read(2).view() == "ab");
  CHECK(reported(client, readable));
  CHECK(one->read(9).view() == "cde");
  CHECK(one->read(9).size == would_block);
}

TEST_CASE_FIXTURE(Ends, "a write counts when the system has taken all of it") {
  const std::string much(300000, 'x');
  std::size_t sent = 0;
  while (true) {
    const std::ptrdiff_t size = put(*one, std::string_view(much).substr(sent));
    if (size == would_block) break;
    REQUIRE(size > 0);
    sent += static_cast<std::size_t>(size);
  }
  CHECK(sent < much.size());
  CHECK_FALSE(reported(client, writable));
  std::size_t got = 0;
  while (got < much.size()) {
    until(peer, readable);
    for (ReadResult read = two->read(1 << 20); read.size > 0; read = two->read(1 << 20)) {
      got += static_cast<std::size_t>(read.size);
    }
    while (sent < much.size() && reported(client, writable)) {
      const std::ptrdiff_t size = put(*one, std::string_view(much).substr(sent));
      if (size > 0) sent += static_cast<std::size_t>(size);
    }
  }
  CHECK(got == much.size());
}

TEST_CASE_FIXTURE(Ends, "S23.16: what was written before the end arrives, and then the end; writing there is EPIPE") {
  CHECK(put(*one, "last words") == 10);
  poller.drop(client);
  close(one);
  until(peer, readable);
  CHECK(text(*two) == "last words");
  until(peer, readable);
  CHECK(text(*two) == "");
  CHECK(put(*two, "to nobody") == -EPIPE);
  CHECK_MESSAGE(two->shutdown_write() == 0, "there is nobody to be told");
}

TEST_CASE_FIXTURE(Ends, "a half-close waits for an answer, and when it is silent both sides have ended") {
  CHECK(put(*one, "question") == 8);
  CHECK(one->shutdown_write() == 0);
  until(peer, readable);
  CHECK(text(*two) == "question");
  CHECK(put(*two, "answer") == 6);
  until(client, readable);
  CHECK(text(*one) == "answer");
  until(client, readable);
  CHECK(text(*one) == "");
  until(peer, readable);
  CHECK(text(*two) == "");
}

TEST_CASE_FIXTURE(Ends, "while all instances have clients a new one waits for its turn") {
  PipeName name;
  REQUIRE(name.set(directory.socket("p")) == 0);
  PipeEntry* extra[8] = {};
  Watcher watchers[8];
  int busy = 0;
  for (int i = 0; i < 8; ++i) {
    extra[i] = new PipeEntry;
    const int result = extra[i]->connect(name);
    busy += result == -EINPROGRESS;
    CHECK((result == 0 || result == -EINPROGRESS));
    watchers[i].fd = tagged(*extra[i]);
    REQUIRE(poller.hold(watchers[i]));
  }
  CHECK(busy > 0);
  PipeEntry* accepted[8] = {};
  for (PipeEntry*& each : accepted) {
    until(watched, readable);
    int failed = 0;
    each = server->accept(failed);
    REQUIRE(each != nullptr);
  }
  for (int i = 0; i < 8; ++i) {
    until(watchers[i], writable);
    CHECK(extra[i]->finish_connect() == 0);
    poller.drop(watchers[i]);
    close(extra[i]);
    close(accepted[i]);
  }
}

TEST_CASE_FIXTURE(Ends, "what a pipe has taken is not lost when it takes no more: nor what came this moment") {
  CHECK(one->unread() == "");
  CHECK(put(*two, "abcde") == 5);
  until(client, readable);
  CHECK(one->read(2).view() == "ab");
  CHECK(one->unread() == "cde");
  CHECK(one->read(9).view() == "cde");
  CHECK_FALSE(reported(client, readable));  // a read is in flight
  CHECK(put(*two, "fgh") == 3);
  CHECK(one->unread() == "fgh");
  const win::Handle handle = one->release_handle();
  CHECK(win::CloseHandle(handle));
}

TEST_CASE_FIXTURE(Ends, "S26: whoever waits for an instance for too long is ETIMEDOUT, as in Node") {
  PipeName name;
  REQUIRE(name.set(directory.socket("b")) == 0);
  int failed = 0;
  const win::Handle served = make_pipe(name, {}, true, failed), taken = open_pipe(name, failed);
  REQUIRE(taken != nullptr);
  auto* const late = new PipeEntry;
  CHECK(late->connect(name, 10) == -EINPROGRESS);
  Watcher watcher;
  watcher.fd = tagged(*late);
  REQUIRE(poller.hold(watcher));
  until(watcher, writable);
  CHECK(late->finish_connect() == -ETIMEDOUT);
  poller.drop(watcher);
  late->close();
  win::CloseHandle(taken);
  win::CloseHandle(served);
}

TEST_CASE("a peer that writes nothing, as it may, is neither the end nor a silence") {
  tests::Pumped pumped;
  const tests::TemporaryDirectory directory;
  PipeName name;
  REQUIRE(name.set(directory.socket("z")) == 0);
  constexpr win::Word messages = 4, buffer = 65536;  // where an empty write is a message
  const win::Handle served =
      win::CreateNamedPipeW(name.text, win::pipe_duplex, messages, 1, buffer, buffer, 0, nullptr);
  REQUIRE(served != win::no_file());
  const auto send = [&](std::string_view text) {
    win::Word size = 0;
    REQUIRE(win::WriteFile(served, text.data(), static_cast<win::Word>(text.size()), &size, nullptr));
  };
  auto* const client = new PipeEntry;
  REQUIRE(client->connect(name) == 0);
  Watcher watcher;
  watcher.fd = tagged(*client);
  REQUIRE(pumped.poller.hold(watcher));
  // Wine's pipes forget such a write; those of Windows let a read end with it
  for (int round = 0; round < 2; ++round) {
    send("");
    if (round == 1) CHECK_FALSE(pumped.reported(watcher, readable));  // nothing came of it, and it is asked again
    send("");
    send("abc");
    pumped.until(watcher, readable);
    CHECK(client->read(9).view() == "abc");
  }
  pumped.poller.drop(watcher);
  client->close();
  win::CloseHandle(served);
}

#endif

#include <net/detail/ipc/state.hpp>

#include <doctest/doctest.h>

#include <net/detail/ipc/pull.ipp>
#include <net/detail/ipc/receive.ipp>
#include <net/detail/ipc/send.ipp>
#include <string>
#include <string_view>

#include "tests/support/channels.hpp"

using namespace tests;
using namespace net::detail;

TEST_CASE("S33.4: answers wait in order and need no memory; there is an end to them") {
  Answers answers;
  CHECK(answers.empty());
  CHECK(answers.push(FrameKind::taken));
  CHECK(answers.push(FrameKind::refused, Refused::no_memory));
  const auto next = [&](std::size_t bytes) {
    const IoSlice slice = answers.slice();
    const std::string text(slice.data, bytes < slice.size ? bytes : slice.size);
    answers.consume(text.size());
    return text;
  };
  std::string expected(2 * frame_header_size, '\0');
  write_frame_header({FrameKind::taken, 0, 0, 0}, expected.data());
  write_frame_header({FrameKind::refused, 1, 0, 0}, expected.data() + frame_header_size);
  CHECK(next(5) == expected.substr(0, 5));
  CHECK(answers.push(FrameKind::taken));
  CHECK(next(100) == expected.substr(5));
  CHECK_FALSE(answers.empty());
  CHECK(next(100) == expected.substr(0, frame_header_size));
  CHECK(answers.empty());
  for (std::size_t i = 0; i < Answers::window; ++i) CHECK(answers.push(FrameKind::taken));
  CHECK_FALSE(answers.push(FrameKind::taken));
}

TEST_CASE("S33.1: of a message that is half sent the rest comes before anything else") {
  net::Loop loop;
  Log log;
  const auto [one, other] = net::IpcChannel::pair(loop);
  note_channel(one, log, "one");
  const std::string large = patterned(2'000'000);
  bool got = false;
  other.on<"message">([&, end = other](std::string_view bytes) { got = bytes == large, end.send("small"); });
  one.send(large);
  loop.runOnce(0);
  CHECK(Access::state(one).queue.size() <= 1);
  CHECK(Access::state(one).has_to_send() == !Access::state(one).queue.empty());
  run_until(loop, [&] { return log.has("one:small"); });
  CHECK(got);
  one.disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.2: no more than so many handles wait for their answers; those behind them follow") {
  net::Loop loop;
  RawPeer raw(loop);
  const net::Server server(loop);
  server.listen(0);
  std::size_t called = 0;
  for (std::size_t i = 0; i < Answers::window + 2; ++i) raw.channel.send("", server, {}, [&] { ++called; });
  IpcState& state = Access::state(raw.channel);
  for (int i = 0; i < 5; ++i) loop.runOnce(0);
  CHECK(state.awaiting.size() == Answers::window);
  CHECK(state.queue.size() == 2);
  raw.send(frame(4));
  run_until(loop, [&] { return called == 1; });
  for (int i = 0; i < 5; ++i) loop.runOnce(0);
  CHECK(state.queue.size() == 1);
  for (std::size_t i = 0; i <= Answers::window; ++i) {
    raw.send(frame(4));
    for (int turn = 0; turn < 2; ++turn) loop.runOnce(0);
  }
  run_until(loop, [&] { return called == Answers::window + 2; });
  raw.channel.disconnect();
  server.close();
  run_to_the_end(loop);
}

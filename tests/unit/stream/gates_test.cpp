#include <net/detail/stream/gates.hpp>

#include <doctest/doctest.h>

using namespace net::detail;

TEST_CASE("a read takes the short way only while 'data' flows and nothing else is asked for") {
  const ReadGate plain{.flow_state = Flow::flowing, .read_interest = true};
  CHECK(plain.can_read_fast());
  CHECK_FALSE(ReadGate{}.can_read_fast());

  const auto with = [&](auto change) {
    ReadGate gate = plain;
    change(gate);
    return gate.can_read_fast();
  };
  CHECK_FALSE(with([](ReadGate& gate) { gate.flow_state = Flow::paused; }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.flow_state = Flow::unset; }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.read_interest = false; }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.users_buffer = true; }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.decodes = true; }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.read_end.move_to(ReadEnd::eof_read); }));
  CHECK_FALSE(with([](ReadGate& gate) { gate.timed = true; }));
}

TEST_CASE("a write takes the short way only on a connection where nothing waits, fails, ends or is corked") {
  const WriteGate open{.phase = Position(Phase::open)};
  CHECK(open.can_write_fast());
  CHECK_FALSE(WriteGate{}.can_write_fast());

  const auto with = [&](auto change) {
    WriteGate gate = open;
    change(gate);
    return gate.can_write_fast();
  };
  const Phase not_open[] = {Phase::idle, Phase::connecting, Phase::discarded, Phase::closing, Phase::closed};
  for (const Phase phase : not_open) CHECK_FALSE(with([phase](WriteGate& gate) { gate.phase = Position(phase); }));
  CHECK_FALSE(with([](WriteGate& gate) { gate.request.move_to(WriteRequest::in_flight); }));
  CHECK_FALSE(with([](WriteGate& gate) { gate.need_drain = true; }));
  CHECK_FALSE(with([](WriteGate& gate) { gate.write_end.move_to(WriteEnd::ending); }));
  CHECK_FALSE(with([](WriteGate& gate) { gate.failure.move_to(Failure::pending); }));
  CHECK_FALSE(with([](WriteGate& gate) { gate.corked = true; }));
}

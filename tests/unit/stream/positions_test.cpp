#include <net/detail/stream/positions.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using namespace net::detail;

namespace {

/// All steps that a machine allows, each as the numbers of its states.
template <class State>
std::string steps(State last) {
  std::string text;
  const auto count = static_cast<std::uint8_t>(last) + 1;
  for (int from = 0; from < count; ++from) {
    text += text.empty() ? "" : " ";
    text += std::to_string(from) + ">";
    for (int to = 0; to < count; ++to) {
      if (is_step(static_cast<State>(from), static_cast<State>(to))) text += std::to_string(to);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("S16: the writing side ends step by step, only forwards") {
  CHECK(steps(WriteEnd::finished) == "0>124 1>2 2>34 3>4 4>");
  CHECK(Position<WriteEnd>() == WriteEnd::open);
}

TEST_CASE("S11.2: a connection begins, closes and has closed; what is destroyed never opens again") {
  CHECK(steps(Phase::closed) == "0>12345 1>0245 2>145 3>5 4>5 5>");
  CHECK(Position<Phase>() == Phase::idle);
}

TEST_CASE("S15.12: a request waits for the connection at most once, before it is in flight") {
  CHECK(steps(WriteRequest::in_flight) == "0>012 1>02 2>02");
  CHECK(Position<WriteRequest>() == WriteRequest::none);
}

TEST_CASE("S3.19: a failure is known, and then emitted") {
  CHECK(steps(Failure::emitted) == "0>1 1>2 2>");
  CHECK(Position<Failure>() == Failure::none);
}

TEST_CASE("S14: the reading side ends step by step, only forwards") {
  CHECK(steps(ReadEnd::end_emitted) == "0>12 1>2 2>");
  CHECK(Position<ReadEnd>() == ReadEnd::open);
}

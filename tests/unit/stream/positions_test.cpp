#include <net/detail/stream/positions.hpp>

#include <doctest/doctest.h>

#include "tests/support/steps.hpp"

using namespace net::detail;

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

TEST_CASE("S34.5: a reader notes what it holds, and that it has gone; only one that is there runs on") {
  CHECK(steps(ReaderNote::left) == 
        "0>012346 1>0123456 2>0123456 3>0123456 4>0123456 5>0123456 6>012346");
  CHECK(Position<ReaderNote>() == ReaderNote::none);
}

#include <net/detail/cluster/worker_state.hpp>

#include <doctest/doctest.h>

#include <net/cluster.hpp>
#include <string>
#include <string_view>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using namespace tests;

#if !defined(_WIN32)

TEST_CASE("S33.5: a worker says what it has to say while it is connected, and nothing afterwards") {
  net::Loop loop;
  const Ref<WorkerState> worker(new WorkerState(Access::core(loop)));
  CHECK_FALSE(worker->connected());
  CHECK_FALSE(worker->say(Spoken(Say::online)));
  const auto [one, other] = net::IpcChannel::pair(loop);
  std::string heard;
  other.on<"message">([&heard](std::string_view bytes) { heard += bytes; });
  worker->channel = one;
  CHECK(worker->say(Spoken(Say::online)));
  worker->channel->disconnect();
  run_to_the_end(loop);
  CHECK(heard == "o");
  CHECK_FALSE(worker->connected());
}

#endif

TEST_CASE("S33.5: the listeners of a worker get what its events carry") {
  net::Loop loop;
  const Ref<WorkerState> state(new WorkerState(Access::core(loop)));
  const auto worker = Access::make<net::Worker>(state.get());
  Log log;
  worker.on<"exit">([&](int code, int signal) { log.add(std::to_string(code) + "," + std::to_string(signal)); });
  worker.once<"listening">([&](const net::AddressInfo& at) { log.add(at.toString()); });
  net::AddressInfo at;
  at.path = "/a/path";
  state->emit_event<worker_listening>(at);
  CHECK_FALSE(state->emit_event<worker_listening>(at));
  state->emit_event<worker_exit>(7, 0);
  CHECK(log.text() == "/a/path 7,0");
}

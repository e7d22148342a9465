#include <net/detail/cluster/primary.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <net/cluster.hpp>
#include <stdexcept>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#if !defined(_WIN32)
#include <sys/wait.h>
#endif

using namespace net::detail;
using namespace tests;

namespace {

/// To its end, whatever listeners throw; how often they did.
int run_whatever_is_thrown(net::Loop& loop) {
  for (int thrown = 0;; ++thrown) {
    try {
      run_to_the_end(loop);
      return thrown;
    } catch (const std::runtime_error&) {}
  }
}

}  // namespace

TEST_CASE("S33.5: a cluster belongs to the loop of who asked first, and goes with it") {
  for (int i = 0; i < 2; ++i) {
    auto loop = std::make_unique<net::Loop>();
    CHECK(ClusterState::the_one == nullptr);
    CHECK(net::cluster::isPrimary());
    int exits = 0;
    net::cluster::on<"exit">([&exits](const net::Worker&, int, int) { ++exits; });
    CHECK(ClusterState::the_one == &ClusterState::of_process());
#if defined(_WIN32)
    CHECK_MESSAGE(net::cluster::schedulingPolicy() == net::SchedulingPolicy::none, "S33.6");
#else
    CHECK(net::cluster::schedulingPolicy() == net::SchedulingPolicy::rr);
#endif
    CHECK(net::cluster::workers().empty());
    run_to_the_end(*loop);
    loop.reset();
    CHECK(ClusterState::the_one == nullptr);
  }
}

TEST_CASE(
    "S1.5, S33.5: whatever the listeners of a worker throw, it comes to its end, and all of the cluster's hear of it") {
  net::Loop loop;
  ClusterState& all = ClusterState::of_process();
  const Ref<WorkerState> state(new WorkerState(Access::core(loop)));
  all.workers.push(state);
  state->started = state->ended = true;
  state->end.code = 5;
  const auto worker = Access::make<net::Worker>(state.get());
  Log log;
  const auto note = [&log](const char* what) {
    log.add(what);
    throw std::runtime_error(what);
  };
  worker.on<"disconnect">([=] { note("disconnect"); });
  worker.on<"exit">([=, keeps_itself = worker](int, int) { note("exit"); });
  net::cluster::on<"disconnect">([&log] { log.add("all:disconnect"); });
  net::cluster::on<"exit">([&log](const net::Worker&, int code, int) { log.add("all:exit" + std::to_string(code)); });
  CHECK_THROWS_AS(all.gone(*state), std::runtime_error);
  CHECK(run_whatever_is_thrown(loop) == 1);
  CHECK(log.text() == "disconnect all:disconnect exit all:exit5");
  CHECK(net::cluster::workers().empty());
  CHECK_MESSAGE(!state->listeners.has(worker_exit), "nothing keeps it");
}

TEST_CASE("S1.5, S33.5: a listener of 'fork' that throws does not keep a worker that could not be started") {
  net::Loop loop;
  Log log;
  net::cluster::on<"fork">([] { throw std::runtime_error("mine"); });
  const net::Worker worker = net::cluster::fork({.exec = "/no/such/program"});
  worker.on<"error">([&log](const net::Error& error) { log.add(std::string(error.name())); });
  worker.on<"exit">([&log] { log.add("exit"); });
  CHECK(run_whatever_is_thrown(loop) == 1);
  CHECK(log.text() == "ENOENT exit");
}

#if !defined(_WIN32)  // each child has a signal of its own there

TEST_CASE("S1.5, S33.5: an 'exit' that throws does not keep those from theirs that have ended at the same time") {
  net::Loop loop;
  int exits = 0;
  net::cluster::on<"exit">([&exits](const net::Worker&, int, int) {
    ++exits;
    throw std::runtime_error("mine");
  });
  for (int i = 0; i < 3; ++i) {
    const net::Worker worker = net::cluster::fork({.exec = "/bin/sh", .args = {"-c", "exit 0"}});
    siginfo_t how{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(worker.pid()), &how, WEXITED | WNOWAIT) == 0);
    Access::state(worker).disconnected = true;  // known before the signal is looked at, as it may be
  }
  CHECK(run_whatever_is_thrown(loop) == 3);
  CHECK(exits == 3);
}

#endif

#include <net/cluster.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#include <windows.h>

using namespace tests;
namespace cluster = net::cluster;

TEST_CASE("a worker of the tests of the cluster on Windows" * doctest::skip()) {
  REQUIRE(cluster::isWorker());
  const net::Worker self = cluster::worker();
  const net::Server server;
  server.on<"error">([self](const net::Error& error) { self.send(error.what()); });
  if (const char* const path = std::getenv("NET_TEST_PATH")) server.listen(path);
  net::run();
}

namespace {

net::Worker start(const std::string& path = {}) {
  net::WorkerOptions options{
      .args = {"--test-case=a worker of the tests of the cluster on Windows", "--no-skip", "--out=NUL"}};
  if (!path.empty()) options.env.emplace_back("NET_TEST_PATH", path);
  return cluster::fork(options);
}

}  // namespace

TEST_CASE("S33.6: as in Node a worker has no pipe to serve there, and is told") {
  const TemporaryDirectory directory;
  for (const net::SchedulingPolicy policy : {net::SchedulingPolicy::rr, net::SchedulingPolicy::none}) {
    net::Loop loop;
    cluster::schedulingPolicy(policy);
    std::string said;
    const net::Worker worker = start(directory.socket("s"));
    worker.on<"message">([&](std::string_view bytes) { said = bytes; });
    run_until(loop, [&] { return !said.empty(); });
    CHECK(said == "bind ENOTSUP " + directory.socket("s"));
    worker.kill();
    run_to_the_end(loop);
    CHECK(worker.isDead());
  }
}

TEST_CASE("S33.5: a worker whose primary is killed does not stay, on Windows too") {
  namespace os = net::detail::os;
  const TemporaryDirectory directory;
  net::detail::Program program;
  REQUIRE(os::own_program(program) == 0);
  program.arguments.erase(1, program.arguments.size());
  for (const char* const each :
       {"--test-case=a primary of the tests of the cluster on Windows", "--no-skip", "--out=NUL"}) {
    program.arguments.push(each);
  }
  program.variables.push("NET_TEST_WORKERS=" + directory.file("workers"));
  net::NativeHandle ends[2] = {-1, -1};
  REQUIRE(os::make_pair(ends) == 0);
  net::Loop loop;
  bool told = false;
  const net::Signal children = loop.onSignal(os::child_signal(), [&] { told = true; });
  children.ref();
  std::int64_t primary = 0;
  REQUIRE(os::start_program(program, ends[1], primary) == 0);
  for (const net::NativeHandle each : ends) ::CloseHandle(reinterpret_cast<HANDLE>(each));
  run_until(loop, [&] { return told; });
  children.close();
  net::detail::ProcessEnd end;
  CHECK(os::ended(primary, end) == 1);
  CHECK(end.code == 99);
  std::ifstream workers(directory.file("workers"));
  int count = 0;
  for (DWORD id = 0; workers >> id; ++count) {
    const HANDLE worker = ::OpenProcess(SYNCHRONIZE, FALSE, id);
    if (!worker) continue;  // it has gone already
    CHECK(::WaitForSingleObject(worker, INFINITE) == WAIT_OBJECT_0);
    ::CloseHandle(worker);
  }
  CHECK(count == 2);
}

TEST_CASE("a primary of the tests of the cluster on Windows" * doctest::skip()) {
  net::Loop loop;
  int online = 0;
  cluster::on<"online">([&](const net::Worker&) { ++online; });
  const net::Worker workers[] = {start(), start()};
  run_until(loop, [&] { return online == 2; });
  {
    std::ofstream file(std::getenv("NET_TEST_WORKERS"));
    for (const net::Worker& each : workers) file << each.pid() << '\n';
  }
  ::TerminateProcess(::GetCurrentProcess(), 99);
}

#endif

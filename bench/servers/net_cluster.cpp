// A server that echoes one message and closes, after so many microseconds of work, in one process (`one`), or in two
// workers of a cluster: `rr`, `none`, or `reuse`, where each listens for itself with reusePort. `handovers` sends one
// socket so often to another process, and tells the seconds.
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <string>

#include <net.hpp>
#include <net/cluster.hpp>

#include "common.hpp"

namespace cluster = net::cluster;

namespace {

long long now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

net::Server echoing(int work_us) {
  return net::createServer({.noDelay = true}, [work_us](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.on<"data">([work_us](const net::Socket& self, net::Chunk chunk) {
      const long long end = now_ns(CLOCK_THREAD_CPUTIME_ID) + work_us * 1000LL;
      while (work_us > 0 && now_ns(CLOCK_THREAD_CPUTIME_ID) < end) {}
      self.end(chunk);
    });
  });
}

/// Two workers, whose number 0 is any port. The last one that listens tells it.
void lead(const std::string& how) {
  if (how == "none") cluster::schedulingPolicy(net::SchedulingPolicy::none);
  static int listening = 0;
  cluster::on<"message">([](const net::Worker&, std::string_view port) {
    if (++listening == 2) announce(std::atoi(std::string(port).c_str()));
  });
  int port = 0;
  if (how == "reuse") {  // one that was free just now
    const net::Server probe;
    probe.listen(0);
    port = probe.address()->port;
    probe.close();
  }
  for (int i = 0; i < 2; ++i) cluster::fork({.env = {{"BENCH_PORT", std::to_string(port)}}});
  net::Loop::current().onSignal(SIGTERM, [] {
    for (const net::Worker& each : cluster::workers()) each.kill(SIGKILL);
  });
}

/// Sends one connection again and again, each of which the other process closes.
void hand_over(int times) {
  net::Loop loop;
  const auto [mine, theirs] = net::IpcChannel::pair(loop);
  const pid_t child = fork();
  if (child == 0) {
    loop.afterFork();
    mine.disconnect();
    theirs.on<"message">([](std::string_view, const net::ReceivedHandle& handle) { handle.socket()->destroy(); });
    loop.run();
    _exit(0);
  }
  theirs.disconnect();
  net::Server server(loop, {.pauseOnConnect = true});
  server.listen(0);
  const net::Socket client(loop);
  int done = 0;
  client.connect(server.address()->port, "127.0.0.1");
  server.on<"connection">([&, channel = mine](const net::Socket& socket) {
    const long long begin = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < times; ++i) {
      channel.send("", socket, {.keepOpen = true}, [&, channel, begin, socket](const net::Error& error) {
        if (error) std::abort();
        if (++done < times) return;
        std::printf("%f\n", static_cast<double>(now_ns(CLOCK_MONOTONIC) - begin) / 1e9);
        for (const net::Socket& each : {socket, client}) each.destroy();
        server.close();
        channel.disconnect();
      });
    }
  });
  loop.run();
  waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "one";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (how == "handovers") return hand_over(number), 0;
  if (cluster::isWorker() || how == "one") {
    const net::Server server = echoing(number);
    const char* const given = std::getenv("BENCH_PORT");
    server.listen({.port = given ? std::atoi(given) : 0,
                   .host = "127.0.0.1",
                   .exclusive = how == "reuse",
                   .reusePort = how == "reuse"});
    server.on<"listening">([how](const net::Server& self) {
      const int port = self.address()->port;
      how == "one" ? announce(port) : static_cast<void>(cluster::worker().send(std::to_string(port)));
    });
    net::run();
    return 0;
  }
  lead(how);
  net::run();
}

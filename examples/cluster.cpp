// Worker processes that serve one port: cluster [port] [workers]. A worker that dies is replaced; SIGTERM or SIGINT
// ends them one after the other, each when its clients have their answers. A client gets the worker's number for each
// line.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <net.hpp>
#include <net/cluster.hpp>

namespace cluster = net::cluster;

static net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client, {.lingering = 1000});
    while (const auto line = co_await reader.readLine(4096)) {
      co_await net::write(client, std::to_string(cluster::worker().id()) + " " + *line + "\n");
      if (!cluster::worker().isConnected()) break;  // it leaves: another one answers the next line
    }
    client.end();
  } catch (const net::Error&) {}  // it is gone
}

static void work(int port) {
  const auto server = net::createServer(serve);
  server.listen(port, "127.0.0.1");
  // its primary's signals are not its own: a terminal sends them to both
  for (const int signo : {SIGTERM, SIGINT}) net::Loop::current().onSignal(signo, [] {});
  // no more clients come now; who has just come has still to ask, so that only who is quiet for a while is let go
  cluster::worker().once<"disconnect">(
      [server] { net::setInterval([server] { server.closeIdleConnections(200); }, 100).unref(); });
}

static void stop_one() {
  const auto workers = cluster::workers();
  if (!workers.empty()) workers.front().disconnect();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  const int count = argc > 2 ? std::atoi(argv[2]) : 4;
  if (cluster::isWorker()) {
    work(port);
    return net::run(), 0;
  }
  bool stopping = false;
  cluster::once<"listening">([](const net::Worker&, const net::AddressInfo& at) {
    std::printf("listening on %s\n", at.toString().c_str());
    std::fflush(stdout);
  });
  cluster::on<"exit">([&](const net::Worker& worker, int code, int signo) {
    std::printf("worker %d has ended: %d, %d\n", worker.id(), code, signo);
    std::fflush(stdout);
    stopping ? stop_one() : static_cast<void>(cluster::fork());
  });
  for (const int signo : {SIGTERM, SIGINT}) {
    net::Loop::current().onSignal(signo, [&] {
      if (!std::exchange(stopping, true)) stop_one();
    });
  }
  for (int i = 0; i < count; ++i) cluster::fork();
  net::run();
}

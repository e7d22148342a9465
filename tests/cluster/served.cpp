// A port that is served whatever happens to the workers: served [workers]. It says which one listens, and which one has
// ended. A client gets the worker's process id at once, and is ended when it ends.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <net.hpp>
#include <net/cluster.hpp>

namespace cluster = net::cluster;

int main(int argc, char** argv) {
  if (cluster::isWorker()) {
    const auto server = net::createServer([](const net::Socket& client) {
      client.on<"error">([](const net::Error&) {});
      client.write(std::to_string(cluster::worker().pid()) + "\n");
      client.resume();
    });
    server.listen(0, "127.0.0.1");  // the same port in all of them
    net::run();
    return 0;
  }
  cluster::on<"listening">([](const net::Worker& worker, const net::AddressInfo& at) {
    std::printf("listening %lld %d\n", static_cast<long long>(worker.pid()), at.port);
    std::fflush(stdout);
  });
  cluster::on<"exit">([](const net::Worker& worker, int code, int signal) {
    std::printf("exit %lld %d %d\n", static_cast<long long>(worker.pid()), code, signal);
    std::fflush(stdout);
    cluster::fork();
  });
  const int count = argc > 1 ? std::atoi(argv[1]) : 2;
  for (int i = 0; i < count; ++i) cluster::fork();
  net::run();
}

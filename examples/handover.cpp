// An upgrade without a gap: handover [port] [path]. Started again it takes over from the one that runs: its listening
// socket, and its clients as soon as they wait for no answer; that one ends then. A line is a number of milliseconds;
// when they are over, the answer says which of the processes it is, and the line.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <net.hpp>
#include <net/ipc_channel.hpp>

struct Service {
  std::string path;
  int generation = 1;  // one more than that of the process before
  int clients = 0;
  net::Server server, door;         // where the next process knocks
  net::AbortController taken_over;  // who waits for the next line waits no more
  std::optional<net::IpcChannel> next;

  /// One client, until it ends, or until another process has it.
  net::Task<> serve(net::Socket client) {
    ++clients;
    try {
      net::Reader reader(client);
      while (const auto line = co_await reader.readLine(20, {.signal = taken_over.signal()})) {
        co_await net::sleep(std::atoi(line->c_str()));
        co_await net::write(client, std::to_string(generation) + " " + *line + "\n");
      }
      client.end();
    } catch (const net::Error& error) {
      // what it has sent and nobody has read goes with it
      if (error.code() == net::Errc::ERR_ABORTED) next->send("client", client);
    }
    if (--clients == 0 && next) next->disconnect();
  }

  void listen_on(const net::Server& listening) {
    server = listening;
    server.on<"connection">([this](net::Socket client) { return serve(client); });
    const auto say = [this] {
      std::printf("listening on %s, process %d\n", server.address()->toString().c_str(), generation),
          std::fflush(stdout);
    };
    server.listening() ? say() : void(server.on<"listening">(say));
    door.once<"connection">([this](const net::Socket& caller) { give_to(caller); });
    door.listen(path);
  }

  void give_to(const net::Socket& caller) {
    door.close();
    next.emplace(caller);
    next->send(std::to_string(generation), server);
    server.close();
    clients == 0 ? void(next->disconnect()) : taken_over.abort();
  }

  void take_from(const net::Socket& previous) {
    net::IpcChannel(previous).on<"message">([this](std::string_view bytes, const net::ReceivedHandle& handle) {
      if (handle.server()) generation += std::atoi(std::string(bytes).c_str()), listen_on(*handle.server());
      if (handle.socket()) net::spawn(serve(*handle.socket()));
    });
  }
};

int main(int argc, char** argv) {
  Service service;
  service.path = argc > 2 ? argv[2] : "/tmp/handover.sock";
  const net::Socket previous = net::createConnection(service.path);
  previous.once<"connect">([&](const net::Socket& self) { service.take_from(self); });
  previous.on<"error">([&] {  // nobody runs, though one that was killed may have left its path
    std::remove(service.path.c_str());
    service.listen_on(service.server);
    service.server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1");
  });
  net::run();
}

// A room where everyone hears everyone: chat [port] [host]. Enter with `nc 127.0.0.1 8000`; say `/name Ada`.
#include <cstdio>
#include <cstdlib>
#include <list>
#include <string>
#include <utility>

#include <net.hpp>

constexpr std::size_t max_unread = 256 << 10;

struct Guest {
  net::Socket socket;
  std::string name;
};

struct Room {
  std::list<Guest> guests = {};

  // What a guest does not read waits in our memory: one who lags too far behind has to go.
  void say(const std::string& text) {
    for (const auto& [socket, name] : guests) {
      if (socket.writableLength() > max_unread) socket.destroy();  // it leaves later, from the loop
      if (socket.writable()) socket.write(text + '\n');
    }
  }

  net::Task<> enter(net::Socket socket) {
    const auto guest = guests.insert(guests.end(), {socket, "guest" + std::to_string(socket.remotePort())});
    say("* " + guest->name + " is here");
    try {
      net::Reader reader(socket);
      while (const auto line = co_await reader.readLine(1000)) {
        if (line->starts_with("/name ")) {
          say("* " + std::exchange(guest->name, line->substr(6)) + " is now " + guest->name);
        } else {
          say(guest->name + ": " + *line);
        }
      }
    } catch (const net::Error&) {  // a reset is a way to leave, and nobody types a longer line
      socket.destroy();
    }
    const std::string name = guest->name;
    guests.erase(guest);
    say("* " + name + " has left");
  }
};

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  Room room;
  const auto server = net::createServer([&room](net::Socket socket) { return room.enter(socket); });
  server.listen(port, argc > 2 ? argv[2] : "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}

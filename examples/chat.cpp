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
  std::string line = {};  // what has come of it so far
};

struct Room {
  std::list<Guest> guests = {};

  // What a guest does not read waits in our memory: one who lags too far behind has to go.
  void say(const std::string& text) {
    for (const auto& [socket, name, line] : guests) {
      if (socket.writableLength() > max_unread) socket.destroy();  // its 'close' comes later, from the loop
      if (socket.writable()) socket.write(text + '\n');
    }
  }

  void hear(Guest& guest, net::Chunk chunk) {
    for (const char c : chunk) {
      if (c != '\n') {
        guest.line += c;
      } else if (const auto line = std::exchange(guest.line, {}); line.starts_with("/name ")) {
        say("* " + std::exchange(guest.name, line.substr(6)) + " is now " + guest.name);
      } else {
        say(guest.name + ": " + line);
      }
    }
    if (guest.line.size() > 1000) guest.socket.destroy();  // nobody types such a line
  }

  void enter(const net::Socket& socket) {
    const auto guest = guests.insert(guests.end(), {socket, "guest" + std::to_string(socket.remotePort())});
    say("* " + guest->name + " is here");
    socket.on<"data">([this, guest](net::Chunk chunk) { hear(*guest, chunk); });
    socket.on<"error">([] {});  // a reset is a way to leave: 'close' follows
    socket.on<"close">([this, guest] { say("* " + guest->name + " has left"), guests.erase(guest); });
  }
};

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  Room room;
  const auto server = net::createServer([&room](const net::Socket& socket) { room.enter(socket); });
  server.listen(port, argc > 2 ? argv[2] : "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}

#include <net.hpp>

#include <doctest/doctest.h>

#include <string>

// Functions of the library's names for somebody else's purpose. Argument-dependent lookup finds the library's beside
// them, because the arguments are its types; what the library only refuses may not be the better match.
namespace other_people {

struct Pool {
  std::string name;
};

std::string spawn(const net::Socket&) { return "spawn"; }
std::string spawn(const Pool& pool, const net::Socket&) { return pool.name; }
std::string all(const net::Server&, int) { return "all"; }
std::string race(const net::Socket&, const net::Socket&) { return "race"; }
std::string any(const net::Socket&, const net::Error&) { return "any"; }
std::string once(const net::Socket&, const Pool& pool) { return pool.name; }
std::string createServer(const Pool& pool, const net::ServerOptions&) { return pool.name; }
std::string createConnection(const Pool& pool, const net::ConnectOptions&) { return pool.name; }
std::string nextTick(const net::Socket&, int) { return "nextTick"; }
std::string setImmediate(const net::Socket&, int) { return "setImmediate"; }

}  // namespace other_people

TEST_CASE("S34: other people's functions of the library's names are called with its types, and not what it refuses") {
  using namespace other_people;
  net::Loop loop;
  const Pool pool{"theirs"};
  const net::Socket socket;
  const net::Server server;
  CHECK(spawn(socket) == "spawn");
  CHECK(spawn(pool, socket) == "theirs");
  CHECK(all(server, 1) == "all");
  CHECK(race(socket, socket) == "race");
  CHECK(any(socket, net::Error("none")) == "any");
  CHECK(once(socket, pool) == "theirs");
  CHECK(createServer(pool, net::ServerOptions{}) == "theirs");
  CHECK(createConnection(pool, net::ConnectOptions{}) == "theirs");
  CHECK(nextTick(socket, 1) == "nextTick");
  CHECK(setImmediate(socket, 1) == "setImmediate");
}

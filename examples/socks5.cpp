// A SOCKS5 proxy (RFC 1928) that connects for everyone who may connect to it: socks5 [port].
// Try `curl --socks5-hostname 127.0.0.1:8000 http://localhost:8080/`.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

#include <net.hpp>

using namespace std::string_literals;

static std::string reply(std::error_code failure) {
  char code = failure ? 1 : 0;
  if (failure == std::errc::host_unreachable) code = 4;
  if (failure == std::errc::connection_refused) code = 5;
  if (failure == std::errc::operation_not_supported) code = 7;
  if (failure == std::errc::address_family_not_supported) code = 8;
  return "\5"s + code + "\0\1\0\0\0\0\0\0"s;
}

static net::Error refusal(std::errc code) { return net::Error(std::make_error_code(code)); }

/// Connects to what the client asks for. What it sends beyond that stays for whoever reads it next.
static net::Task<net::Socket> target_of(net::Socket client) {
  net::Reader reader(client);
  const int version = (co_await reader.readUint8()).value();
  const std::string methods = (co_await reader.readPrefixed(1, net::Endian::big, 255)).value();
  const bool right = version == 5 && methods.find('\0') != methods.npos;
  client.write(right ? "\5\0"s : "\5\xFF"s);
  if (!right) throw std::runtime_error("it asks for another version, or for a password");
  const std::string request = (co_await reader.read(4)).value();  // the version, the command, 0, a kind of address
  if (request[1] != 1) throw refusal(std::errc::operation_not_supported);
  std::string host;
  if (request[3] == 1) {
    for (int i = 0; i < 4; ++i) host += (i > 0 ? "." : "") + std::to_string((co_await reader.readUint8()).value());
  } else if (request[3] == 3) {
    host = (co_await reader.readPrefixed(1, net::Endian::big, 255)).value();
  } else if (request[3] == 4) {
    host = net::Chunk((co_await reader.read(16)).value()).toString(net::Encoding::hex);
    for (std::size_t at = 28; at > 0; at -= 4) host.insert(at, ":");
  }
  if (host.empty()) throw refusal(std::errc::address_family_not_supported);
  const int port = (co_await reader.readUint16()).value();
  co_return co_await net::connected({.port = port, .host = host, .allowHalfOpen = true});
}

static net::Task<net::Socket> too_late() {
  co_await net::sleep(20'000);
  throw refusal(std::errc::timed_out);
}

static void join(const net::Socket& from, const net::Socket& to) {
  from.pipe(to);
  from.on<"error">([to] { to.destroy(); });  // when one side breaks off, the other one learns of it
}

static net::Task<> serve(net::Socket client) {
  try {
    const net::Socket target = co_await net::race(target_of(client), too_late());
    if (client.destroyed()) co_return void(target.destroy());
    client.write(reply({}));
    join(client, target);
    join(target, client);
  } catch (const std::system_error& error) {
    client.end(reply(error.code()));
  } catch (const std::exception&) {
    client.end();
  }
}

int main(int argc, char** argv) {
  // A side that has ended may still be answered: both stay open until the other one has ended too.
  const auto server = net::createServer({.allowHalfOpen = true}, serve);
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}

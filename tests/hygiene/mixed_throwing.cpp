// The other half of mixed_aborting.cpp, compiled with exceptions: here a wrong call throws, whichever half is linked
// first, from a function called directly and from one that the loop calls.
#include <net.hpp>

#include <cstdio>
#include <string_view>

int quiet_calls();

template <class Call>
bool throws(std::string_view name, Call call) {
  try {
    call();
  } catch (const net::Error& error) {
    if (error.name() == name) return true;
    std::fprintf(stderr, "expected %.*s, got: %s\n", static_cast<int>(name.size()), name.data(), error.what());
    return false;
  }
  std::fprintf(stderr, "%.*s was not thrown\n", static_cast<int>(name.size()), name.data());
  return false;
}

int main() {
  if (quiet_calls() != 0) return 1;
  const bool all =
      throws("ERR_OUT_OF_RANGE", [] { net::Socket().setTypeOfService(300); }) &&
      throws("ERR_SOCKET_BAD_PORT", [] { net::Server().listen(65536); }) &&
      throws("ERR_INVALID_ADDRESS", [] { net::BlockList().addAddress("nowhere"); }) && throws("ECONNREFUSED", [] {
        const net::Server server;
        server.listen(0, "127.0.0.1", [&] {
          const int port = server.address()->port;
          server.close([port] { net::connect(port, "127.0.0.1"); });  // nobody listens for its 'error'
        });
        net::run();
      });
  return all ? 0 : 2;
}

// One half of a program whose other half is mixed_throwing.cpp: this one is compiled with -fno-exceptions. It calls
// what the other half calls, so that the linker finds each function that may throw in both.
#include <net.hpp>

int quiet_calls();

int quiet_calls() {
  net::Server server;
  const net::Socket socket;
  socket.setTypeOfService(3);
  server.listen(0, "127.0.0.1", [&] { server.close(); });
  net::run();
  return static_cast<int>(socket.bytesWritten()) + net::BlockList().check("10.0.0.1") + net::SocketAddress().port();
}

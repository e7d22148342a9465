// What readers are tested with: a task that reads what a client sends, and the error that awaiting throws.
#ifndef NET_TESTS_READING_HPP
#define NET_TESTS_READING_HPP

#include <doctest/doctest.h>

#include <cstddef>
#include <net.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"

namespace tests::inline NET_MACHINE {

/// What a task reads from a client that sends these pieces, each when the one before was received, and ends.
template <class Serve>
void serve(Serve handler, std::vector<std::string> pieces, bool ends = true) {
  net::Loop loop;
  const OneConnection one(loop);
  bool done = false;
  const auto whole = [](Serve& inner, net::Socket socket, bool& flag) -> net::Task<> {
    co_await inner(socket);
    flag = true;
    socket.destroy();
  };
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    net::spawn(whole(handler, socket, done));
  });
  const auto client = [&accepted](int port, std::vector<std::string> texts, bool end) -> net::Task<> {
    const net::Socket socket = co_await net::connected(port, "127.0.0.1");
    socket.on<"error">([] {});
    std::size_t sent = 0;
    for (const std::string& text : texts) {
      socket.write(text);
      sent += text.size();
      while (!accepted || (accepted->bytesRead() < sent && !accepted->destroyed())) co_await net::sleep(1);
    }
    if (end) socket.end();
  };
  net::spawn(client(one.port(), pieces, ends));
  loop.run();
  CHECK(done);
}

/// The name of the Error that awaiting throws; "none" if it does not.
template <class Awaitable>
net::Task<std::string> error_name(Awaitable awaitable) {
  try {
    co_await awaitable;
  } catch (const net::Error& error) {
    co_return std::string(error.name());
  }
  co_return "none";
}

}  // namespace tests::inline NET_MACHINE

#endif

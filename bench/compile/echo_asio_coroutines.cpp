#include <asio.hpp>
#include <memory>

using asio::ip::tcp;

asio::awaitable<void> echo(tcp::socket socket) {
  const auto data = std::make_unique_for_overwrite<char[]>(65536);
  try {
    for (;;) {
      const std::size_t size = co_await socket.async_read_some(asio::buffer(data.get(), 65536), asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(data.get(), size), asio::use_awaitable);
    }
  } catch (const std::system_error&) {}
}

asio::awaitable<void> accept(tcp::acceptor& acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
  }
}

int main() {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 7000});
  asio::co_spawn(context, accept(acceptor), asio::detached);
  context.run();
}

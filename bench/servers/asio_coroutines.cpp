// Standalone Asio with C++20 coroutines.
#include <asio.hpp>
#include <memory>

#include "common.hpp"

namespace {

using asio::ip::tcp;

Job job;

asio::awaitable<void> session(tcp::socket socket) {
  const auto data = std::make_unique_for_overwrite<char[]>(usual_buffer);
  try {
    socket.set_option(tcp::no_delay(true));
    for (;;) {
      const std::size_t size =
          co_await socket.async_read_some(asio::buffer(data.get(), usual_buffer), asio::use_awaitable);
      if (job == Job::echo) {
        co_await asio::async_write(socket, asio::buffer(data.get(), size), asio::use_awaitable);
      } else if (job == Job::burst) {
        for (int i = 0; i < burst_answers; ++i) {
          co_await asio::async_write(socket, asio::buffer(data.get(), message_size), asio::use_awaitable);
        }
      }
    }
  } catch (const std::system_error&) {
    // the end of the stream comes as an error
  }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    if (job != Job::close) asio::co_spawn(acceptor.get_executor(), session(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  job = job_from(argc, argv);
  asio::io_context context(1);
  tcp::acceptor acceptor(context);
  acceptor.open(tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(511);
  announce(acceptor.local_endpoint().port());
  asio::co_spawn(context, accept(acceptor), asio::detached);
  context.run();
}

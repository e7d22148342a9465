// Standalone Asio with callbacks, in the shape of its own tutorials: a session that keeps itself alive.
#include <array>
#include <asio.hpp>
#include <memory>

#include "common.hpp"

namespace {

using asio::ip::tcp;

Job job;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](std::error_code error, std::size_t size) {
                              if (!error) self->answer(size);
                            });
  }

 private:
  void answer(std::size_t size) {
    if (job == Job::echo) {
      write(size, 1);
    } else if (job == Job::burst) {
      write(message_size, burst_answers);
    } else {
      read();
    }
  }

  // Asio wants one write at a time on a stream, so a burst is a chain.
  void write(std::size_t size, int times) {
    asio::async_write(socket_, asio::buffer(buffer_.data(), size),
                      [self = shared_from_this(), size, times](std::error_code error, std::size_t) {
                        if (error) return;
                        if (times > 1) {
                          self->write(size, times - 1);
                        } else {
                          self->read();
                        }
                      });
  }

  tcp::socket socket_;
  std::array<char, usual_buffer> buffer_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
    if (!error && job != Job::close) {
      std::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      std::make_shared<Session>(std::move(socket))->read();
    }
    accept(acceptor);
  });
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
  accept(acceptor);
  context.run();
}

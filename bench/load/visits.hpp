// Connections that come and go: `connect` lets the server close at once, `leave` closes at once itself and
// waits for the server to do the same, `visit` has one message echoed first.
#ifndef BENCH_LOAD_VISITS_HPP
#define BENCH_LOAD_VISITS_HPP

#include <vector>

#include "wire.hpp"

class Visits {
 public:
  Visits(const Options& options, bool leave, bool echo)
      : options_(options), leave_(leave), echo_(echo), poller_(epoll_create1(EPOLL_CLOEXEC)) {}

  Result run() {
    Stopwatch watch(options_);
    visitors_.resize(static_cast<std::size_t>(options_.connections));
    for (std::size_t slot = 0; slot < visitors_.size(); ++slot) enter(slot);
    std::vector<epoll_event> ready(visitors_.size());
    while (options_.count == 0 || done_ < options_.count) {
      const int count = epoll_wait(poller_, ready.data(), static_cast<int>(ready.size()), patience_ms);
      if (count == 0) wrong("nothing came for ten minutes");
      for (int i = 0; i < count; ++i) go_on(ready[static_cast<std::size_t>(i)].data.u32);
      if (watch.over(done_, 0)) break;
    }
    const Result result = watch.stop(done_, 0);
    for (const Visitor& visitor : visitors_) {
      if (visitor.fd >= 0) close(visitor.fd);
    }
    close(poller_);
    return result;
  }

 private:
  struct Visitor {
    int fd = -1;
    std::size_t received = 0;
  };

  void enter(std::size_t slot) {
    if (options_.count != 0 && entered_ == options_.count) return;
    ++entered_;
    visitors_[slot] = {connect_to(options_.port, leave_), 0};
    const int fd = visitors_[slot].fd;
    watch(poller_, EPOLL_CTL_ADD, fd, EPOLLIN, static_cast<std::uint32_t>(slot));
    if (echo_ && send(fd, pattern.bytes, options_.size, MSG_NOSIGNAL) < 0) die("send");
    if (leave_ && !echo_) shutdown(fd, SHUT_WR);
  }

  void go_on(std::size_t slot) {
    Visitor& visitor = visitors_[slot];
    const ssize_t size = recv(visitor.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
    if (size > 0) {
      if (!echo_) wrong("an answer to nothing");
      check(buffer_, static_cast<std::size_t>(size), visitor.received);
      visitor.received += static_cast<std::size_t>(size);
      if (visitor.received == options_.size) shutdown(visitor.fd, SHUT_WR);
      return;
    }
    if (size < 0 && errno == EAGAIN) return;
    if (size == 0 && echo_ && visitor.received != options_.size) wrong("closed before the echo");
    close(visitor.fd);
    visitor.fd = -1;
    ++done_;
    enter(slot);
  }

  const Options& options_;
  bool leave_;
  bool echo_;
  int poller_;
  std::vector<Visitor> visitors_;
  std::uint64_t entered_ = 0;
  std::uint64_t done_ = 0;
  char buffer_[pattern_longest];
};

#endif

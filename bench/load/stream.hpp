// One connection, written to as fast as the server takes it, with or without an echo.
#ifndef BENCH_LOAD_STREAM_HPP
#define BENCH_LOAD_STREAM_HPP

#include <algorithm>

#include "wire.hpp"

class Stream {
 public:
  Stream(const Options& options, bool echo) : options_(options), echo_(echo), fd_(connect_to(options.port)) {}

  Result run() {
    const int poller = epoll_create1(EPOLL_CLOEXEC);
    watch(poller, EPOLL_CTL_ADD, fd_, EPOLLIN | EPOLLOUT, 0);
    Stopwatch watch(options_);
    while (options_.count == 0 || moved() < options_.count * options_.size) {
      epoll_event ready{};
      if (epoll_wait(poller, &ready, 1, patience_ms) == 0) wrong("nothing moved for ten minutes");
      if (ready.events & EPOLLIN) receive();
      if (ready.events & EPOLLOUT) fill();
      if (watch.over(0, moved())) break;
    }
    const Result result = watch.stop(0, moved());
    finish();
    close(fd_);
    close(poller);
    return result;
  }

 private:
  std::uint64_t moved() const { return echo_ ? received_ : sent_; }

  void fill() {
    const ssize_t size =
        send(fd_, pattern.at(sent_), std::min(options_.size, pattern_longest), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN) die("send");
    if (size > 0) sent_ += static_cast<std::size_t>(size);
  }

  // Returns false at the end of the stream.
  bool receive(int flags = MSG_DONTWAIT) {
    const ssize_t size = recv(fd_, buffer_, sizeof buffer_, flags);
    if (size == 0) return false;
    if (size < 0) {
      if (errno == EAGAIN) return true;
      die("recv");
    }
    if (!echo_) wrong("a sink that answers");
    check(buffer_, static_cast<std::size_t>(size), received_);
    received_ += static_cast<std::size_t>(size);
    return true;
  }

  // All that was sent must come back, or be read, before the server closes.
  void finish() {
    shutdown(fd_, SHUT_WR);
    while (receive(0)) {}
    if (echo_ && received_ != sent_) wrong("fewer bytes came back than were sent");
  }

  const Options& options_;
  bool echo_;
  int fd_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  char buffer_[pattern_longest];
};

#endif

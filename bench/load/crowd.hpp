// Connections that only exist.
#ifndef BENCH_LOAD_CROWD_HPP
#define BENCH_LOAD_CROWD_HPP

#include <vector>

#include "wire.hpp"

class Crowd {
 public:
  // Every hundredth connection, and the last, has a message echoed (those before it are then accepted too),
  // so that the server's backlog never overflows; with `greet`, every connection has.
  Crowd(int port, int size, bool greet) {
    for (int i = 1; i <= size; ++i) {
      fds_.push_back(connect_to(port));
      if (greet || i % 100 == 0 || i == size) ping(fds_.back());
    }
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    for (int fd : fds_) close(fd);
  }

 private:
  static void ping(int fd) {
    char answer[64];
    if (send(fd, pattern.bytes, sizeof answer, MSG_NOSIGNAL) < 0) die("send");
    if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer) die("recv");
    check(answer, sizeof answer, 0);
  }

  std::vector<int> fds_;
};

#endif

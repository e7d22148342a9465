// Messages there and back on many connections; each message may be answered by several of its kind.
#ifndef BENCH_LOAD_PING_PONG_HPP
#define BENCH_LOAD_PING_PONG_HPP

#include <algorithm>
#include <vector>

#include "wire.hpp"

class PingPong {
 public:
  explicit PingPong(const Options& options) : options_(options), poller_(epoll_create1(EPOLL_CLOEXEC)) {
    peers_.resize(static_cast<std::size_t>(options.connections));
    for (std::size_t slot = 0; slot < peers_.size(); ++slot) {
      peers_[slot].fd = connect_to(options.port);
      watch(poller_, EPOLL_CTL_ADD, peers_[slot].fd, EPOLLIN, static_cast<std::uint32_t>(slot));
    }
  }

  Result run() {
    Stopwatch watch(options_);
    for (Peer& peer : peers_) {
      for (std::size_t i = 0; i < options_.in_flight; ++i) ask(peer, 1);
    }
    std::vector<epoll_event> ready(peers_.size());
    while (options_.count == 0 || done_ < options_.count) {
      const int count = epoll_wait(poller_, ready.data(), static_cast<int>(ready.size()), patience_ms);
      if (count == 0) wrong("nothing came for ten minutes");
      for (int i = 0; i < count; ++i) receive(peers_[ready[static_cast<std::size_t>(i)].data.u32]);
      if (watch.over(done_, bytes_)) break;
    }
    const Result result = watch.stop(done_, bytes_);
    for (Peer& peer : peers_) close(peer.fd);
    close(poller_);
    return result;
  }

 private:
  struct Peer {
    int fd = -1;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };

  void ask(Peer& peer, std::size_t messages) {
    if (options_.count != 0) messages = std::min<std::size_t>(messages, options_.count - asked_);
    asked_ += messages;
    std::size_t rest = messages * options_.size;
    while (rest > 0) {
      const std::size_t piece = std::min(rest, pattern_longest);
      const ssize_t size = send(peer.fd, pattern.at(peer.sent), piece, MSG_NOSIGNAL);
      if (size <= 0) die("send");
      peer.sent += static_cast<std::size_t>(size);
      rest -= static_cast<std::size_t>(size);
    }
  }

  void receive(Peer& peer) {
    const ssize_t got = recv(peer.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
    if (got == 0) wrong("the server closed");
    if (got < 0) {
      if (errno == EAGAIN) return;
      die("recv");
    }
    const auto size = static_cast<std::size_t>(got);
    const std::size_t whole = options_.size * options_.answers;
    if (options_.answers == 1) {
      check(buffer_, size, peer.received);
    } else {
      check_answers(peer, size);
    }
    const std::uint64_t before = peer.received / whole;
    peer.received += size;
    bytes_ += size;
    const std::uint64_t messages = peer.received / whole - before;
    done_ += messages;
    if (messages > 0) ask(peer, messages);
  }

  // Each request comes back several times over: piece by piece against the request it answers.
  void check_answers(const Peer& peer, std::size_t size) const {
    std::size_t offset = 0;
    while (offset < size) {
      const std::uint64_t position = peer.received + offset;
      const std::size_t in_message = position % options_.size;
      const std::size_t piece = std::min(options_.size - in_message, size - offset);
      const std::uint64_t request = position / (options_.size * options_.answers);
      if (request * options_.size >= peer.sent) wrong("more answers than asked for");
      check(buffer_ + offset, piece, request * options_.size + in_message);
      offset += piece;
    }
  }

  const Options& options_;
  int poller_;
  std::vector<Peer> peers_;
  std::uint64_t asked_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t bytes_ = 0;
  char buffer_[pattern_longest];
};

#endif

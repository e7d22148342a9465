// The floor: the least code over level-triggered epoll that does the job. Its only comforts are those
// without which it would be wrong: bytes that the kernel did not take are kept, and reading stops meanwhile.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cerrno>
#include <string>
#include <vector>

#include "common.hpp"

namespace {

Job job;
bool gather;
int poller;
std::vector<char> buffer(usual_buffer);
std::vector<std::string> unsent(128);  // by descriptor; empty in the usual case

void watch(int operation, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(poller, operation, fd, &event) != 0) std::perror("epoll_ctl"), std::exit(1);
}

void send_or_keep(int fd, const char* data, std::size_t size) {
  ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(size)) return;
  if (sent < 0 && errno != EAGAIN) return;  // the next recv says so
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  const auto slot = static_cast<std::size_t>(fd);
  if (unsent.size() <= slot) unsent.resize(2 * slot);
  unsent[slot].append(data + taken, size - taken);
  watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

void send_rest(int fd) {
  std::string rest = std::move(unsent[static_cast<std::size_t>(fd)]);
  unsent[static_cast<std::size_t>(fd)].clear();
  watch(EPOLL_CTL_MOD, fd, EPOLLIN);
  send_or_keep(fd, rest.data(), rest.size());
}

void answer_burst(int fd) {
  if (!gather) {
    for (int i = 0; i < burst_answers; ++i) send(fd, buffer.data(), message_size, MSG_NOSIGNAL);
    return;
  }
  iovec parts[burst_answers];
  for (iovec& part : parts) part = {buffer.data(), message_size};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = burst_answers;
  sendmsg(fd, &message, MSG_NOSIGNAL);
}

void serve(int fd, std::uint32_t events) {
  if (events & EPOLLOUT) return send_rest(fd);
  const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
  if (size <= 0) {
    if (size == 0 || errno != EAGAIN) close(fd);
    return;
  }
  if (job == Job::echo || job == Job::pipe) return send_or_keep(fd, buffer.data(), static_cast<std::size_t>(size));
  if (job == Job::burst) answer_burst(fd);
}

void accept_one(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  if (job == Job::close) {
    close(fd);
    return;
  }
  watch(EPOLL_CTL_ADD, fd, EPOLLIN);
}

int listen_on_loopback() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // accepted sockets inherit it
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, 511) != 0) {
    std::perror("listen"), std::exit(1);
  }
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  announce(ntohs(address.sin_port));
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  job = job_from(argc, argv);
  gather = has_variant(argc, argv, "gather");
  if (has_variant(argc, argv, "large")) buffer.resize(4 * usual_buffer);
  poller = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on_loopback();
  watch(EPOLL_CTL_ADD, listener, EPOLLIN);
  epoll_event ready[256];
  for (;;) {
    const int count = epoll_wait(poller, ready, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.fd == listener) {
        accept_one(listener);
      } else {
        serve(ready[i].data.fd, ready[i].events);
      }
    }
  }
}

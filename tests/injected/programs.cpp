// Runs one of the programs. tests/injected/run makes its system calls fail and reads the verdict.
#include "programs.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <net.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "session.hpp"

using namespace injected;

/// Linux closes the descriptor whatever close(2) says. A failure that strace makes up comes without that, so it is made
/// up for here.
extern "C" int close(int fd) {
  const long result = ::syscall(SYS_close, fd);
  if (result == 0 || errno == EBADF) return static_cast<int>(result);
  const int error = errno;
  ::syscall(SYS_close_range, fd, fd, 0);
  errno = error;
  return -1;
}

/// ENOTCONN means that the connection is gone, and reading says so. strace leaves it there; so it is reset, which only
/// TCP can be.
extern "C" int shutdown(int fd, int how) noexcept {
  const long result = ::syscall(SYS_shutdown, fd, how);
  if (result == 0 || errno != ENOTCONN) return static_cast<int>(result);
  const sockaddr none{};
  int domain = 0;
  socklen_t size = sizeof domain;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  domain == AF_UNIX ? ::syscall(SYS_shutdown, fd, how) : ::syscall(SYS_connect, fd, &none, sizeof none);
  errno = ENOTCONN;
  return -1;
}

namespace {

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 512; ++fd) count += ::lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
  return count;
}

/// Turns until it is over. A turn in which nothing came for so long is a hang; more turns than any of this takes, a
/// spin.
void run(Session& session) {
  constexpr int max_turns = 3000;
  net::Loop& loop = net::Loop::current();
  for (int turns = 0;; ++turns) {
    if (turns == max_turns) return session.complain("it spins");
    const auto began = net::detail::os::now_ns();
    bool more = true;
    try {
      more = loop.runOnce(20000);
    } catch (const std::exception& error) {
      ++session.thrown;
      session.last = error.what();
      session.end_all();
    }
    if (!more) return;
    if (net::detail::os::now_ns() - began >= 20000000000) return session.complain("it hangs");
  }
}

void check(Session& session) {
  for (const Seen& each : session.sockets) {
    if (each.closes != 1) session.complain(std::string(each.name) + ": " + std::to_string(each.closes) + " 'close'");
    if (each.after_close) session.complain(std::string(each.name) + ": an event after 'close'");
  }
  if (session.server_opens > session.server_closes) session.complain("a server did not close");
  if (session.done != session.expected && session.reported + session.thrown == 0) {
    session.complain("not everything was done, and no error was reported");
  }
  session.ends.clear();
  for (const auto& each : session.after) each();
  if (Live::count != 0) session.complain(std::to_string(Live::count) + " captures left");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count == 3 ? arguments[1] : "";
  void (*const program)(Session&, const std::string&) = mode == "echo"      ? echo_over_tcp
                                                        : mode == "path"    ? echo_over_path
                                                        : mode == "proxy"   ? proxy
                                                        : mode == "tasks"   ? tasks
                                                        : mode == "restart" ? restart
                                                                            : nullptr;
  if (!program) return std::fprintf(stderr, "usage: programs echo|path|proxy|tasks|restart DIRECTORY\n"), 2;
  const int before = open_descriptors();
  Session session;
  ::getppid();  // here begins what is made to fail
  {
    std::optional<net::Loop> loop;
    try {
      loop.emplace();
    } catch (const std::exception& error) {
      ++session.thrown;
      session.last = error.what();
    }
    if (loop) {
      try {
        program(session, arguments[2]);
      } catch (const std::exception& error) {
        ++session.thrown;
        session.last = error.what();
        session.end_all();
      }
      run(session);
      check(session);
    }
  }
  ::getppid();  // and here it ends
  if (const int left = open_descriptors() - before; left != 0)
    session.complain(std::to_string(left) + " descriptors left");
  for (const char* file : {"/echo", "/again"}) {
    if (::faccessat(AT_FDCWD, (std::string(arguments[2]) + file).c_str(), F_OK, 0) == 0) {
      session.complain(std::string(file) + " is still there");
    }
  }
  std::string said = (session.wrong.empty() ? "fine done=" : "WRONG done=") + std::to_string(session.done) + "/" +
                     std::to_string(session.expected) + " reported=" + std::to_string(session.reported) +
                     " thrown=" + std::to_string(session.thrown) +
                     " last=" + (session.last.empty() ? "-" : session.last);
  for (const std::string& each : session.wrong) said += "; " + each;
  said += "\n";
  for (int tries = 0; tries < 10 && ::write(1, said.data(), said.size()) < 0; ++tries) {}  // may be made to fail too
  return session.wrong.empty() ? 0 : 1;
}

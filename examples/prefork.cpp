// The oldest way to use many cores: prefork [port] [children]. The parent listens and forks; each child goes on with
// the parent's loop, by afterFork(), and accepts. One that dies is replaced; SIGTERM or SIGINT ends them all, each when
// its clients are gone. A client gets back what it sends, with the child's process id before it. Not for Windows.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include <net.hpp>

/// Goes on with all that was open in the parent, and comes back when nothing is any more.
static void serve(net::Loop& loop, const net::Server& server) {
  loop.afterFork();
  for (const int signo : {SIGTERM, SIGINT}) {
    loop.onSignal(signo, [server] { net::stopGracefully(server, {.timeout = 5000}); }).unref();
  }
  loop.run();
}

int main(int argc, char** argv) {
  const int count = argc > 2 ? std::atoi(argv[2]) : 4;
  net::Loop& loop = net::Loop::current();
  const net::Server server = net::createServer([](const net::Socket& client) {
    client.on<"error">([](const net::Error&) {});
    client.on<"data">([](const net::Socket& self, net::Chunk chunk) {
      self.write(std::to_string(getpid()) + " " + std::string(chunk));
    });
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1");
  while (!server.listening()) loop.runOnce();  // and no more: the parent accepts nobody
  std::printf("listening on %s\n", server.address()->toString().c_str());
  std::fflush(stdout);

  sigset_t signals, before;
  sigemptyset(&signals);
  for (const int signo : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&signals, signo);
  sigprocmask(SIG_BLOCK, &signals, &before);
  std::set<pid_t> children;
  bool stopping = false;
  for (;;) {
    while (!stopping && children.size() < static_cast<std::size_t>(count)) {
      const pid_t child = fork();
      if (child < 0) return std::perror("fork"), 1;
      if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, nullptr);
        return serve(loop, server), 0;
      }
      children.insert(child);
    }
    if (stopping && children.empty()) return 0;
    int signo = 0;
    sigwait(&signals, &signo);
    if (signo != SIGCHLD) {
      stopping = true;
      for (const pid_t child : children) kill(child, SIGTERM);
    }
    for (pid_t ended; (ended = waitpid(-1, nullptr, WNOHANG)) > 0;) children.erase(ended);
  }
}

#include <net/detail/connect/race.ipp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

#if defined(__linux__)  // which lets a process be a host of its own

using namespace tests;

namespace {

enum class Has { only_ipv4, only_ipv6 };

/// Makes this process a host of its own with a loopback of one family. What the system does not allow, or nothing.
std::string become_host(Has families) {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return "unshare";
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return "bringing the loopback up";
  if (families == Has::only_ipv4) {
    if (!std::ifstream("/proc/sys/net/ipv6/conf/all/disable_ipv6")) return {};  // it has none anyway
    std::ofstream off("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    off << "1" << std::flush;
    return off ? "" : "switching IPv6 off";
  }
  auto& address = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
  address = {};
  address.sin_family = AF_INET;  // 0.0.0.0: takes 127.0.0.1 away
  if (::ioctl(any.get(), SIOCSIFADDR, &request) != 0) return "taking 127.0.0.1 away";
  const Descriptor six(::socket(AF_INET6, SOCK_STREAM, 0));
  return {};
}

/// Runs the body as such a host, in a process of its own; the body gives what is wrong, or nothing.
template <class Body>
void as_host(Has families, Body body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int status = 77;
    try {
      const std::string refused = become_host(families);
      if (refused.empty()) {
        const std::string wrong = body();
        if (!wrong.empty()) std::fprintf(stderr, "%s\n", wrong.c_str());
        status = wrong.empty() ? 0 : 1;
      } else {
        std::fprintf(stderr, "not checked: this system does not allow %s\n", refused.c_str());
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      status = 1;
    }
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}

/// Connects to a name that has addresses of both families; what happened.
std::string race(net::Loop& loop, int port, const char* first, const char* second) {
  const net::Lookup both = [=](std::string_view, const net::LookupOptions&, const net::LookupCallback& answer) {
    const auto family = [](const char* text) { return net::isIPv6(text) ? net::Family::IPv6 : net::Family::IPv4; };
    const net::LookupAddress found[] = {{first, family(first)}, {second, family(second)}};
    answer(net::Error(), found);
  };
  const net::Socket client(loop);
  Log log;
  note(client, log);
  client.connect({.port = port, .host = "both.test", .lookup = both});
  client.on<"connect">([&] { log.add(client.remoteAddress()); });
  client.resume();
  loop.run();
  return log.text();
}

net::Server ending_server(net::Loop& loop) {
  const net::Server server(loop);
  server.on<"connection">([server](net::Socket socket) {
    server.close();
    socket.end();
  });
  server.listen(0);
  return server;
}

}  // namespace

TEST_CASE("S13.8, S26.2: a host without IPv6 is reached by IPv4 although ::1 comes first") {
  as_host(Has::only_ipv4, []() -> std::string {
    net::Loop loop;
    const net::Server server = ending_server(loop);
    const std::string emitted = race(loop, server.address()->port, "::1", "127.0.0.1");
    const bool reached =
        emitted.find("127.0.0.1") != std::string::npos && emitted.find("close(false)") != std::string::npos;
    return reached && emitted.find("failed") != std::string::npos ? "" : emitted;
  });
}

TEST_CASE("S13.8: a host without IPv4 is reached by IPv6 although 127.0.0.1 comes first") {
  as_host(Has::only_ipv6, []() -> std::string {
    net::Loop loop;
    const net::Server server = ending_server(loop);
    if (server.address()->family != net::Family::IPv6) return "it does not listen on IPv6";
    const std::string emitted = race(loop, server.address()->port, "127.0.0.1", "::1");
    return emitted.find("::1") != std::string::npos && emitted.find("close(false)") != std::string::npos ? "" : emitted;
  });
}

#else

TEST_CASE("a host of one family") { MESSAGE("skipped: this system lets no process be a host of its own"); }

#endif

#endif

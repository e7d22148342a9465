// What the socket tests share and the library has no part in: descriptors, directories, ports.
#ifndef NET_TESTS_SUPPORT_HPP
#define NET_TESTS_SUPPORT_HPP

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tests {

/// A number of rounds, or of clients, for a test that is the better the more it has: NET_TEST_STRESS percent of it
/// (100), but one at least. Under Wine a message takes forty times as long.
inline int scaled(int number) {
  const char* const text = std::getenv("NET_TEST_STRESS");
  const long percent = text ? std::strtol(text, nullptr, 10) : 100;
  const long scaled = number * percent / 100;
  return scaled > 0 ? static_cast<int>(scaled) : 1;
}

/// A descriptor of the test's own, closed at the end of its scope.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) throw std::system_error(errno, std::generic_category());
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
#if defined(_WIN32)
  return ::open_sockets_and_pipes();
#else
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = limit.rlim_cur < 65536 ? static_cast<int>(limit.rlim_cur) : 65536;
  std::size_t open = 0;
  for (int number = 0; number < end; ++number) open += ::fcntl(number, F_GETFD) >= 0;
  return open;
#endif
}

/// A new directory, removed with all that is in it at the end of its scope. Its path is short enough for the
/// path of a socket.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = "/tmp/net-test-XXXXXX";
    if (!::mkdtemp(pattern.data())) throw std::system_error(errno, std::generic_category(), pattern);
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const noexcept { return path_; }
  /// The full path of a name in it.
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  /// A path to listen on: a file here, or on Windows a pipe whose name is as much this directory's own.
  std::string socket(const std::string& name) const {
#if defined(_WIN32)
    return R"(\\.\pipe\)" + path_.filename().string() + "-" + name;
#else
    return file(name);
#endif
  }

 private:
  std::filesystem::path path_;
};

/// A TCP socket bound to a port of 127.0.0.1 that was free. As long as it lives nobody else gets the port, and
/// since it does not listen, connecting to it is refused.
class ClosedPort {
 public:
  ClosedPort() : ClosedPort(0) {}
  std::uint16_t number() const noexcept { return number_; }

 protected:
  void give_up() noexcept { socket_.close(); }
  explicit ClosedPort(int shared) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared) != 0) {
      throw std::system_error(errno, std::generic_category());
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), generic, length) != 0 || ::getsockname(socket_.get(), generic, &length) != 0) {
      throw std::system_error(errno, std::generic_category());
    }
    number_ = ntohs(address.sin_port);
  }

 private:
  Descriptor socket_;
  std::uint16_t number_ = 0;
};

/// A port that a test must name before it binds it: whoever asks for this very port with SO_REUSEADDR, as the library
/// does, gets it all the same, and nobody is given it by chance.
/// On Windows it was free just now.
class ReservedPort : public ClosedPort {
 public:
  ReservedPort() : ClosedPort(1) {
#if defined(_WIN32)
    give_up();
#endif
  }
};

/// A client that the library has no part in: blocking, connected over 127.0.0.1.
inline Descriptor connect_raw(int port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return socket;
}

inline void send_raw(const Descriptor& to, std::string_view text) {
  if (::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    throw std::system_error(errno, std::generic_category(), "send");
  }
}

}  // namespace tests

#endif

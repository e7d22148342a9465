#include <net/detail/stream/user_data.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// Counts how many of it live.
struct Session {
  Session() { ++living; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { --living; }

  std::string name;
  std::optional<net::Socket> itself;
  static inline int living = 0;
};

}  // namespace

TEST_CASE("S36.3: data<T>() is made on first use, is one for all handles of a socket, and goes with the socket") {
  net::Loop loop;
  std::optional<net::Socket> socket(std::in_place, loop);
  CHECK(Session::living == 0);
  socket->data<Session>().name = "first";
  const net::Socket same = *socket;
  CHECK(same.data<Session>().name == "first");
  CHECK(Session::living == 1);
  CHECK(net::Socket(loop).data<Session>().name.empty());
  CHECK(Session::living == 1);
}

TEST_CASE("S36.3: what a socket keeps lives until the last handle has gone, also after 'close'") {
  net::Loop loop;
  {
    const net::Socket socket(loop);
    socket.data<Session>().name = "kept";
    socket.destroy();
    loop.run();
    CHECK(socket.data<Session>().name == "kept");
  }
  CHECK(Session::living == 0);
}

TEST_CASE("S36.3: data that holds its own socket goes with the loop, and nothing leaks") {
  {
    net::Loop loop;
    const net::Socket socket(loop);
    socket.data<Session>().itself = socket;
  }
  CHECK(Session::living == 0);
}

TEST_CASE("S36.3: data of another type throws, and the first stays") {
  net::Loop loop;
  const net::Socket socket(loop);
  socket.data<int>() = 5;
  CHECK(error_of([&] { socket.data<std::string>(); }).code() == net::Errc::ERR_INVALID_STATE);
  CHECK(socket.data<int>() == 5);
}

TEST_CASE("one that is emptied calls what dies, which finds it empty") {
  struct Looks {
    net::detail::UserData* place = nullptr;
    bool* empty = nullptr;
    ~Looks() {
      if (empty) *empty = !*place;
    }
  };
  net::detail::UserData kept;
  bool empty = false;
  CHECK_FALSE(kept);
  kept.get<Looks>().place = &kept;
  kept.get<Looks>().empty = &empty;
  kept.clear();
  CHECK(empty);
}

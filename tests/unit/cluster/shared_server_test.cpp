#include <net/detail/cluster/shared_server.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <net.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/channels.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using namespace tests;

namespace {

/// A worker in this process: the other end of its channel, and how many connections it was given.
struct Double {
  net::IpcChannel its;
  Ref<WorkerState> state;
  int answers = 0, given = 0;
  std::vector<net::Socket> kept;

  Double(net::Loop& loop, net::IpcChannel mine, net::IpcChannel theirs)
      : its(std::move(theirs)), state(new WorkerState(Access::core(loop))) {
    state->channel = std::move(mine);
    its.on<"message">([this](std::string_view bytes, const net::ReceivedHandle& handle) {
      Heard words(bytes);
      if (words.what() == Say::answer) ++answers;
      if (handle.server()) handle.server()->close();
      if (handle.socket()) ++given, kept.push_back(*handle.socket());
    });
  }
};

}  // namespace

TEST_CASE("S33.6, S33.7, S33.8: in turn; who has given one back gets none before it has space; the last one closes it") {
  net::Loop loop;
  const auto first = net::IpcChannel::pair(loop), second = net::IpcChannel::pair(loop);
  Double one(loop, first.first, first.second), other(loop, second.first, second.second);
  const Ref<SharedServer> server(new SharedServer(Access::core(loop), loop, true, 1, "a key"));
  server->ask(*one.state, 1);
  server->ask(*other.state, 1);
  server->start({.port = 0, .host = "127.0.0.1"});
  run_until(loop, [&] { return one.answers == 1 && other.answers == 1; });
  const int port = server->server.address()->port;
  std::vector<net::Socket> clients;
  const auto connect = [&] {
    clients.push_back(net::createConnection(loop, {.port = port, .host = "127.0.0.1"}));
    clients.back().on<"error">([](const net::Error&) {});
  };
  for (int i = 0; i < 4; ++i) {
    connect();
    run_until(loop, [&] { return one.given + other.given == i + 1; });
  }
  CHECK((one.given == 2 && other.given == 2));

  server->member(*one.state)->full = true;
  for (int i = 0; i < 2; ++i) connect();
  run_until(loop, [&] { return other.given == 4; });
  server->member(*other.state)->full = true;
  connect();
  run_until(loop, [&] { return server->waiting.size() == 1; });
  server->has_space(*one.state);
  run_until(loop, [&] { return one.given == 3; });

  server->leave(*one.state);
  CHECK_FALSE(server->closed);
  server->leave(*other.state);
  CHECK((server->closed && !server->server.listening()));
  for (const net::Socket& each : clients) each.destroy();
  for (Double* const each : {&one, &other}) {
    for (const net::Socket& socket : each->kept) socket.destroy();
    each->state->channel->disconnect().disconnect();
  }
  run_to_the_end(loop);
}

TEST_CASE("S33.6: a worker that cannot have what is listened on is told why, and serves nothing") {
  net::Loop loop;
  RawPeer raw(loop);
  const Ref<WorkerState> worker(new WorkerState(Access::core(loop)));
  worker->channel = raw.channel;
  const Ref<SharedServer> server(new SharedServer(Access::core(loop), loop, true, 1, "a key"));
  server->ask(*worker, 7);
  server->start({.port = 0, .host = "127.0.0.1"});
  std::string heard;
  run_until(loop, [&] { return !(heard += raw.receive()).empty(); });
  CHECK(heard[1] == 3);
  CHECK(server->members.size() == 1);
  heard.clear();
  raw.send(frame(5));  // it has no descriptor left
  run_until(loop, [&] { return !(heard += raw.receive()).empty(); });
  CHECK(heard == frame(1, Spoken(Say::answer).number(7).number(EMFILE).number(1).number(0).bytes()));
  Heard words(std::string_view(heard).substr(frame_header_size));
  CHECK(words.what() == Say::answer);
  CHECK(words.number() == 7);
  CHECK(words.number() == EMFILE);
  CHECK((server->closed && server->members.empty()));
  raw.channel.disconnect().disconnect();
  run_to_the_end(loop);
}

TEST_CASE("S33.6: what cannot be listened on is answered with the error, to all who have asked") {
  net::Loop loop;
  const auto ends = net::IpcChannel::pair(loop);
  Double one(loop, ends.first, ends.second);
  const net::Server taken(loop);
  taken.listen(0, "127.0.0.1");
  run_until(loop, [&] { return taken.listening(); });
  const Ref<SharedServer> server(new SharedServer(Access::core(loop), loop, true, 1, "a key"));
  server->ask(*one.state, 1);
  server->start({.port = taken.address()->port, .host = "127.0.0.1"});
  run_until(loop, [&] { return one.answers == 1; });
  CHECK((server->closed && server->members.empty()));
  taken.close();
  one.state->channel->disconnect().disconnect();
  run_to_the_end(loop);
}

// What pipes are tested with: a destination that is no socket, and a connection.
#ifndef NET_TESTS_PIPING_HPP
#define NET_TESTS_PIPING_HPP

#include <net.hpp>
#include <string>

#include "tests/support/emitting.hpp"
#include "tests/support/session.hpp"

namespace tests::inline NET_MACHINE {

/// A destination that is no socket: it keeps what it gets, and wants to drain after every write.
class Sink : public net::Emitter<Sink> {
 public:
  using Events =
      net::detail::EventTable<net::detail::Event<"drain">, net::detail::Event<"finish">,
                              net::detail::Event<"close", bool>, net::detail::Event<"error", const net::Error>>;
  struct State : EmitterState {
    std::string got;
    bool ended = false;
    int refused = 0;
    bool drains = true;
  };
  explicit Sink(State& state) : state_(&state) {}

  bool write(net::Chunk chunk) const {
    state_->got += chunk.view();
    ++state_->refused;
    if (!state_->drains) return false;
    net::Loop::current().setImmediate([sink = *this] { emit<Events, 0>(*sink.state_); });
    return false;
  }
  void end() const { state_->ended = true; }
  void close() { emit<Events, 2>(*state_, false); }
  bool writableNeedDrain() const { return false; }

 private:
  friend class net::Emitter<Sink>;
  friend struct net::detail::Access;
  template <net::fixed_string Name>
  static constexpr void check_event() {}
  static Sink from_state(void* state) { return Sink(*static_cast<State*>(state)); }

  State* state_;
};

/// A client whose bytes a server's socket gets; both ends are given to `with`.
template <class With>
void connected_pair(net::Loop& loop, With with) {
  const net::Server server(loop);
  server.listen(0);
  const net::Socket client(loop);
  server.on<"connection">([server, client, &with](net::Socket socket) {
    server.close();
    with(client, socket);
  });
  client.connect(server.address()->port, "127.0.0.1");
  run_to_the_end(loop);
}

}  // namespace tests::inline NET_MACHINE

#endif

// How the sockets of a random program come to be: connecting in every form, lookups of its own, wrapped descriptors.
#ifndef NET_TESTS_RANDOM_PROGRAMS_CONNECTING_HPP
#define NET_TESTS_RANDOM_PROGRAMS_CONNECTING_HPP

#include "tests/random_programs/host.hpp"
#include "tests/random_programs/side.hpp"

#include <string>

namespace programs {

/// Where to connect: a server of the program, or a place where nobody listens.
struct Target {
  int port = 1;
  std::string path;
};
Target some_target(Program& program);

/// Answers a question of a lookup in one of the ways that may come.
void answer(Program& program, const net::LookupCallback& question);

/// What every socket of the program gets: its number, and the listeners that hold the rules.
void take_in(const std::shared_ptr<Side>& side);

/// Wraps a descriptor. `out` and `in` go on where its socket was before.
std::shared_ptr<Side> adopt(Program& program, net::Loop& loop, net::NativeHandle fd, const char* kind,
                            Ledger* out = nullptr, Received in = {}, bool readable = true);

/// connect() of a socket that is there, whatever its state.
void connect_somewhere(const std::shared_ptr<Side>& side);

}  // namespace programs

#endif

// A server of a random program, and what was heard of it.
#ifndef NET_TESTS_RANDOM_PROGRAMS_HOST_HPP
#define NET_TESTS_RANDOM_PROGRAMS_HOST_HPP

#include "tests/random_programs/side.hpp"

#include <optional>

namespace programs {

struct Host : Counted, std::enable_shared_from_this<Host> {
  Host(Program& with, net::Loop& on) : program(with), loop(&on) {}

  Program& program;
  net::Loop* loop;
  std::size_t number = 0;
  std::optional<net::Server> server;
  std::vector<std::shared_ptr<Ear>> ears;
  std::vector<std::shared_ptr<Owed>> owed;
  std::size_t listens = 0;   // calls that were not refused
  std::size_t closings = 0;  // calls of close(), and aborts: each may emit 'close'
  std::size_t closes = 0;
  bool hears_close = false, hears_connection = false;
  std::weak_ptr<int> connection_ear, close_ear;  // live as long as the library keeps that listener
  bool aborts = false;                           // a signal may close it
  bool over = false;                             // 'close' was emitted, and nothing was called since
  bool listened_since = false;                   // listen() was called after the last close()
  std::size_t closed_at = 0;                     // the turn of the last 'close'
  void asked_to_close() { ++closings, listened_since = false; }

  void require(bool holds, const char* rule) {
    if (!holds) program.require(false, "server " + std::to_string(number) + ": " + rule);
  }
  bool lives() const { return server && program.has_loop(loop); }
  std::optional<net::AddressInfo> address() const { return server ? server->address() : std::nullopt; }

  void heard(Ear& ear, const net::Server& self) {
    require(ear.may_hear(), "a listener that was removed, or a once-listener, is not called (again)");
    require(!server || *server == self, "the emitter is the server itself");
    program.say("server %zu hears %s", number, ear.event);
    const bool closing = std::string_view(ear.event) == "close";
    require(!over || (closing && closed_at == Clock::here().turn), "nothing comes after 'close'");
  }
  void close_emitted(const net::Server& self) {
    ++closes;
    closed_at = Clock::here().turn;
    require(closes <= closings || aborts, "'close' is emitted no more often than close() was called");
    // listen() may have been called since close(), and still look its name up
    over = !self.listening() && closes >= closings && !listened_since;
  }
  void listened() {
    hears_close = hears_close && !close_ear.expired();
    hears_connection = hears_connection && !connection_ear.expired();
    if (!hears_connection) ++program.unwatched;
    ++listens;
    listened_since = true;
    over = false;
  }
  void drop() {
    for (const auto& callback : owed) callback->excused = true;
    server.reset();
    ++program.unwatched;
    std::erase_if(program.hosts, [this](const auto& each) { return each.get() == this; });
  }
  void check_the_end() {
    if (!lives() || !hears_close) return;
    require(!server->listening(), "a server that was closed does not listen");
    if (closings > 0) require(closes > 0, "a server that was closed emits 'close'");
  }
};

/// Calls `f.operator()<Name>()` for the event of that number.
inline constexpr std::size_t server_events = 5;
template <class F>
void with_server_event(std::size_t number, F&& f) {
  switch (number) {
    case 0: return f.template operator()<"close">();
    case 1: return f.template operator()<"connection">();
    case 2: return f.template operator()<"error">();
    case 3: return f.template operator()<"listening">();
    default: return f.template operator()<"drop">();
  }
}

}  // namespace programs

#endif

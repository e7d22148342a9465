// A socket of a random program, with what was heard of it: the rules of its events are held here.
#ifndef NET_TESTS_RANDOM_PROGRAMS_SIDE_HPP
#define NET_TESTS_RANDOM_PROGRAMS_SIDE_HPP

#include "tests/random_programs/program.hpp"

#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace programs {

/// One registration of a listener.
struct Ear : Counted {
  const char* event = "";
  bool once = false;
  bool first = false;  // it was put before the others
  bool removed = false;
  std::size_t removed_at = 0;  // the turn: an emission that is under way may still call it (S1.4)
  int calls = 0;
  net::Listener token;

  void remove() noexcept {
    if (!removed) removed_at = Clock::here().turn;
    removed = true;
  }
  /// Whether it may be called now.
  bool may_hear() noexcept {
    const bool may = (!removed || removed_at == Clock::here().turn) && (!once || calls == 0);
    ++calls;
    if (once) remove();
    return may;
  }
};

struct Side : Counted, std::enable_shared_from_this<Side> {
  Side(Program& with, net::Loop& on, const char* its_kind) : program(with), loop(&on), kind(its_kind) {}

  Program& program;
  net::Loop* loop;
  const char* kind;
  std::size_t number = 0;
  std::optional<net::Socket> socket;  // empty: the handle was dropped
  std::vector<std::shared_ptr<Ear>> ears;

  Ledger* out = nullptr;
  Received in;
  std::vector<Ledger*> piped_to;
  bool piped_into = false;
  int readers = 0;                         // that read it
  bool writes_failed = false;              // a callback said so, and nothing was connected since
  bool piped_uncounted = false;            // it was piped to others when nobody counted what came
  int uncounted = 0;                       // a 'data' is being emitted that was not counted yet
  std::size_t last_piece = 0, pieces = 0;  // how much the last one carried that was counted, and how many there were
  bool counts_data = false;                // a 'data' listener of this program counts what comes
  bool has_onread = false;
  bool in_read = false;

  int closes_due = 1;   // how many 'close' may come
  int errors_due = 1;   // how many 'error' may come
  bool opened = false;  // connecting, connected, or destroyed: it has to close
  bool hears_close = false, hears_error = false;
  std::weak_ptr<int> close_ear, error_ear, data_ear;  // live as long as the library keeps that listener
  bool lost_close = false;  // its 'close' listener was removed: what came meanwhile is not known
  bool released = false;
  std::size_t closed_at = static_cast<std::size_t>(-1);  // the turn of the last 'close'
  std::vector<std::shared_ptr<Owed>> owed;

  /// As much as one 'data' carries: more may have been received with it, which nobody sees.
  static constexpr std::size_t full_piece = 65536;

  void require(bool holds, const char* rule) {
    if (!holds) program.require(false, std::string(kind) + " " + std::to_string(number) + ": " + rule);
  }
  bool lives() const { return socket && program.has_loop(loop); }

  /// A connection begins, or may begin: new directions on it.
  void begins() {
    out = &program.ledgers.add();
    in = Received();
    out->mixed = piped_into;  // a pipe that was begun when it was closed goes on
    spoil_pipes();
    // so do takers that do not count
    if (!counts_data && (piped_uncounted || socket->readableFlowing() == true || socket->listenerCount<"data">() > 0)) {
      in.complete = false;
    }
  }
  /// What is piped to others is not what they have to get any more.
  void spoil_pipes() {
    for (Ledger* const each : piped_to) each->mixed = true;
    piped_to.clear();
  }

  /// Calls connect(); what a call that was refused has changed is put back.
  template <class Call>
  void connects(Call&& call) {
    const bool anew = socket->destroyed();
    const bool due = closes_due > 0;
    // what was received and not taken stays, and is emitted in the next connection
    const bool left = anew && socket->readableLength() > 0;
    const auto before = std::make_tuple(out, in, closes_due, errors_due, released);
    // in the callback of a write that failed because there was no connection: that one is lost, the next begins
    const bool lost = std::exchange(writes_failed, false) && !anew && !socket->connecting();
    if (lost) {
      out = &program.ledgers.add();
      out->mixed = piped_into;
    }
    if (anew) {
      begins();
      if (left) incomplete();
      ++closes_due;
      released = false;
      errors_due = due ? errors_due + 1 : 1;
    }
    try {
      call();
    } catch (const net::Error&) {
      std::tie(out, in, closes_due, errors_due, released) = before;
      throw;
    } catch (...) {  // a listener that is called inside the call
      opened = true;
      throw;
    }
    opened = true;
    if (anew && socket) {
      if (!due && !socket->destroyed()) require(socket->bytesRead() == 0, "a new connection has received nothing");
      greet();
    }
    if (lost && socket) greet();
  }
  /// The library drops the listeners of a socket that has closed.
  void notice_dropped_listeners() {
    hears_close = hears_close && !close_ear.expired();
    hears_error = hears_error && !error_ear.expired();
    counts_data = counts_data && !data_ear.expired();
    std::erase_if(ears, [](const auto& ear) { return ear.use_count() == 1; });
  }
  /// The first bytes of a connection say which one it is.
  void greet() {
    if (out->written == 0) send(0, 0);
  }

  void send(std::size_t size, std::size_t form);
  void counted(std::string_view bytes) {
    last_piece = bytes.size();
    ++pieces;
    if (in.take(program.ledgers, bytes)) return;
    program.say("at %zu of direction %zd, of which %zu bytes were written", in.position,
                in.from ? static_cast<std::ptrdiff_t>(in.from->number) : -1, in.from ? in.from->written : 0);
    require(false, "the bytes come in order, each once");
  }
  /// Bytes may pass by unseen from now on.
  void incomplete() {
    in.complete = false;
    spoil_pipes();
  }

  void heard(Ear& ear, const net::Socket& self) {
    require(ear.may_hear(), ear.once ? "a listener that was removed, or a once-listener, is not called (again)"
                                     : "a listener that was removed is not called");
    const std::string_view event = ear.event;
    // the listeners of these are given a socket, the other one
    const bool given_source = event == "pipe" || event == "unpipe";
    require(given_source || !socket || *socket == self, "the emitter is the socket itself");
    program.say("%s %zu hears %s", kind, number, ear.event);
    const bool by_call = event == "pause" || event == "resume" || event == "pipe" || event == "unpipe" ||
                         (event == "data" && in_read) ||
                         ((event == "close" || released) && closed_at == Clock::here().turn);
    // an event whose listener turned the loop, which closed it, is told to the others too (S1.4)
    const bool began_before = closed_at != static_cast<std::size_t>(-1) && closed_at > Clock::here().turn;
    if (!by_call && !began_before && !lost_close) {
      require(closes_due > 0, ("nothing comes after 'close': " + std::string(event)).c_str());
      require(!released, ("nothing comes after release(): " + std::string(event)).c_str());
    }
    if (!socket && !given_source && program.one_in(20)) {  // the handle is picked up again
      socket = self;
      program.sides.push_back(shared_from_this());
    }
  }
  void close_emitted(const net::Socket& self, bool failed) {
    --closes_due;
    closed_at = Clock::here().turn;
    require(closes_due >= 0 || lost_close, "'close' is emitted once for each connection");
    if (closes_due == 0) require(self.destroyed(), "in 'close' the socket is destroyed");
    (void)failed;
  }
  void end_emitted(const net::Socket& self) {
    if (in.complete && !self.readableEncoding() && in.position != 0) {
      require(in.position == in.before + self.bytesRead(), "'end' comes when everything was emitted");
    }
    if (in.complete && in.from && in.from->finished && !in.from->from) {
      require(in.position == in.from->written, "what was written before 'finish' comes before 'end'");
    }
  }
  void error_emitted(const net::Socket& self) {
    require(--errors_due >= 0, "at most one 'error' between two connects");
    if (closes_due <= 1) require(self.destroyed(), "in 'error' the socket is destroyed");
  }

  /// The program lets go of the handle; the loop keeps what is open.
  void drop() {
    socket.reset();
    ++program.unwatched;
    for (const auto& callback : owed) callback->excused = true;
    std::erase_if(program.sides, [this](const auto& each) { return each.get() == this; });
  }

  /// What has to be true when the program has ended.
  void check_the_end() {
    if (!socket || released || lost_close || !program.has_loop(loop)) return;
    if (opened && hears_close) require(closes_due == 0, "each socket that was opened closes");
  }
};

}  // namespace programs

#endif

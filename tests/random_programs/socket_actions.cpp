// What a random program does to a socket: every member of net::Socket.
#include "tests/random_programs/connecting.hpp"
#include "tests/random_programs/socket_listeners.hpp"

#include <unistd.h>

#include <span>

namespace programs {

void Side::send(std::size_t size, std::size_t form) {
  if (!socket) return;
  const bool counts = socket->writable();
  if (out->written == 0) size += Ledger::header;
  const std::string bytes = out->next(size);
  if (counts) out->accepted(size);
  std::shared_ptr<Owed> callback;
  if (form % 3 == 2) {
    callback = program.owe("write");
    owed.push_back(callback);
  }
  const auto on_done = [callback, side = weak_from_this()](const net::Error& error) {
    if (!Program::now) return;
    Program::now->was_called(*callback);
    const Inside inside(*Program::now);
    const auto self = side.lock();
    if (self && error) self->writes_failed = true;
    if (self && self->socket) act_on(*Program::now, *self);
    Program::now->maybe_throw();
  };
  const net::Socket to = *socket;
  const std::string_view view = bytes;
  program.say("%s %zu writes %zu bytes, form %zu", kind, number, size, form);
  bool more = false;
  switch (form) {
    case 0: more = to.write(bytes); break;
    case 1: more = to.write(std::string(bytes)); break;
    case 2: more = to.write(bytes, on_done); break;
    case 3: more = to.write(view); break;
    case 4: more = to.write(std::vector<char>(bytes.begin(), bytes.end())); break;
    case 5: more = to.write(std::string(bytes), on_done); break;
    case 6: more = to.write(std::as_bytes(std::span(view))); break;
    case 7: more = to.write(net::Chunk(view).toString(net::Encoding::hex), net::Encoding::hex); break;
    case 8: more = to.write(net::Chunk(view).toString(net::Encoding::base64), net::Encoding::base64, on_done); break;
    case 9: more = to.write(std::vector<unsigned char>(bytes.begin(), bytes.end())); break;
    case 10: more = to.write(net::Chunk(view).toString(net::Encoding::latin1), net::Encoding::latin1); break;
    default: more = to.write(view, on_done); break;
  }
  if (!counts) require(!more, "a refused write says false");
}

/// A destination of the user's own, which is no socket: it hands on to one.
struct Sink {
  net::Socket to;

  bool write(net::Chunk chunk) const { return to.write(chunk.view()); }
  void end() const { to.end(); }
  bool writableNeedDrain() const { return to.writableNeedDrain(); }
  template <net::fixed_string Name, class F>
  net::Listener addListener(F&& listener, bool front = false) const {
    return to.addListener<Name>(std::forward<F>(listener), front);
  }
  void off(net::Listener listener) const { to.off(listener); }
  template <net::fixed_string Name>
  std::size_t listenerCount() const {
    return to.listenerCount<Name>();
  }
};

/// All getters: none may throw (S11.22), and what they give belongs together.
static void look(Side& side) {
  const net::Socket s = *side.socket;
  side.require(s.closed() == s.destroyed(), "closed() is destroyed()");
  side.require(!s.destroyed() || (!s.readable() && !s.writable()), "what is destroyed is not readable or writable");
  side.require(!s.destroyed() || s.readyState() == net::ReadyState::closed, "what is destroyed is closed");
  side.require(!s.connecting() || s.readyState() == net::ReadyState::opening, "connecting is opening");
  side.require(!s.connecting() || s.pending(), "connecting is pending");
  side.require(!s.connecting() || !s.destroyed(), "what is destroyed does not connect");
  side.require(!s.writableFinished() || s.writableEnded(), "what has finished was ended");
  side.require(!s.writableFinished() || s.writableLength() == 0, "what has finished has nothing to write");
  side.require(s.bufferSize() <= s.writableLength(), "bufferSize() is no more than writableLength()");
  (void)s.readableFlowing(), (void)s.isPaused(), (void)s.readableEnded();
  (void)s.writableCorked();
  side.require(!s.destroyed() || !s.address(), "what is destroyed has no address");
  side.require(s == *side.socket, "a copy is the same socket");
  (void)s.errored(), (void)s.address(), (void)s.localAddress(), (void)s.localPort(), (void)s.localFamily();
  (void)s.remoteAddress(), (void)s.remotePort(), (void)s.remoteFamily(), (void)s.autoSelectFamilyAttemptedAddresses();
  (void)s.blockList(), (void)s.server(), (void)s.bytesRead(), (void)s.bytesWritten(), (void)s.readableLength();
  (void)s.writableHighWaterMark(), (void)s.readableHighWaterMark(), (void)s.writableNeedDrain();
  (void)s.nativeHandle(), (void)s.timeout(), (void)s.allowHalfOpen(), (void)s.readableEncoding();
}

static void read_some(Side& side, bool all, std::size_t n) {
  const bool outer = std::exchange(side.in_read, true);
  struct Back {
    Side& side;
    bool outer;
    ~Back() { side.in_read = outer; }
  } const back{side, outer};
  const net::Socket s = *side.socket;
  const bool bytes = !s.readableEncoding();
  // with a listener of 'data' it gets what read() gives
  const bool counted = s.listenerCount<"data">() > 0;
  if (side.uncounted > 0) side.incomplete();  // it is counted before that
  const std::size_t before = side.pieces;
  const auto piece = all ? s.read() : s.read(n);
  side.program.say("  read %zu bytes", piece ? piece->size() : 0);
  if (!piece) return;
  side.require(all || piece->size() <= n, "read(n) gives no more than n");
  if (!bytes || (counted && !side.counts_data)) return side.incomplete();
  if (side.pieces == before) side.counted(*piece);  // nobody listens to it, or the socket has failed
}

static void unshift_some(Side& side) {
  side.spoil_pipes();
  if (side.has_onread) {  // what is put back is no business of its own buffer
    side.incomplete();
    side.socket->unshift("put in front");
  } else if (side.socket->destroyed() || side.socket->errored()) {
    side.socket->unshift("put in front");  // of nothing: it is not taken
  } else if (side.in.complete && !side.socket->readableEnded() && side.uncounted == 0) {
    side.socket->unshift(side.in.put_back(side.program.below(40)));
  } else {
    side.incomplete();
    side.socket->unshift("put in front");
  }
}

static void pipe_somewhere(Side& side) {
  if (side.readers > 0) return;  // it may be refused
  Program& program = side.program;
  const auto other = program.pick(program.sides);
  if (other->loop != side.loop && !program.one_in(10)) return;
  const net::Socket to = *other->socket;
  const bool known = side.in.complete && side.in.from && side.counts_data && side.uncounted == 0 &&
                     side.piped_to.empty() && other->out->written >= Ledger::header && !other->out->from &&
                     other.get() != &side && !side.in.from->comes_from(*other->out);
  if (known) {
    other->out->from = side.in.from;
    other->out->at = other->out->written;
    other->out->from_at = side.in.position;
  } else {
    other->out->mixed = true;
  }
  side.piped_to.push_back(other->out);
  other->piped_into = true;
  if (!side.counts_data) side.piped_uncounted = true, side.incomplete();
  const net::PipeOptions options{.end = !program.one_in(3)};
  program.say("%s %zu pipes to %s %zu%s", side.kind, side.number, other->kind, other->number, known ? "" : " (mixed)");
  if (program.one_in(6)) {
    (void)side.socket->pipe(Sink{to}, options);
  } else {
    (void)side.socket->pipe(to, options);
  }
}

static void end_somehow(const std::shared_ptr<Side>& side) {
  Program& program = side->program;
  std::shared_ptr<Owed> callback = program.owe("end");
  const auto on_done = [callback, weak = std::weak_ptr<Side>(side)](const net::Error& error) {
    if (!Program::now) return;
    Program::now->was_called(*callback);
    const auto self = weak.lock();
    if (!error && self) self->out->finished = true;
    const Inside inside(*Program::now);
    if (self && self->socket) act_on(*Program::now, *self);
    Program::now->maybe_throw();
  };
  side->owed.push_back(callback);
  const net::Socket s = *side->socket;
  if (side->out->written == 0) side->send(0, 0);
  const std::string bytes = side->out->next(5);
  const std::size_t form = program.below(6);
  if (form > 1 && s.writable()) side->out->accepted(5);
  if (form != 1 && form != 3 && form != 5) callback->excused = true, callback->called = 0;
  program.say("%s %zu ends, form %zu", side->kind, side->number, form);
  switch (form) {
    case 0: s.end(); break;
    case 1: s.end(on_done); break;
    case 2: s.end(bytes); break;
    case 3: s.end(bytes, on_done); break;
    case 4: s.end(net::Chunk(bytes).toString(net::Encoding::hex), net::Encoding::hex); break;
    default: s.end(net::Chunk(bytes).toString(net::Encoding::hex), net::Encoding::hex, on_done); break;
  }
}

/// Takes the descriptor out, and sometimes makes a new socket of it.
static void release_it(const std::shared_ptr<Side>& side) {
  Program& program = side->program;
  const net::Socket s = *side->socket;
  const bool clean = s.readableLength() == 0 && !s.readableEnded();
  if (s.writableLength() > 0 && !program.one_in(5)) return;
  const net::NativeHandle fd = s.release();
  program.say("%s %zu released descriptor %d", side->kind, side->number, static_cast<int>(fd));
  if (fd < 0) return;
  side->released = true;
  side->closes_due = 0;
  side->closed_at = Clock::here().turn;
  for (const auto& callback : side->owed) callback->excused = true;
  if (program.one_in(4)) {
    ::close(fd);
    return;
  }
  Received in = side->in;
  in.complete = in.complete && clean && in.position == in.before + s.bytesRead() && side->uncounted == 0 &&
                side->last_piece < Side::full_piece;
  in.before = in.position;
  const bool unread = s.readableEnded();
  Ledger* const out = side->out;
  out->finished = false;
  side->spoil_pipes();
  side->out = &program.ledgers.add();
  side->in = Received();
  side->incomplete();  // what it has not taken yet stays with it
  adopt(program, *side->loop, fd, "adopted", out, std::move(in), !unread);
}

void act_on(Program& program, Side& given) {
  if (program.child || !given.lives()) return;
  const std::shared_ptr<Side> side = given.shared_from_this();
  const net::Socket s = *side->socket;
  const auto rarely = [&](std::size_t n) { return program.winding_down ? false : program.one_in(n); };
  const auto later = [&] { return happens(); };
  switch (program.below(44)) {
    case 0:
    case 1:
    case 2: side->send(program.below(200), program.below(12)); break;
    case 3: side->send(program.below(20000), program.below(12)); break;
    case 4: side->send(program.below(150000), program.below(12)); break;
    case 5:
      for (std::size_t n = program.below(5); n > 0 && side->socket; --n)
        side->send(program.below(64), program.below(12));
      break;
    case 6:
      if (rarely(3)) end_somehow(side);
      break;
    case 7: s.cork(); break;
    case 8: s.uncork(); break;
    case 9:
      if (rarely(6)) program.say("%s %zu destroy()", side->kind, side->number), side->opened = true, s.destroy();
      break;
    case 10:
      if (rarely(6)) {
        program.say("%s %zu destroy(error)", side->kind, side->number);
        side->opened = true;
        s.destroy(net::Error("on purpose"));
      }
      break;
    case 11:
      if (rarely(6)) program.say("%s %zu destroySoon()", side->kind, side->number), s.destroySoon();
      break;
    case 12:
      if (rarely(6)) attempt(program, "resetAndDestroy", [&] { s.resetAndDestroy(); });
      break;
    case 13:
    case 14:
      program.say("%s %zu pause()", side->kind, side->number);
      s.pause();
      break;
    case 15:
    case 16:
      program.say("%s %zu resume()", side->kind, side->number);
      if (!side->counts_data && !side->has_onread) side->incomplete();
      s.resume();
      break;
    case 17: look(*side); break;
    case 18: read_some(*side, true, 0); break;
    case 19: read_some(*side, false, program.below(3000)); break;
    case 20:
      if (rarely(2)) unshift_some(*side);
      break;
    case 21:
      if (rarely(3)) {  // nested: what is put back is emitted inside an emission
        unshift_some(*side);
        if (side->socket) unshift_some(*side);
      }
      break;
    case 22:
      if (rarely(12)) {
        side->incomplete();
        if (program.one_in(2)) {
          s.setEncoding(static_cast<net::Encoding>(program.below(8)));
        } else {
          attempt(program, "setEncoding", [&] { s.setEncoding(program.one_in(2) ? "UCS-2" : "none"); });
        }
      }
      break;
    case 23:
      if (rarely(3) && program.allowed("pipe")) attempt(program, "pipe", [&] { pipe_somewhere(*side); });
      break;
    case 24:
      if (program.allowed("pipe")) side->spoil_pipes(), s.unpipe();
      break;
    case 25:
      if (program.allowed("pipe") && !program.sides.empty()) {
        const auto other = program.pick(program.sides);
        side->spoil_pipes();
        s.unpipe(*other->socket);
      }
      break;
    case 26: attempt(program, "setTimeout", [&] { s.setTimeout(program.milliseconds(40) - 1); }); break;
    case 27: attempt(program, "setTimeout(…, f)", [&] { s.setTimeout(program.milliseconds(40), later()); }); break;
    case 28: s.setNoDelay(program.one_in(2)).setKeepAlive(program.one_in(2), program.milliseconds(5000)); break;
    case 29: attempt(program, "setTypeOfService", [&] { s.setTypeOfService(program.milliseconds(300)); }); break;
    case 30: attempt(program, "getTypeOfService", [&] { (void)s.getTypeOfService(); }); break;
    case 31: program.one_in(2) ? s.ref() : s.unref(); break;
    case 32: s.allowHalfOpen(program.one_in(2)); break;
    case 33:
      if (rarely(6)) attempt(program, "release", [&] { release_it(side); });
      break;
    case 34:
    case 35:
    case 36:
    case 37: add_socket_ear(side, program.below(socket_events), program.below(6)); break;
    case 38:
      if (rarely(3)) remove_socket_ears(*side, program.below(4));
      break;
    case 39:
      if (s.destroyed() ? rarely(2) : rarely(8)) connect_somewhere(side);
      break;
    case 40:
      if (rarely(25)) program.say("%s %zu: handle dropped", side->kind, side->number), side->drop();
      break;
    case 41:
      side->notice_dropped_listeners();
      if (s.destroyed() && rarely(2)) {  // it may be listened to again, for the next connection
        if (!side->hears_close) count_close_again(side);
        if (!side->hears_error) count_error(side);
      }
      break;
    default: act(program); break;
  }
}

}  // namespace programs

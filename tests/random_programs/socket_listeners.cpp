#include "tests/random_programs/socket_listeners.hpp"

namespace programs {

/// A listener that holds the rules and then does anything. It keeps its side, and with it the socket: a cycle that the
/// library has to break.
static auto socket_ear(const std::shared_ptr<Side>& side, const std::shared_ptr<Ear>& ear) {
  return [side, ear](const net::Socket& self) {
    if (!Program::now || Program::now->child) return;
    Program& program = side->program;
    const Inside inside(program);
    side->heard(*ear, self);
    if (!program.may_step()) return;
    // those that come after a listener that throws are not called (S1.5)
    struct Broken {
      Side& side;
      const char* event;
      bool passed = false;
      ~Broken() {
        if (passed) return;
        if (std::string_view(event) == "close" && side.closed_at != Clock::here().turn) side.lost_close = true;
        if (std::string_view(event) == "data" || std::string_view(event) == "end") side.incomplete();
      }
    } broken{*side, ear->event};
    struct Uncounted {
      int* depth;
      explicit Uncounted(int* of) noexcept : depth(of) {
        if (depth) ++*depth;
      }
      Uncounted(const Uncounted&) = delete;
      Uncounted& operator=(const Uncounted&) = delete;
      ~Uncounted() {
        if (depth) --*depth;
      }
    } const uncounted(ear->first && std::string_view(ear->event) == "data" ? &side->uncounted : nullptr);
    if (side->socket && !program.one_in(4)) {
      act_on(program, *side);
    } else {
      act(program);
    }
    program.maybe_throw();
    broken.passed = true;
  };
}

void add_socket_ear(const std::shared_ptr<Side>& side, std::size_t event, std::size_t way) {
  const auto ear = std::make_shared<Ear>();
  const net::Socket socket = *side->socket;
  const auto listener = socket_ear(side, ear);
  with_socket_event(event, [&]<net::fixed_string Name>() {
    static constexpr auto name = Name;
    ear->event = name.text;
    if (Name.view() == "data" || Name.view() == "readable") {
      if (!side->counts_data) side->incomplete();  // it flows now, and this one does not count
    }
    const std::size_t before = socket.listenerCount<Name>();
    ear->once = way == 1 || way == 3;
    ear->first = way == 2 || way == 3 || way == 5;
    switch (way) {
      case 0: socket.on<Name>(listener); break;
      case 1: socket.once<Name>(listener); break;
      case 2: socket.prependListener<Name>(listener); break;
      case 3: socket.prependOnceListener<Name>(listener); break;
      case 4: ear->token = socket.addListener<Name>(listener); break;
      default: ear->token = socket.addListener<Name>(listener, true); break;
    }
    side->require(socket.listenerCount<Name>() == before + 1, "a listener that was added is counted");
    side->program.say("%s %zu: listener of %s, way %zu", side->kind, side->number, ear->event, way);
  });
  side->ears.push_back(ear);
}

void count_close(const std::shared_ptr<Side>& side) {
  side->hears_close = true;
  const auto ear = std::make_shared<int>();
  side->close_ear = ear;
  side->socket->on<"close">([side, ear](const net::Socket& self, bool failed) {
    if (!Program::now || Program::now->child) return;
    const Inside inside(side->program);
    side->program.say("%s %zu: closed", side->kind, side->number);
    side->close_emitted(self, failed);
    if (side->socket && side->program.may_step()) act_on(side->program, *side);
  });
}
void count_close_again(const std::shared_ptr<Side>& side) {
  side->lost_close = side->lost_close || (side->socket->destroyed() && side->closes_due > 0);
  count_close(side);
}
void count_error(const std::shared_ptr<Side>& side) {
  side->hears_error = true;
  const auto ear = std::make_shared<int>();
  side->error_ear = ear;
  side->socket->on<"error">([side, ear](const net::Socket& self, const net::Error& error) {
    if (!Program::now || Program::now->child) return;
    const Inside inside(side->program);
    side->program.say("%s %zu: %s", side->kind, side->number, error.what());
    side->error_emitted(self);
    if (side->socket && side->program.may_step()) act_on(side->program, *side);
    side->program.maybe_throw();
  });
}
void count_data(const std::shared_ptr<Side>& side) {
  side->counts_data = true;
  const auto ear = std::make_shared<int>();
  side->data_ear = ear;
  side->socket->on<"data">([side, ear](const net::Socket& self, net::Chunk chunk) {
    if (!Program::now || Program::now->child) return;
    const Inside inside(side->program);
    side->program.say("%s %zu: %zu bytes", side->kind, side->number, chunk.size());
    if (!self.readableEncoding()) side->counted(chunk);
    if (side->socket && side->program.may_step()) act_on(side->program, *side);
    side->program.maybe_throw();
  });
  side->socket->on<"end">([side](const net::Socket& self) {
    if (Program::now && !Program::now->child) side->end_emitted(self);
  });
}

void remove_socket_ears(Side& side, std::size_t way) {
  Program& program = side.program;
  const net::Socket socket = *side.socket;
  if (way < 2) {
    if (side.ears.empty()) return;
    const auto ear = program.pick(side.ears);
    way == 0 ? socket.off(ear->token) : socket.removeListener(ear->token);
    if (ear->token.id() != 0) ear->remove();
    return;
  }
  const std::size_t event = program.below(socket_events);
  const bool all = way == 3;
  // what they count passes by unseen then
  if (all || event == 0) side.hears_close = false, side.lost_close = true;
  if (all || event == 8) side.hears_error = false, side.errors_due = 1000;
  if (all || event == 5) side.counts_data = false, side.incomplete();
  if (all || event == 7) side.incomplete();
  if (all || event == 0 || event == 1) {
    for (const auto& callback : side.owed) callback->excused = true;  // it may have been a listener
  }
  if (all) {
    program.say("%s %zu: removes all listeners", side.kind, side.number);
    socket.removeAllListeners();
    for (const auto& ear : side.ears) ear->remove();
    side.ears.clear();
    return;
  }
  with_socket_event(event, [&]<net::fixed_string Name>() {
    static constexpr auto name = Name;
    program.say("%s %zu: removes all of %s", side.kind, side.number, name.text);
    socket.removeAllListeners<Name>();
    side.require(socket.listenerCount<Name>() == 0, "after removeAllListeners nobody listens");
    std::erase_if(side.ears, [](const auto& ear) {
      if (std::string_view(ear->event) != name.view()) return false;
      ear->remove();
      return true;
    });
  });
}

}  // namespace programs

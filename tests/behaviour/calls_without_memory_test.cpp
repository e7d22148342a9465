#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <net.hpp>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

template <class Object>
struct Named {
  const char* name;
  void (*call)(const Object&, Log&);
};

/// Makes a call, in which the n-th allocation fails, and makes it again if it has thrown for that. n of 0: none fails.
/// True if one did.
template <class Object>
bool made(const Named<Object>& call, const Object& object, Log& log, long n) {
  net::Error thrown;
  const auto returns = [&] {
    try {
      call.call(object, log);
    } catch (const std::bad_alloc&) {
      return false;
    } catch (const net::Error& error) {
      thrown = error;
    }
    return true;
  };
  bool failed = false, returned = false;
  {
    const FailingAllocation one(n == 0 ? -1 : n);
    returned = returns();
    failed = one.failed();
  }
  if (!returned) {
    REQUIRE(failed);
    REQUIRE(returns());
  }
  if (thrown) log.add("throws:" + std::string(thrown.name()));
  return failed;
}

/// Holds what happens when an allocation of a call fails against what happens otherwise, in every state, with so many
/// ticks queued that one more needs space or does not. `happens` gives nothing when there are not so many allocations.
template <class Object, std::size_t States, std::size_t Calls, class Happens>
void the_same_without_memory(const Named<Object> (&states)[States], const Named<Object> (&calls)[Calls],
                             Happens happens) {
  for (const Named<Object>& state : states) {
    for (const Named<Object>& call : calls) {
      for (const int ticks : {0, 10, 11, 12, 13, 14, 15, 16}) {
        const std::string what = std::string(call.name) + " of one that is " + state.name;
        CAPTURE(what);
        CAPTURE(ticks);
        const std::optional<std::string> expected = happens(state, call, ticks, 0);
        for (long n = 1; n < 60; ++n) {
          CAPTURE(n);
          const std::optional<std::string> got = happens(state, call, ticks, n);
          if (!got) break;
          CHECK(*got == *expected);
        }
      }
    }
  }
}

std::string taken;  // by read(); moved, because what notes it needs memory
void take(std::optional<std::string>&& piece) {
  if (piece) taken = std::move(*piece);
}

constexpr Named<net::Socket> socket_states[] = {
    {"new", [](const net::Socket&, Log&) {}},
    {"connecting", [](const net::Socket&, Log&) {}},
    {"connected", [](const net::Socket&, Log&) {}},
    {"holding bytes",
     [](const net::Socket& socket, Log&) {
       socket.pause();
       for (const char* piece : {"bytes that", "in pieces, so ", "it has been given back "}) socket.unshift(piece);
     }},
    {"corked", [](const net::Socket& socket, Log&) { socket.cork(), socket.write("corked,"); }},
    {"ended", [](const net::Socket& socket, Log&) { socket.end("ended,"); }},
    {"destroyed", [](const net::Socket& socket, Log&) { socket.destroy(); }},
};

/// A destination that notes what it gets.
struct Noting {
  Log* log;

  bool write(net::Chunk chunk) const { return log->add("piped:" + std::to_string(chunk.size())), true; }
  void end() const { log->add("piped:end"); }
  bool writableNeedDrain() const noexcept { return false; }
  template <net::fixed_string Name, class... Args>
  int addListener(const Args&...) const {
    return 0;
  }
  void off(int) const noexcept {}
  template <net::fixed_string Name>
  std::size_t listenerCount() const noexcept {
    return 0;
  }
  bool operator==(const Noting&) const = default;
};

constexpr Named<net::Socket> socket_calls[] = {
    {"write", [](const net::Socket& socket, Log&) { socket.write("text"); }},
    {"a write that is called back",
     [](const net::Socket& socket, Log& log) { socket.write("text", note_error(log, "w")); }},
    {"a long write",
     [](const net::Socket& socket, Log& log) { socket.write(std::string(300'000, 'x'), note_error(log, "w")); }},
    {"end", [](const net::Socket& socket, Log&) { socket.end(); }},
    {"an end that is called back", [](const net::Socket& socket, Log& log) { socket.end(note_error(log, "e")); }},
    {"an end with data", [](const net::Socket& socket, Log&) { socket.end("last"); }},
    {"an end with data that is called back",
     [](const net::Socket& socket, Log& log) { socket.end("last", note_error(log, "e")); }},
    {"destroySoon", [](const net::Socket& socket, Log&) { socket.destroySoon(); }},
    {"destroy", [](const net::Socket& socket, Log&) { socket.destroy(); }},
    {"a destroy with an error", [](const net::Socket& socket, Log&) { socket.destroy(net::Error("broken")); }},
    {"resetAndDestroy", [](const net::Socket& socket, Log&) { socket.resetAndDestroy(); }},
    {"uncork", [](const net::Socket& socket, Log&) { socket.uncork(); }},
    {"pause", [](const net::Socket& socket, Log&) { socket.pause(); }},
    {"resume", [](const net::Socket& socket, Log&) { socket.resume(); }},
    {"unshift", [](const net::Socket& socket, Log&) { socket.unshift("before"); }},
    {"read", [](const net::Socket& socket, Log&) { take(socket.read()); }},
    {"a read of so many", [](const net::Socket& socket, Log&) { take(socket.read(30)); }},
    {"setEncoding", [](const net::Socket& socket, Log&) { socket.setEncoding(net::Encoding::hex); }},
    {"pipe", [](const net::Socket& socket, Log& log) { socket.pipe(Noting{&log}); }},
    {"setTimeout", [](const net::Socket& socket, Log&) { socket.setTimeout(60'000, [] {}); }},
    {"setKeepAlive", [](const net::Socket& socket, Log&) { socket.setKeepAlive(true, 1000); }},
};

constexpr Named<net::Server> server_states[] = {
    {"new", [](const net::Server&, Log&) {}},
    {"listening", [](const net::Server& server, Log&) { server.listen(0); }},
    {"closed", [](const net::Server& server, Log&) { server.listen(0).close(); }},
};

constexpr Named<net::Server> server_calls[] = {
    {"listen", [](const net::Server& server, Log& log) { server.listen(0, [&log] { log.add("called back"); }); }},
    {"a listen with a host", [](const net::Server& server, Log&) { server.listen(0, "127.0.0.1"); }},
    {"a listen that fails", [](const net::Server& server, Log&) { server.listen("/nowhere/at/all"); }},
    {"close", [](const net::Server& server, Log&) { server.close(); }},
    {"a close that is called back", [](const net::Server& server, Log& log) { server.close(note_error(log, "c")); }},
    {"getConnections",
     [](const net::Server& server, Log& log) {
       server.getConnections([&log](const net::Error&, std::size_t count) { log.add(std::to_string(count)); });
     }},
};

constexpr Named<net::FileWriter> writer_states[] = {
    {"opening", [](const net::FileWriter&, Log&) {}},
    {"open", [](const net::FileWriter&, Log&) {}},
    {"writing", [](const net::FileWriter& file, Log&) { file.write("first,"); }},
    {"full", [](const net::FileWriter& file, Log&) { file.write(std::string(30'000, 'x')); }},
    {"ended", [](const net::FileWriter& file, Log&) { file.end("ended,"); }},
    {"destroyed", [](const net::FileWriter& file, Log&) { file.destroy(); }},
};

constexpr Named<net::FileWriter> writer_calls[] = {
    {"write", [](const net::FileWriter& file, Log&) { file.write("text"); }},
    {"a write that is called back",
     [](const net::FileWriter& file, Log& log) { file.write("text", note_error(log, "w")); }},
    {"a long write",
     [](const net::FileWriter& file, Log& log) { file.write(std::string(300'000, 'x'), note_error(log, "w")); }},
    {"a write of nothing", [](const net::FileWriter& file, Log& log) { file.write("", note_error(log, "w")); }},
    {"end", [](const net::FileWriter& file, Log&) { file.end(); }},
    {"an end that is called back", [](const net::FileWriter& file, Log& log) { file.end(note_error(log, "e")); }},
    {"an end with data", [](const net::FileWriter& file, Log&) { file.end("last"); }},
    {"an end with data that is called back",
     [](const net::FileWriter& file, Log& log) { file.end("last", note_error(log, "e")); }},
    {"destroy", [](const net::FileWriter& file, Log&) { file.destroy(); }},
    {"a destroy with an error", [](const net::FileWriter& file, Log&) { file.destroy(net::Error("broken")); }},
};

constexpr Named<net::FileReader> reader_states[] = {
    {"opening", [](const net::FileReader&, Log&) {}},
    {"open", [](const net::FileReader&, Log&) {}},
    {"paused", [](const net::FileReader& file, Log&) { file.pause(); }},
    {"flowing", [](const net::FileReader& file, Log&) { file.resume(); }},
    {"destroyed", [](const net::FileReader& file, Log&) { file.destroy(); }},
};

constexpr Named<net::FileReader> reader_calls[] = {
    {"resume", [](const net::FileReader& file, Log&) { file.resume(); }},
    {"pause", [](const net::FileReader& file, Log&) { file.pause(); }},
    {"a listener",
     [](const net::FileReader& file, Log& log) {
       file.on<"data">([&log](net::Chunk chunk) { log.add(std::to_string(chunk.size())); });
     }},
    {"pipe", [](const net::FileReader& file, Log& log) { file.pipe(Noting{&log}); }},
    {"destroy", [](const net::FileReader& file, Log&) { file.destroy(); }},
    {"a destroy with an error", [](const net::FileReader& file, Log&) { file.destroy(net::Error("broken")); }},
};

/// Notes what both kinds of files emit.
template <class File>
void note_file(const File& file, Log& log) {
  file.template on<"error">([&log](const net::Error& error) { log.add("error(" + std::string(error.what()) + ")"); });
  file.template on<"close">([&log] { log.add("close"); });
}

}  // namespace

TEST_CASE("S32.5: what a socket has no memory for it has not begun: called again, it does all of it, once") {
  the_same_without_memory(socket_states, socket_calls, [](const auto& state, const auto& call, int ticks, long n) {
    net::Loop loop;
    Log log;
    std::string received;
    const net::Socket client(loop, {.allowHalfOpen = true});
    const net::Server server(loop, {}, [&](const net::Socket& socket) {
      socket.on<"error">([] {});
      socket.on<"data">([&received](net::Chunk chunk) { received += chunk; });
    });
    server.listen(0);
    const std::string_view name = state.name;
    if (name != "new") client.connect(server.address()->port, "127.0.0.1");
    if (name != "new" && name != "connecting") run_until(loop, [&] { return !client.connecting(); });
    note(client, log);
    state.call(client, log);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    const bool failed = made(call, client, log, n);
    run_until(loop, [&] {
      const bool sent = client.writableLength() == 0 || client.writableCorked() > 0;
      return client.destroyed() || (sent && !client.connecting());
    });
    for (int turns = 0; turns < 10; ++turns) loop.runOnce(0);
    log.add("and then, having read '" + std::exchange(taken, {}) + "':");
    client.on<"data">([&log](net::Chunk chunk) { log.add(chunk); });
    client.resume();
    while (client.writableCorked() > 0) client.uncork();
    client.destroySoon();
    server.close();
    loop.run();
    if (std::string_view(call.name) == "resetAndDestroy") received.clear();  // what has come may be lost with it
    return failed || n == 0 ? std::optional(log.text() + " received " + received) : std::nullopt;
  });
}

TEST_CASE("S32.5: what a server has no memory for it has not begun: called again, it does all of it, once") {
  the_same_without_memory(server_states, server_calls, [](const auto& state, const auto& call, int ticks, long n) {
    net::Loop loop;
    Log log;
    const net::Server server(loop);
    state.call(server, log);
    note(server, log);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    const bool failed = made(call, server, log, n);
    run_until(loop, [&] { return !loop.alive() || server.listening(); });
    log.add(server.listening() ? "listens" : "does not");
    server.close();
    loop.run();
    return failed || n == 0 ? std::optional(log.text()) : std::nullopt;
  });
}

TEST_CASE("S32.5: what a FileWriter has no memory for it has not begun: called again, it does all of it, once") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  the_same_without_memory(writer_states, writer_calls, [&](const auto& state, const auto& call, int ticks, long n) {
    net::Loop loop;
    Log log;
    const net::FileWriter file(loop, path, {.highWaterMark = 20'000});
    note_file(file, log);
    file.on<"drain">([&log] { log.add("drain"); });
    file.on<"finish">([&log] { log.add("finish"); });
    bool open = false;
    file.on<"open">([&open] { open = true; });
    if (std::string_view(state.name) != "opening") run_until(loop, [&] { return open; });
    state.call(file, log);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    const bool failed = made(call, file, log, n);
    log.add(std::to_string(file.writableLength()));
    loop.run();
    file.end();
    loop.run();
    std::ifstream written(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(written), {}};
    return failed || n == 0 ? std::optional(log.text() + " has " + text) : std::nullopt;
  });
}

TEST_CASE("S32.5: what a FileReader has no memory for it has not begun: called again, it does all of it, once") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("file");
  std::ofstream(path) << std::string(3000, 'x');
  the_same_without_memory(reader_states, reader_calls, [&](const auto& state, const auto& call, int ticks, long n) {
    net::Loop loop;
    Log log;
    const net::FileReader file(loop, path, {.highWaterMark = 1000});
    note_file(file, log);
    file.on<"end">([&log] { log.add("end"); });
    bool open = false;
    file.on<"open">([&open] { open = true; });
    if (std::string_view(state.name) != "opening") run_until(loop, [&] { return open; });
    state.call(file, log);
    for (int i = 0; i < ticks; ++i) loop.nextTick([] {});
    const bool failed = made(call, file, log, n);
    log.add(file.isPaused() ? "paused" : file.readableFlowing() ? "flows" : "rests");
    loop.run();
    log.add(std::to_string(file.bytesRead()));
    file.destroy();
    loop.run();
    return failed || n == 0 ? std::optional(log.text()) : std::nullopt;
  });
}

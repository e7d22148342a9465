// Inside another program's loop: embedded [port [idle ms]] is an echo server that runs in libuv's loop, beside a
// timer of libuv's own. Any loop that can watch a descriptor and has timers will do: Qt's, GLib's, a game's.
#include <uv.h>

#include <cstdio>
#include <cstdlib>

#include <net.hpp>

class Embedded {
 public:
  Embedded(uv_loop_t* host, net::Loop& loop) : loop_(loop) {
    uv_poll_init(host, &readable_, loop.backendHandle());
    uv_timer_init(host, &timer_);
    readable_.data = timer_.data = this;
    uv_poll_start(&readable_, UV_READABLE, [](uv_poll_t* self, int, int) { of(self).turn(); });
    turn();
  }

 private:
  static Embedded& of(auto* handle) { return *static_cast<Embedded*>(handle->data); }

  /// What is ready now, without waiting; then again when the handle is readable or the time has come.
  void turn() {
    if (!loop_.runOnce(0)) {
      uv_close(reinterpret_cast<uv_handle_t*>(&readable_), nullptr);
      uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
    } else if (const auto wait = loop_.nextTimeout()) {
      const auto due = static_cast<std::uint64_t>(wait->milliseconds());
      uv_timer_start(&timer_, [](uv_timer_t* self) { of(self).turn(); }, due, 0);
    } else {
      uv_timer_stop(&timer_);
    }
  }

  net::Loop& loop_;
  uv_poll_t readable_{};
  uv_timer_t timer_{};
};

int main(int argc, char** argv) {
  net::Loop loop;
  if (loop.backendHandle() < 0) return std::fputs("this poller has no descriptor to watch\n", stderr), 77;
  const int idle = argc > 2 ? std::atoi(argv[2]) : 200;
  const auto server = net::createServer([idle](const net::Socket& client) {
    client.pipe(client);
    client.on<"error">([](const net::Error& error) { std::fprintf(stderr, "%s\n", error.what()); });
    client.setTimeout(idle, [](const net::Socket& self) { self.end("too quiet\n"); });
  });
  server.listen(argc > 1 ? std::atoi(argv[1]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str());
    std::fflush(stdout);
  });
  loop.onSignal(SIGTERM, [server] { server.close(); });

  uv_timer_t beat;
  uv_timer_init(uv_default_loop(), &beat);
  uv_timer_start(&beat, [](uv_timer_t*) { std::puts("the host goes on"), std::fflush(stdout); }, 100, 100);
  uv_unref(reinterpret_cast<uv_handle_t*>(&beat));
  Embedded embedded(uv_default_loop(), loop);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

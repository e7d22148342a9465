// Other threads that do what they may: abort, post and stop, and loops of their own.
#ifndef NET_TESTS_RANDOM_PROGRAMS_THREADS_HPP
#define NET_TESTS_RANDOM_PROGRAMS_THREADS_HPP

#include "tests/random_programs/program.hpp"

#include <thread>

namespace programs {

/// An echo of its own, on a loop of its own; aborted from elsewhere, or at its end.
inline void run_an_echo(const net::AbortSignal& signal, net::WorkerPool* pool, Random random) {
  net::Loop loop;
  const net::Server server(loop);
  server.on<"connection">([](net::Socket socket) {
    socket.on<"error">([] {});
    socket.pipe(socket);
  });
  server.on<"error">([] {});
  server.listen({.port = 0, .host = "127.0.0.1", .signal = signal});
  const net::Socket client(loop, {.signal = signal});
  client.on<"error">([&server] { server.close(); });
  client.on<"close">([&server] { server.close(); });
  client.on<"data">([client](net::Chunk chunk) {
    if (chunk.size() > 0) client.end();
  });
  server.on<"listening">([&] {
    client.connect(server.address()->port, "127.0.0.1");
    client.write("there and back");
  });
  if (pool && random.one_in(2)) {
    pool->exec([] { return 1; }).then([](int) {}, [](const net::Error&) {});
  }
  loop.setTimeout([&] { client.destroy(); }, 50);
  try {
    loop.run();
  } catch (const Idle&) {
  }
}

/// The threads of one program. They touch nothing of it but what is made for threads.
class Threads {
 public:
  explicit Threads(Program& program) : program_(program) {
    Clock::here().others = program.threads_run = true;
    for (std::size_t n = 1 + program.below(2); n > 0; --n) {
      std::vector<net::AbortController> controllers;
      for (const auto& each : program.controllers) controllers.push_back(each);
      threads_.emplace_back(&Threads::run, this, Random(program.random.next()), std::move(controllers),
                            program.loops.front().get(), program.pool.get());
    }
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  /// Before the loops go.
  ~Threads() {
    if (program_.child) {  // they are not there: nobody can join them
      [[maybe_unused]] static std::vector<std::thread>* forgotten;
      forgotten = new std::vector<std::thread>(std::move(threads_));
      return;
    }
    for (std::thread& thread : threads_) thread.join();
    Clock::here().others = program_.threads_run = false;
  }

 private:
  void run(Random random, std::vector<net::AbortController> controllers, net::Loop* loop, net::WorkerPool* pool) {
    const net::Stopper stopper = loop->stopper();
    for (std::size_t n = random.below(30); n > 0; --n) {
      switch (random.below(6)) {
        case 0:
          if (!controllers.empty()) controllers[random.below(controllers.size())].abort();
          break;
        case 1:
          if (!controllers.empty()) controllers[random.below(controllers.size())].abort(net::Error("from a thread"));
          break;
        case 2:
          loop->post([what = std::make_unique<int>(1)] {
            if (Program::now && *what == 1) Happens()();
          });
          break;
        case 3: stopper.stop(); break;
        case 4:
          if (random.one_in(4)) {
            run_an_echo(controllers.empty() ? net::AbortSignal() : controllers.front().signal(), pool, random);
          }
          break;
        default: std::this_thread::yield(); break;
      }
    }
  }

  Program& program_;
  std::vector<std::thread> threads_;
};

}  // namespace programs

#endif

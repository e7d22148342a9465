// What program.mjs does with Node's cluster, in the same words: a primary that runs one scenario and prints what it
// sees, and workers that do what they are told. Ports are not printed, because they differ.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <net.hpp>
#include <net/cluster.hpp>

namespace cluster = net::cluster;

// ── a worker ──

static void obey(const std::string& command) {
  static std::map<std::string, net::Server> servers;
  std::istringstream words(command);
  std::string what, name, where, how;
  words >> what >> name >> where >> how;
  const auto say = [name](const std::string& text) { cluster::worker().send(name + " " + text); };
  if (what == "exit") std::exit(std::atoi(name.c_str()));
  if (what == "listen") {
    const net::Server server = net::createServer([](const net::Socket& socket) {
      socket.on<"error">([](const net::Error&) {});
      socket.on<"data">([](const net::Socket& self, net::Chunk chunk) { self.write("again " + std::string(chunk)); });
      socket.write(std::to_string(cluster::worker().id()));
    });
    servers.insert_or_assign(name, server);
    server.on<"error">([say](const net::Error& error) { say("error " + std::string(error.what())); });
    server.on<"drop">([say] { say("drop"); });
    server.on<"listening">([say](const net::Server& self) {
      const auto at = *self.address();
      say("at " + (at.path.empty() ? std::to_string(at.port) : at.path));
    });
    net::ListenOptions options{.host = "127.0.0.1", .exclusive = how == "exclusive", .reusePort = how == "reusePort"};
    where[0] == '/' ? void(options.path = where) : void(options.port = std::atoi(where.c_str()));
    server.listen(options);
    return;
  }
  const net::Server server = servers.at(name);
  if (what == "max") server.maxConnections(static_cast<std::size_t>(std::atoi(where.c_str())));
  if (what == "dropMax") server.dropMaxConnection(true);
  if (what == "close") return void(server.close([say](const net::Error&) { say("closed"); }));
  if (what == "count")
    return void(server.getConnections([say](const net::Error&, std::size_t count) { say(std::to_string(count)); }));
  say("done");
}

// ── the primary ──

static std::vector<net::Worker> workers;
static std::map<int, std::string> said;
static std::string seen;

template <class Condition>
static void until(Condition condition) {
  while (!condition()) net::Loop::current().runOnce();
}

static void print(const std::string& text) { std::printf("%s\n", text.c_str()), std::fflush(stdout); }

static void start(int count) {
  for (int i = 0; i < count; ++i) {
    const net::Worker worker = cluster::fork();
    worker.on<"message">([id = worker.id()](std::string_view bytes) { said[id] += bytes; });
    workers.push_back(worker);
    bool online = false;
    worker.once<"online">([&online] { online = true; });
    until([&] { return online; });
  }
}

static std::string heard(int number) {
  const int id = workers[static_cast<std::size_t>(number - 1)].id();
  until([&] { return !said[id].empty(); });
  return std::exchange(said[id], {});
}
static std::string ask(int number, const std::string& command) {
  workers[static_cast<std::size_t>(number - 1)].send(command);
  const std::string answer = heard(number);
  return answer.substr(answer.find(' ') + 1);
}
static std::string port_of(const std::string& answer) { return answer.substr(answer.find(' ') + 1); }
static std::string without_port(std::string text, const std::string& port) {
  if (const std::size_t at = text.find(port); at != std::string::npos) text.replace(at, port.size(), "PORT");
  return text;
}

struct Client {
  std::string text;
  bool over = false;
  net::Socket socket;
  explicit Client(const std::string& where) {
    socket.on<"data">([this](net::Chunk chunk) { text += chunk; });
    socket.on<"error">([this](const net::Error& error) { text += error.name(); });
    socket.on<"close">([this] { over = true; });
    where[0] == '/' ? socket.connect(where) : socket.connect(std::atoi(where.c_str()), "127.0.0.1");
  }
  std::string hears() {
    until([this] { return over || !text.empty(); });
    return text.empty() ? "closed" : std::exchange(text, {});
  }
  void leave() {
    socket.destroy();
    until([this] { return over; });
  }
};
static std::string visit(const std::string& where) {
  Client client(where);
  const std::string who = client.hears();
  client.leave();
  return who;
}

// ── the scenarios ──

static void in_turn() {
  start(3);
  std::string port = "0";
  for (int i = 1; i <= 3; ++i) {
    const std::string is = port_of(ask(i, "listen a 0"));
    print(i == 1 || is == port ? "the same port" : "another port");
    port = is;
  }
  for (int i = 0; i < 9; ++i) print(visit(port));
  print("a second server has " + std::string(port_of(ask(1, "listen b 0")) == port ? "the same port" : "another port"));
}

static void exclusive() {
  start(2);
  const std::string port = port_of(ask(1, "listen a 0 exclusive"));
  print(without_port(ask(2, "listen a " + port + " exclusive"), port));
  print(without_port(ask(2, "listen b " + port), port));
  print("served by " + visit(port));
}

static void dies() {
  start(3);
  const std::string port = port_of(ask(1, "listen a 0"));
  for (int i = 2; i <= 3; ++i) ask(i, "listen a 0");
  for (int i = 1; i <= 2; ++i) {
    const net::Worker worker = workers[static_cast<std::size_t>(i - 1)];
    bool ended = false, parted = false;
    worker.on<"exit">([&](int code, int signal) {
      print("exit " + std::to_string(code) + " " + std::to_string(signal));
      ended = true;
    });
    worker.on<"disconnect">([&] { parted = true; });
    i == 1 ? void(worker.send("exit 7")) : void(worker.kill(SIGKILL));
    until([&] { return ended && parted; });
    print(worker.isDead() ? "dead" : "alive");
    print(worker.exitedAfterDisconnect() ? "on purpose" : "not on purpose");
    print(std::to_string(cluster::workers().size()) + " left");
  }
  for (int i = 0; i < 3; ++i) print(visit(port));
  print(ask(3, "close a"));
  print(visit(port));
}

static void disconnects() {
  start(2);
  const std::string port = port_of(ask(1, "listen a 0"));
  ask(2, "listen a 0");
  print(visit(port));
  bool ended = false;
  workers[0].on<"disconnect">([] { print("disconnect"); });
  workers[0].on<"exit">([&](int code, int signal) {
    print("exit " + std::to_string(code) + " " + std::to_string(signal));
    ended = true;
  });
  workers[0].disconnect();
  until([&] { return ended; });
  print(workers[0].exitedAfterDisconnect() ? "on purpose" : "not on purpose");
  for (int i = 0; i < 3; ++i) print(visit(port));
}

static void full() {
  start(2);
  const std::string port = port_of(ask(1, "listen a 0"));
  ask(2, "listen a 0");
  for (int i = 1; i <= 2; ++i) ask(i, "max a 1");
  Client one(port), two(port);
  print(one.hears() != two.hears() ? "two workers" : "one worker");
  Client three(port);
  one.leave();
  print(three.hears());
  three.leave(), two.leave();
}

static void drops() {
  start(1);
  const std::string port = port_of(ask(1, "listen a 0"));
  ask(1, "max a 1"), ask(1, "dropMax a");
  Client one(port);
  print(one.hears());
  Client two(port);
  print(two.hears());
  print(heard(1));
  one.socket.write("and on");
  print(one.hears());
  one.leave();
  while (ask(1, "count a") != "0") {}
  print(visit(port));
}

static void reuse_port() {
  start(2);
  int told = 0;
  for (const net::Worker& each : workers) each.on<"listening">([&] { ++told; });
  const std::string port = port_of(ask(1, "listen a 0 reusePort"));
  print(port_of(ask(2, "listen a " + port + " reusePort")) == port ? "the same port" : "another port");
  ask(1, "close a");
  print(visit(port));
  ask(2, "close a");
  print("listening was told " + std::to_string(told) + " times");
}

static void events() {
  int count = 0;
  const auto note = [&count](const char* what) { print(what), ++count; };
  cluster::on<"fork">([=] { note("fork"); });
  cluster::on<"online">([=] { note("online"); });
  cluster::on<"listening">([=] { note("listening"); });
  cluster::on<"message">([=] { note("message"); });
  cluster::on<"exit">(
      [&count](const net::Worker&, int code, int) { print("exit " + std::to_string(code)), count = -1; });
  start(1);
  ask(1, "listen a 0");
  const std::string path = "/tmp/net-cluster-" + std::to_string(workers[0].pid());
  ask(1, "listen b " + path);
  until([&] { return count == 6; });
  print(visit(path));
  workers[0].send("exit 3");
  until([&] { return count < 0; });
  print(visit(path));
}

int main(int, char** argv) {
  if (cluster::isWorker()) {
    cluster::worker().on<"message">([](std::string_view bytes) { obey(std::string(bytes)); });
    net::run();
    return 0;
  }
  const std::map<std::string, void (*)()> scenarios{
      {"in_turn", in_turn}, {"exclusive", exclusive},   {"dies", dies},    {"disconnects", disconnects}, {"full", full},
      {"drops", drops},     {"reuse_port", reuse_port}, {"events", events}};
  scenarios.at(argv[1])();
  for (const net::Worker& each : workers) each.kill(SIGKILL);
  net::run();
}

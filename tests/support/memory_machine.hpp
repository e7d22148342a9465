// A machine in memory: no descriptor, no clock, no kernel. A seed decides what a kernel would: short reads and writes,
// would-block, spurious and late readiness, refused connections, connections that are gone when they are accepted,
// resets. The same seed does the same again. Include this instead of <net.hpp>.
#ifndef NET_TESTS_MEMORY_MACHINE_HPP
#define NET_TESTS_MEMORY_MACHINE_HPP

#define NET_MACHINE on_memory

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <net/detail/io/machine.hpp>
#include <net/detail/sys/machine.hpp>

namespace net::detail::inline on_memory {

/// The loop waits for ever, and nothing can happen any more.
struct Stuck : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct World {
  struct Node {
    enum Kind { fresh, listening, connecting, connected } kind = fresh;
    std::string inbox;         // what the other side sent and nobody has read
    std::size_t capacity = 0;  // how much the inbox takes
    int other = -1;            // the other side; -1: gone
    int failure = 0;           // of connecting, or a reset that was received
    bool ended = false;        // the other side will send no more
    bool shut = false;         // this side will send no more
    bool linger = false;
    std::deque<int> waiting;  // connections that nobody has accepted
  };

  explicit World(unsigned seed) : random(seed) { now = this; }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { now = nullptr; }

  static inline World* now = nullptr;

  std::mt19937 random;
  std::map<int, Node> nodes;
  int next_descriptor = 1 << 24;  // no descriptor of this process
  std::uint64_t time = 1000;
  bool faults = true;
  std::size_t sends = 0, receives = 0;

  std::size_t below(std::size_t limit) { return random() % limit; }
  bool one_in(std::size_t n) { return faults && below(n) == 0; }

  int open() {
    const int opened = next_descriptor;
    next_descriptor += 4;  // as handles do
    nodes[opened].capacity = 1 + below(30000);
    return opened;
  }
  Node* find(int fd) {
    const auto at = nodes.find(fd);
    return at == nodes.end() ? nullptr : &at->second;
  }

  int listen() {
    const int fd = open();
    nodes[fd].kind = Node::listening;
    return fd;
  }

  int connect(int fd) {
    Node& node = nodes[fd];
    node.kind = Node::connecting;
    Node* server = nullptr;
    for (auto& [number, candidate] : nodes) {
      if (candidate.kind == Node::listening) server = &candidate;
    }
    if (!server || one_in(20)) {
      node.failure = ECONNREFUSED;
      return -EINPROGRESS;
    }
    const int accepted = open();
    nodes[accepted].kind = Node::connected;
    nodes[accepted].other = fd;
    nodes[fd].other = accepted;
    server->waiting.push_back(accepted);
    return one_in(4) ? 0 : -EINPROGRESS;
  }

  int accept(int fd) {
    Node& server = nodes[fd];
    if (server.waiting.empty() || one_in(8)) return -EAGAIN;
    const int accepted = server.waiting.front();
    server.waiting.pop_front();
    if (!one_in(30)) return accepted;
    close(accepted, true);
    return -ECONNABORTED;
  }

  std::ptrdiff_t read(int fd, void* into, std::size_t size) {
    ++receives;
    Node& node = nodes[fd];
    if (one_in(10)) return would_block;
    if (node.failure) return -node.failure;
    if (node.inbox.empty()) return node.ended ? 0 : would_block;
    std::size_t count = (std::min)(size, node.inbox.size());
    if (one_in(3)) count = 1 + below(count);
    std::memcpy(into, node.inbox.data(), count);
    node.inbox.erase(0, count);
    return static_cast<std::ptrdiff_t>(count);
  }

  std::ptrdiff_t write(int fd, const IoSlice* slices, std::size_t count) {
    ++sends;
    Node& node = nodes[fd];
    if (one_in(10)) return would_block;
    if (node.failure) return -node.failure;
    if (one_in(2000)) reset(fd);
    Node* const other = find(node.other);
    if (node.failure) return -node.failure;
    if (!other) return -EPIPE;
    std::size_t space = other->capacity > other->inbox.size() ? other->capacity - other->inbox.size() : 0;
    if (space > 1 && one_in(3)) space = 1 + below(space);
    std::size_t written = 0;
    for (std::size_t i = 0; i < count && space > 0; ++i) {
      const std::size_t part = (std::min)(space, slices[i].size);
      other->inbox.append(slices[i].data, part);
      space -= part;
      written += part;
    }
    return written > 0 ? static_cast<std::ptrdiff_t>(written) : would_block;
  }

  int shut(int fd) {
    Node& node = nodes[fd];
    if (node.failure) return -ENOTCONN;
    node.shut = true;
    if (Node* other = find(node.other)) other->ended = true;
    return 0;
  }

  /// Both sides lose the connection.
  void reset(int fd) {
    ++resets;
    Node& node = nodes[fd];
    node.failure = ECONNRESET;
    if (Node* other = find(node.other)) {
      other->failure = ECONNRESET;
      other->inbox.clear();
    }
  }
  std::size_t resets = 0;

  void close(int fd, bool with_reset) {
    Node* const node = find(fd);
    if (!node) return;
    for (const int waiting : std::deque<int>(node->waiting)) close(waiting, true);
    if (Node* other = find(node->other)) {
      if (with_reset || !node->inbox.empty() || node->linger) {
        other->failure = ECONNRESET;
        other->inbox.clear();
      } else {
        other->ended = true;
      }
      other->other = -1;
    }
    nodes.erase(fd);
  }

  /// What a poller would say of it.
  unsigned ready(int fd) {
    Node& node = nodes[fd];
    switch (node.kind) {
      case Node::fresh: return 0;
      case Node::listening: return node.waiting.empty() ? 0 : readable;
      case Node::connecting: return writable;
      default: break;
    }
    if (node.failure) return readable | writable;
    Node* const other = find(node.other);
    unsigned what = node.ended || !node.inbox.empty() ? readable : 0;
    if (!other || other->capacity > other->inbox.size()) what |= writable;
    return what;
  }
};

class memory_channel : public system_machine::Channel {
 public:
  ~memory_channel() { close(); }

  int open(Family) { return fd = World::now->open(), 0; }
  void take_over(memory_channel& other) { fd = other.release(); }
  void close() {
    if (is_open()) World::now->close(release(), false);
  }
  int bind(const Endpoint&) { return 0; }
  int start_connect(const Endpoint&) { return World::now->connect(static_cast<int>(fd)); }
  int start_connect_path(std::string_view) { return -ENOENT; }
  int finish_connect() {
    World::Node& node = World::now->nodes[fd];
    if (node.failure) return -node.failure;
    node.kind = World::Node::connected;
    return 0;
  }
  /// Often what was read lies in a buffer of its own, and the one that was offered holds nothing of use.
  ReadResult read(char* into, std::size_t size) {
    const std::ptrdiff_t got = World::now->read(fd, into, size);
    if (got <= 0 || World::now->below(2) == 0) return {got, into};
    lent_.assign(into, static_cast<std::size_t>(got));
    std::memset(into, '?', size);
    return {got, lent_.data()};
  }
  std::ptrdiff_t write(const IoSlice* slices, std::size_t count) { return World::now->write(fd, slices, count); }
  int shutdown_write() { return World::now->shut(fd); }
  int reset_on_close() { return World::now->nodes[fd].linger = true, 0; }
  Endpoint local_end() const { return Endpoint{parse_ip("127.0.0.1"), 1}; }
  Endpoint remote_end() const { return Endpoint{parse_ip("127.0.0.1"), 2}; }
  int set_no_delay(bool) { return 0; }
  int set_keep_alive(bool, int) { return 0; }

 private:
  std::string lent_;
};

class memory_acceptor : public system_machine::Acceptor {
 public:
  ~memory_acceptor() { close(); }
  int listen(const Endpoint&, const ListenFlags&) { return fd = World::now->listen(), 0; }
  int accept(memory_channel& into) {
    const int accepted = World::now->accept(fd);
    return accepted < 0 ? accepted : (into.fd = accepted, 0);
  }
  void close() {
    if (is_open()) World::now->close(std::exchange(fd, no_handle), false);
  }
  int set_no_delay(bool) { return 0; }
  Endpoint local_end() const { return Endpoint{parse_ip("127.0.0.1"), 1}; }
};

/// Reports what is ready in an order of the seed's choice; now and then something that is not, or is kept for later.
class memory_poller {
 public:
  Refusal open() noexcept { return {}; }
  void shut() noexcept {}
  int watch(Watcher& watcher, unsigned mask) {
    watcher.interest = static_cast<std::uint8_t>(mask);
    const auto at = std::find(watchers_.begin(), watchers_.end(), &watcher);
    if (mask == 0 && at != watchers_.end()) watchers_.erase(at);
    if (mask != 0 && at == watchers_.end()) watchers_.push_back(&watcher);
    return 0;
  }
  void drop(Watcher& watcher) { watch(watcher, 0); }
  bool hold(Watcher&) noexcept { return true; }
  bool has(int fd) const noexcept {
    return std::any_of(watchers_.begin(), watchers_.end(), [fd](const Watcher* each) { return each->fd == fd; });
  }
  void wake() noexcept {}
  NativeHandle native() const noexcept { return no_handle; }

  template <class Each>
  void wait(int milliseconds, Each&& each) {
    World& world = *World::now;
    std::vector<std::pair<Watcher*, unsigned>> ready;
    bool late = false;
    for (Watcher* watcher : watchers_) {
      unsigned what = world.ready(watcher->fd) & watcher->interest;
      if (what != 0 && world.one_in(4)) {
        late = true;
        continue;
      }
      if (what == 0 && world.one_in(50) && world.nodes[watcher->fd].kind == World::Node::connected)
        what = watcher->interest;
      if (what != 0) ready.emplace_back(watcher, what);
    }
    std::shuffle(ready.begin(), ready.end(), world.random);
    if (ready.empty() && !late) {
      if (milliseconds < 0) throw Stuck("nothing can happen any more");
      world.time += static_cast<std::uint64_t>(milliseconds);
    }
    world.time += world.below(2);
    for (const auto& [watcher, what] : ready) {
      // dropped by an earlier callback of this round?
      if (std::find(watchers_.begin(), watchers_.end(), watcher) == watchers_.end()) continue;
      if (const unsigned reported = what & watcher->interest) each(*watcher, reported, 0);
    }
  }

 private:
  std::vector<Watcher*> watchers_;
};

struct Machine : system_machine {
  using Poller = memory_poller;
  using Channel = memory_channel;
  using Acceptor = memory_acceptor;
  static std::uint64_t now_ns() noexcept { return World::now ? World::now->time * 1000000u : 0; }
};

static_assert(CompleteMachine<Machine>);

}  // namespace net::detail::inline on_memory

#include <net.hpp>

#endif

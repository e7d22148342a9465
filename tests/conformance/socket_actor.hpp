// A socket as an actor of a scenario: each verb of the language is one call. The same as in socket_actor.mjs.
#ifndef NET_TESTS_CONFORMANCE_SOCKET_ACTOR_HPP
#define NET_TESTS_CONFORMANCE_SOCKET_ACTOR_HPP

#include <array>
#include <optional>

#include "actor.hpp"
#include "connecting.hpp"

namespace conformance {

class SocketActor final : public Actor {
 public:
  SocketActor(Stage& stage, std::string name, Options options, std::optional<net::Socket> socket = {})
      : Actor(stage, std::move(name), std::move(options)),
        drops_(socket || option("oneuse")),
        ready_(socket.has_value()) {
    if (!option("later")) use(socket ? *socket : net::Socket(socket_options()));
  }

  /// From now on this is its socket.
  void use(const net::Socket& socket) {
    socket_ = socket;
    // Nagle's algorithm would hold a second small segment back until the other side's delayed
    // acknowledgement.
    socket_.setNoDelay(true);
    for (const char* event :
         {"lookup", "connectionAttempt", "connectionAttemptFailed", "connectionAttemptTimeout", "connect", "ready",
          "end", "finish", "drain", "timeout", "pause", "resume", "pipe", "unpipe", "error", "close"}) {
      if (event != std::string_view("error") || !option("noerror")) attach(event);
    }
  }

  const net::Socket& socket() const { return socket_; }
  std::map<std::string, net::Listener>& tags() { return tags_; }

  template <class F>
  static void with_event(const std::string& name, F&& f) {
    if (name == "lookup") f.template operator()<"lookup">();
    if (name == "connectionAttemptTimeout") f.template operator()<"connectionAttemptTimeout">();
    if (name == "connectionAttempt") f.template operator()<"connectionAttempt">();
    if (name == "connectionAttemptFailed") f.template operator()<"connectionAttemptFailed">();
    if (name == "connect") f.template operator()<"connect">();
    if (name == "ready") f.template operator()<"ready">();
    if (name == "data") f.template operator()<"data">();
    if (name == "readable") f.template operator()<"readable">();
    if (name == "end") f.template operator()<"end">();
    if (name == "finish") f.template operator()<"finish">();
    if (name == "prefinish") f.template operator()<"prefinish">();
    if (name == "drain") f.template operator()<"drain">();
    if (name == "timeout") f.template operator()<"timeout">();
    if (name == "pause") f.template operator()<"pause">();
    if (name == "resume") f.template operator()<"resume">();
    if (name == "pipe") f.template operator()<"pipe">();
    if (name == "unpipe") f.template operator()<"unpipe">();
    if (name == "error") f.template operator()<"error">();
    if (name == "close") f.template operator()<"close">();
  }

  /// Adds the listener that writes the trace.
  void attach(const std::string& event) {
    if (event == "connectionAttempt") {
      tags_[event] = socket_.addListener<"connectionAttempt">([this](std::string_view ip, int, net::Family family) {
        this->event("connectionAttempt", stage_.plain("connectionAttempt " + attempt(ip, family)));
      });
    } else if (event == "connectionAttemptTimeout") {
      tags_[event] =
          socket_.addListener<"connectionAttemptTimeout">([this](std::string_view ip, int, net::Family family) {
            this->event("connectionAttemptTimeout", stage_.plain("connectionAttemptTimeout " + attempt(ip, family)));
          });
    } else if (event == "lookup") {
      tags_[event] = socket_.addListener<"lookup">([this](const net::Error& failure, std::string_view address,
                                                          net::Family family, std::string_view host) {
        this->event("lookup", "lookup " + error(failure) + " " + attempt(address, family) + " " + std::string(host));
      });
    } else if (event == "connectionAttemptFailed") {
      tags_[event] = socket_.addListener<"connectionAttemptFailed">(
          [this](std::string_view ip, int, net::Family family, const net::Error& failure) {
            this->event("connectionAttemptFailed",
                        stage_.plain("connectionAttemptFailed " + attempt(ip, family) + " " + error(failure)));
          });
    } else if (event == "data") {
      tags_[event] = socket_.addListener<"data">([this](net::Chunk chunk) {
        if (!socket_.destroyed()) received(chunk.view(), "data");
      });
    } else if (event == "error") {
      tags_[event] = socket_.addListener<"error">([this](const net::Error& failure) {
        barrier();
        this->event("error", "error " + error(failure));
      });
    } else if (event == "close") {
      tags_[event] = socket_.addListener<"close">([this](bool failed) {
        saw_close_ = in_close_ = true;
        barrier();
        this->event("close", failed ? "close true" : "close false");
        in_close_ = false;
      });
    } else if (event == "pipe") {
      tags_[event] = socket_.addListener<"pipe">(
          [this](const net::Socket& source) { this->event("pipe", "pipe " + name_of(source)); });
    } else if (event == "unpipe") {
      tags_[event] = socket_.addListener<"unpipe">(
          [this](const net::Socket& source) { this->event("unpipe", "unpipe " + name_of(source)); });
    } else {
      attach_plain(event);
    }
  }

  std::string state() override {
    const net::Socket& s = socket_;
    const bool need = !stage_.plan.omit.contains("n");
    std::string out(to_string(s.readyState()));
    out += " ";
    const std::array<std::pair<bool, char>, 9> flags{{{s.connecting(), 'c'},
                                                      {s.pending(), 'p'},
                                                      {s.destroyed(), 'd'},
                                                      {s.closed(), 'C'},
                                                      {s.readableEnded(), 'e'},
                                                      {s.writableEnded(), 'w'},
                                                      {s.writableFinished(), 'f'},
                                                      {need && s.writableNeedDrain(), 'n'},
                                                      {s.isPaused() && !dropped(), 'z'}}};
    for (const auto& [on, letter] : flags) out += on ? letter : '-';
    const std::string remote = s.remoteAddress();
    // The name that a failed attempt leaves behind is the system's affair.
    const std::string local = s.connecting() || remote.empty() ? "" : s.localAddress();
    // What was still to be sent is counted differently while it fails.
    const bool writable = s.readyState() == net::ReadyState::open || s.readyState() == net::ReadyState::writeOnly;
    owing_ = s.writableLength() > 0 || (owing_ && !writable);
    const std::string written = ready_ && (writable || !owing_) ? std::to_string(s.bytesWritten()) : "";
    const auto timeout = s.timeout();
    return out + changes({{"rl", std::to_string(s.readableLength())},
                          {"wl", std::to_string(s.writableLength())},
                          {"br", std::to_string(s.bytesRead())},
                          {"bw", written},
                          {"bs", std::to_string(s.bufferSize())},
                          {"to", timeout ? std::to_string(timeout->count()) : "0"},
                          {"local", end_text(local, s.localFamily(), s.localPort())},
                          {"remote", end_text(remote, s.remoteFamily(), s.remotePort())},
                          {"tried", tried()}});
  }

  bool perform(const Step& step, std::string& result) override;
  bool waiting() const override { return armed_ && !socket_.destroyed(); }
  bool dropped() const override { return drops_ && saw_close_; }
  void clean_up() override { socket_.destroy(); }

 private:
  net::SocketOptions socket_options() {
    net::SocketOptions made;
    made.allowHalfOpen = option("halfopen");
    if (option("hwm")) made.highWaterMark = size_option("hwm");
    made.reusable = !drops_;
    if (option("signal")) made.signal = stage_.properties.signal(options().at("signal"));
    if (!option("onread")) return made;
    const std::string& text = options().at("onread");
    const std::size_t comma = text.find(',');
    buffer_.resize(std::stoul(text));
    stop_ = comma == std::string::npos ? -1 : std::stoi(text.substr(comma + 1));
    made.onread.buffer = buffer_;
    made.onread.callback = [this](std::size_t count, std::span<std::byte> bytes) {
      received({reinterpret_cast<const char*>(bytes.data()), count}, "onread");
      return --stop_ != 0;
    };
    return made;
  }

  std::string tried() const {
    std::string all;
    for (const std::string& one : socket_.autoSelectFamilyAttemptedAddresses()) all += (all.empty() ? "" : ",") + one;
    return all.empty() ? "0" : stage_.plain(all);
  }
  static std::string attempt(std::string_view ip, net::Family family) {
    return std::string(ip) + " " + std::to_string(static_cast<int>(family));
  }
  static std::string end_text(const std::string& address, net::Family family, int port) {
    return address.empty() ? "0" : address + "/" + std::string(to_string(family)) + (port > 0 ? "/true" : "/false");
  }

  void attach_plain(const std::string& event) {
    with_event(event, [&]<net::fixed_string Event>() {
      tags_[event] = socket_.template addListener<Event>([this, event] {
        if (event == "timeout") armed_ = false;
        if (event == "ready") ready_ = true;
        if (event == "end" || event == "pause" || event == "resume") barrier();
        this->event(event);
      });
    });
  }

  std::string name_of(const net::Socket& source) const {
    for (const auto& [name, actor] : stage_.actors) {
      const auto* other = dynamic_cast<const SocketActor*>(actor);
      if (other && other->socket_ == source) return name;
    }
    return "?";
  }

  /// A socket may connect when it is new, or when its 'close' has come (S12.4): in its listener, if they go then.
  bool may_connect() const {
    return socket_.pending() && !socket_.connecting() && (!socket_.destroyed() || (drops_ ? in_close_ : saw_close_));
  }

  /// The next bytes of this actor's own endless text.
  std::string pattern(std::size_t size) {
    std::string bytes(size, ' ');
    for (char& byte : bytes) byte = static_cast<char>('a' + written_++ % 26);
    return bytes;
  }

  void connect(const Step& step);
  void make(const Step& step);
  std::string write(const Step& step);
  void end(const Step& step);
  std::optional<std::string> read(const Step& step);
  const SocketActor* peer(const std::string& name) const {
    const auto found = stage_.actors.find(name);
    return found == stage_.actors.end() ? nullptr : dynamic_cast<const SocketActor*>(found->second);
  }

  std::vector<std::byte> buffer_;
  int stop_ = -1;
  net::Socket socket_;
  std::map<std::string, net::Listener> tags_;
  std::size_t written_ = 0;
  std::size_t put_back_ = 0;
  bool armed_ = false;
  bool saw_close_ = false;
  bool in_close_ = false;
  bool owing_ = false;
  bool drops_ = false;
  bool ready_ = false;
};

}  // namespace conformance

#include "socket_verbs.hpp"

#endif

// An actor of a scenario: one server or one socket, and the trace of what happened to it.
#ifndef NET_TESTS_CONFORMANCE_ACTOR_HPP
#define NET_TESTS_CONFORMANCE_ACTOR_HPP

#include <net.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plain_text.hpp"
#include "properties.hpp"
#include "scenario.hpp"

namespace conformance {

class Actor;

/// What the actors of one scenario share; the runner is one.
struct Stage {
  Plan plan;
  int index = 0;
  std::string directory;
  std::map<std::string, Actor*> actors;
  long activity = 0;
  int waiting = 0;
  Properties properties;
  bool over = false;
  bool calm = true;  // between two blocks nothing is under way

  virtual ~Stage() = default;
  virtual void perform(const Steps* steps) = 0;
  virtual Actor& accepted(std::string name, const net::Socket& socket, const Options& options) = 0;

  /// Where paths begin: in a folder, or on Windows with the names of pipes.
  std::string folder() const {
#if defined(_WIN32)
    return R"(\\.\pipe\)" + directory.substr(directory.rfind('/') + 1) + "-";
#else
    return directory + "/";
#endif
  }
  /// Where those of this scenario begin.
  std::string own_path() const { return folder() + std::to_string(index) + "-"; }
  /// A number, or the port where a server listens.
  int port_of(const std::string& text, int otherwise) const;
  /// Where an IPC server listens.
  std::string path_of_server(const std::string& name) const;

  /// Ports and paths differ from run to run; in a trace they do not.
  std::string plain(std::string text) const {
    replace(text, own_path(), "<dir>/");
    replace(text, folder(), "<dir>/");
    text = without_filler(without_ports(text));
    replace(text, std::string(1, '\0'), "@");
    replace(text, "\\0", "@");
    return text;
  }
};

/// What a step that throws lets out of its listener.
struct Thrown {
  Actor* actor;
};

using Counters = std::vector<std::pair<std::string, std::string>>;

class Actor {
 public:
  Actor(Stage& stage, std::string name, Options options)
      : stage_(stage), name_(std::move(name)), options_(std::move(options)) {
    stage_.actors[name_] = this;
  }
  Actor(const Actor&) = delete;
  virtual ~Actor() = default;

  virtual std::string state() = 0;
  virtual bool perform(const Step& step, std::string& result) = 0;
  virtual bool waiting() const { return false; }
  /// The library has dropped the listeners.
  virtual bool dropped() const { return false; }
  virtual void clean_up() = 0;

  const Options& options() const { return options_; }
  bool option(const std::string& name) const { return options_.contains(name); }
  std::size_t size_option(const std::string& name) const { return std::stoul(options_.at(name)); }

  /// A line of the trace: the text, then what changed in the state since the line before.
  void line(const std::string& text) {
    if (stage_.over) return;
    ++stage_.activity;
    const std::string word = text.substr(0, text.find_first_of(" ."));
    settled_ = stage_.calm || word == "got" || word == "end" || word == "close" || word == "error" || word == "last";
    lines_.push_back(text + " | " + state());
  }
  void mark(std::string text) { lines_.push_back(std::move(text)); }

  /// A line that says nothing of the state: the socket may still be in the making.
  void note(std::string text) {
    if (stage_.over) return;
    ++stage_.activity;
    mark(std::move(text));
  }

  /// One more occurrence of an event: a line, then the steps that wait for it.
  void event(const std::string& name, const std::string& text) {
    if (stage_.over) return;
    if (name != "readable" || lines_.empty() || !lines_.back().starts_with("readable |")) line(text);
    events_ += " " + name;
    react(name);
  }
  void event(const std::string& name) { event(name, name); }

  void react(const std::string& name) {
    const int count = ++counts_[name];
    if (count > 50) return;
    stage_.perform(find(name_ + " " + name + " #" + std::to_string(count)));
    stage_.perform(find(name_ + " " + name + " #*"));
  }

  /// Bytes came in. How they were cut is no message, so they are added up until barrier().
  void received(std::string_view bytes, const std::string& name) {
    if (stage_.over) return;
    ++stage_.activity;
    got_ += bytes.size();
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 16777619U;
    if (!receiving_) {
      receiving_ = true;
      line(name);
      events_ += " " + name;
    }
    react(name);
  }

  /// What was received since the last one, emitted before the next thing that is not data.
  void barrier() {
    if (!receiving_) return;
    receiving_ = false;
    char text[64];
    std::snprintf(text, sizeof text, "got %zu %x", got_, hash_);
    line(text);
    got_ = 0;
    hash_ = hash_seed;
  }

  std::string number(char kind) { return kind + std::to_string(++numbers_[kind]); }

  std::string error(const net::Error& error) const {
    if (!error) return "ok";
    std::string text = error.kind() == "Error" ? "" : std::string(error.kind()) + " ";
    text += std::string(error.name()) + ": " + error.what();
    if (!error.syscall().empty()) {
      text += " {" + std::string(error.syscall()) + " " + std::to_string(error.number());
      if (!error.address().empty()) text += " " + std::string(error.address()) + (error.port() > 0 ? " port" : "");
      if (!error.hostname().empty()) text += " " + std::string(error.hostname());
      text += "}";
    }
    if (!error.localAddress().empty()) {
      text += " local " + std::string(error.localAddress()) + (error.localPort() > 0 ? " true" : " false");
    }
    if (error.kind() == "AggregateError") {
      std::string attempts;
      for (const net::Error& each : error.errors()) attempts += (attempts.empty() ? "" : "; ") + this->error(each);
      text += " [" + attempts + "]";
    }
    if (const net::Error cause = error.cause()) text += " (" + std::string(cause.kind()) + ": " + cause.what() + ")";
    return stage_.plain(text);
  }

  std::string trace() const {
    std::string out = "[" + name_ + "]" + (events_.empty() ? " " : events_) + "\n";
    for (const std::string& text : lines_) out += text + "\n";
    return out;
  }

 protected:
  /// The counters that changed; those in `omit` are left out.
  std::string changes(const Counters& counters) {
    std::string out;
    for (const auto& [key, value] : counters) {
      if (stage_.plan.omit.contains(key) || value.empty()) continue;
      if ((receiving_ || !settled_) && (key == "rl" || key == "br")) continue;
      std::string& shown = shown_.try_emplace(key, "0").first->second;
      if (shown == value) continue;
      shown = value;
      out += " " + key + "=" + value;
    }
    return out;
  }

  /// A callback whose call is an event of the actor: `cb:w1`.
  auto callback(char kind) {
    return [this, name = "cb:" + number(kind)](const net::Error& failure) { event(name, name + " " + error(failure)); };
  }

  /// A `connect`, `listening` or `timeout` listener given with a call.
  auto listener(char kind, bool with_result) {
    return [this, with_result, name = "cb:" + number(kind)] { event(name, with_result ? name + " ok" : name); };
  }

  Stage& stage_;
  std::string name_;

 private:
  static constexpr std::uint32_t hash_seed = 2166136261U;

  const Steps* find(const std::string& key) const {
    const auto found = stage_.plan.when.find(key);
    return found == stage_.plan.when.end() ? nullptr : &found->second;
  }

  Options options_;
  std::vector<std::string> lines_;
  std::string events_;
  std::map<std::string, int> counts_;
  std::map<std::string, std::string> shown_;
  std::map<char, int> numbers_;
  std::size_t got_ = 0;
  std::uint32_t hash_ = hash_seed;
  bool receiving_ = false;
  bool settled_ = false;
};

bool outside(Stage& stage, const Step& step, std::string& result);

/// The verbs that servers and sockets share; false if this is another one.
template <class Self, class Emitter>
bool common(Self& self, const Emitter& emitter, Stage& stage, const Step& step, std::string& result) {
  const auto arg = [&](std::size_t i) { return i < step.args.size() ? step.args[i] : std::string(); };
  const std::string& verb = step.verb;
  const std::string name = verb + ":" + arg(0);
  if (verb == "tick") {
    net::nextTick([&self, name] { self.event(name); });
  } else if (verb == "immediate") {
    net::setImmediate([&self, name] { self.event(name); });
  } else if (verb == "timer") {
    ++stage.waiting;
    net::setTimeout(
        [&self, &stage, timer = "timer:" + arg(1)] {
          --stage.waiting;
          self.event(timer);
        },
        std::stoi(arg(0)));
  } else if (verb == "throw") {
    throw Thrown{&self};
  } else if (verb == "ref") {
    emitter.ref();
  } else if (verb == "unref") {
    emitter.unref();
  } else if (verb == "on" && arg(1).empty() && self.tags().contains(arg(0))) {
    // A second trace of the same bytes would show how they were cut.
    self.with_event(arg(0), [&]<net::fixed_string Event>() { emitter.template on<Event>([] {}); });
  } else if (verb == "on" && arg(1).empty()) {
    self.attach(arg(0));
  } else if (verb == "on" || verb == "once" || verb == "prependListener" || verb == "prependOnceListener" ||
             verb == "removeAll" || verb == "listeners") {
    self.with_event(arg(0), [&]<net::fixed_string Event>() {
      const auto heard = [&self, word = arg(0) + "." + arg(1)] { self.event(word); };
      if (verb == "on" || verb == "prependListener") {
        self.tags()[arg(1)] = emitter.template addListener<Event>(heard, verb != "on");
      } else if (verb == "once") {
        emitter.template once<Event>(heard);
      } else if (verb == "prependOnceListener") {
        emitter.template prependOnceListener<Event>(heard);
      } else if (verb == "removeAll") {
        emitter.template removeAllListeners<Event>();
        self.tags().erase(arg(0));
      } else if (!self.dropped()) {
        result = " -> " + std::to_string(emitter.template listenerCount<Event>());
      }
    });
  } else if (verb == "off") {
    if (const auto found = self.tags().find(arg(0)); found != self.tags().end()) {
      emitter.off(found->second);
      self.tags().erase(found);
    }
  } else {
    return outside(stage, step, result);
  }
  return true;
}

}  // namespace conformance

#endif

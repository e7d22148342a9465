// Runs scenarios over net.hpp and prints what each actor saw. The same as run_node.mjs.
//   run_net [-c CONCURRENT] FILE    (- for standard input)
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "actors.hpp"

namespace conformance {
namespace {

#if defined(_WIN32)
constexpr int quiet_after = 120;  // under Wine all takes longer, and an end by path waits for 50 ms of silence
#else
constexpr int quiet_after = 3;  // ms without an event before it is asked whether anything is under way
#endif
constexpr int quiet_turns = 3;    // turns of the loop without an event after that
constexpr int deadline = 600000;  // ms for one scenario that hangs
constexpr int alive_after = 400;  // ms without an event after which a loop that has not ended is said to be alive

class Scenario final : public Stage {
 public:
  Scenario(Plan what, int number, std::string where) {
    plan = std::move(what);
    index = number;
    directory = std::move(where);
    properties.fill(plan);
  }

  Actor& accepted(std::string name, const net::Socket& socket, const Options& options) override {
    return *owned_.emplace_back(std::make_unique<SocketActor>(*this, std::move(name), options, socket));
  }

  void perform(const Steps* steps) override {
    if (!steps) return;
    for (const Step& step : *steps) {
      auto found = actors.find(step.actor);
      if (found == actors.end() && (step.verb == "new" || step.verb == "wrap" || step.verb == "create")) {
        make(step.actor);
        found = actors.find(step.actor);
      }
      if (found == actors.end()) continue;
      Actor& actor = *found->second;
      if (step.verb == "throw") actor.line(step.text());
      std::string result;
      bool shown = true;
      try {
        shown = actor.perform(step, result);
      } catch (const net::Error& error) {
        result = " !! " + actor.error(error);
      }
      if (shown) actor.line(step.text() + result);
    }
  }

  void run(std::function<void()> done) {
    done_ = std::move(done);
    if (plan.solo) {
      watch_life();
    } else {
      timer_ = net::setTimeout([this] { finish("DEADLINE"); }, deadline);
    }
    for (const Cast& cast : plan.actors) {
      if (cast.options.contains("later")) continue;
      if (cast.kind == "server") {
        owned_.push_back(std::make_unique<ServerActor>(*this, cast.name, cast.options));
      } else {
        owned_.push_back(std::make_unique<SocketActor>(*this, cast.name, cast.options));
      }
    }
    const Watch afterwards{this};
    perform(&plan.start);
  }

  /// Nothing was left that keeps the loop alive.
  void loop_ended() { finish("the loop ended"); }

  std::string trace() const {
    std::string out = "=== " + std::to_string(index) + " " + plan.title + "\n" + (note_.empty() ? "" : note_ + "\n");
    for (const auto& [name, actor] : actors) out += actor->trace();
    return out;
  }

 private:
  /// An actor whose socket its first step makes.
  void make(const std::string& name) {
    for (const Cast& cast : plan.actors) {
      if (cast.name == name) owned_.push_back(std::make_unique<SocketActor>(*this, name, cast.options));
    }
  }

  /// What a step `defaults` changed.
  static void reset_defaults() {
    net::setDefaultAutoSelectFamily(true);
    net::setDefaultAutoSelectFamilyAttemptTimeout(250);
  }

  /// Waits for quiet also when a step threw.
  struct Watch {
    Scenario* self;
    ~Watch() {
      self->calm = false;
      if (!self->plan.solo) self->watch();
    }
  };

  /// The loop may end by itself; while events come it has its time.
  void watch_life() {
    const auto look = [this, before = activity] { activity == before ? finish("still alive") : watch_life(); };
    timer_ = net::setTimeout(look, alive_after).unref();
  }

  /// Calls step() once nothing has happened for a while and for some turns of the loop.
  void watch() {
    net::setTimeout([this, before = activity] { turn(before, 0); }, quiet_after);
  }

  void turn(long before, int turns) {
    net::setImmediate([this, before, turns] {
      if (over) return;
      bool busy = waiting > 0 || activity != before;
      for (const auto& [name, actor] : actors) busy = busy || actor->waiting();
      if (busy) {
        watch();
      } else if (turns + 1 < quiet_turns) {
        turn(before, turns + 1);
      } else {
        step();
      }
    });
  }

  void step() {
    for (const auto& [name, actor] : actors) actor->barrier();
    if (next_ == plan.blocks.size()) {
      finish("");
      return;
    }
    const Steps& steps = plan.blocks[next_++];
    std::set<std::string> names;
    for (const Step& step : steps) {
      const auto found = actors.find(step.actor);
      if (found != actors.end() && names.insert(step.actor).second) found->second->mark("--");
    }
    calm = true;
    const Watch afterwards{this};
    perform(&steps);
  }

  void finish(std::string note) {
    net::clearTimeout(timer_);
    for (const auto& [name, actor] : actors) actor->line("last");
    over = true;
    if (plan.exclusive) reset_defaults();
    note_ = std::move(note);
    for (const auto& [name, actor] : actors) actor->clean_up();
    done_();
  }

  std::vector<std::unique_ptr<Actor>> owned_;
  std::function<void()> done_;
  net::Timer timer_;
  std::size_t next_ = 0;
  std::string note_;
};

class Runner {
 public:
  Runner(std::vector<Plan> plans, int concurrent, std::string directory)
      : plans_(std::move(plans)), concurrent_(concurrent), directory_(std::move(directory)) {}

  int run() {
    net::setImmediate([this] { more(); });
    for (;;) {
      try {
        net::run();
        if (!alone_ || !alone_->plan.solo || alone_->over) break;
        alone_->loop_ended();
      } catch (const Thrown& thrown) {
        uncaught(thrown.actor, ": thrown");
      } catch (const net::Error& error) {
        uncaught(nullptr, "", &error);
      }
    }
    if (printed_ == plans_.size()) return status_;
    std::fprintf(stderr, "the loop ended after %zu of %zu scenarios\n", printed_, plans_.size());
    return 3;
  }

 private:
  void more() {
    while (scenarios_.size() < plans_.size() && running_ < concurrent_ && !alone_) {
      Plan& plan = plans_[scenarios_.size()];
      if (plan.exclusive && running_ > 0) return;
      const bool exclusive = plan.exclusive;
      const std::size_t index = scenarios_.size();
      scenarios_.push_back(std::make_unique<Scenario>(std::move(plan), static_cast<int>(index), directory_));
      traces_.emplace_back();
      ++running_;
      if (exclusive) alone_ = scenarios_.back().get();
      scenarios_.back()->run([this, index] { finished(index); });
    }
    if (printed_ < plans_.size()) return;
    net::setTimeout(
        [this] {
          std::fprintf(stderr, "something is still open\n");
          status_ = 3;
          net::Loop::current().stop();
        },
        60000)
        .unref();
  }

  void finished(std::size_t index) {
    traces_[index] = scenarios_[index]->trace();
    while (printed_ < traces_.size() && !traces_[printed_].empty()) {
      std::fwrite(traces_[printed_].data(), 1, traces_[printed_].size(), stdout);
      traces_[printed_++] = std::string();
    }
    --running_;
    if (alone_ == scenarios_[index].get()) alone_ = nullptr;
    net::setImmediate([this] { more(); });
  }

  /// An exception left the loop: given to the actor that threw, or to those that do not listen for 'error'.
  void uncaught(Actor* thrower, const std::string& text, const net::Error* error = nullptr) {
    if (!alone_) {
      std::fprintf(stderr, "uncaught: %s\n", error ? error->what() : text.c_str());
      std::exit(2);
    }
    for (const auto& [name, actor] : alone_->actors) {
      if (thrower ? actor == thrower : actor->option("noerror")) {
        actor->line("uncaught " + (error ? actor->error(*error) : text));
      }
    }
  }

  std::vector<Plan> plans_;
  int concurrent_;
  std::string directory_;
  std::vector<std::unique_ptr<Scenario>> scenarios_;
  std::vector<std::string> traces_;
  Scenario* alone_ = nullptr;
  std::size_t printed_ = 0;
  int running_ = 0;
  int status_ = 0;
};

}  // namespace
}  // namespace conformance

int main(int count, char** args) {
  int concurrent = 32;
  int at = 1;
  if (count > 2 && std::string_view(args[1]) == "-c") {
    concurrent = std::atoi(args[2]);
    at = 3;
  }
  std::ifstream file;
  const bool standard = at >= count || std::string_view(args[at]) == "-";
  if (!standard) file.open(args[at]);
  char directory[] = "/tmp/net-XXXXXX";
  if (!mkdtemp(directory)) return 2;
  int status = 0;
  auto inherited = conformance::inherited_of(std::getenv("NET_DESCRIPTORS"));
  {
    conformance::Runner runner(conformance::parse(standard ? std::cin : file, std::move(inherited)), concurrent,
                               directory);
    status = runner.run();
  }
  std::filesystem::remove_all(directory);
  return status;
}

// A server as an actor of a scenario: each verb of the language is one call. The same as in server_actor.mjs.
#ifndef NET_TESTS_CONFORMANCE_SERVER_ACTOR_HPP
#define NET_TESTS_CONFORMANCE_SERVER_ACTOR_HPP

#include <optional>

#include "actor.hpp"
#include "connecting.hpp"

namespace conformance {

class ServerActor final : public Actor {
 public:
  ServerActor(Stage& stage, std::string name, Options options)
      : Actor(stage, std::move(name), std::move(options)), server_(server_options()) {
    for (const char* event : {"listening", "connection", "drop", "close", "error"}) attach(event);
  }

  const net::Server& server() const { return server_; }
  std::map<std::string, net::Listener>& tags() { return tags_; }
  bool pipe() const { return option("kind") && options().at("kind") == "pipe"; }
  std::string path() const { return stage_.own_path() + name_ + ".sock"; }

  template <class F>
  static void with_event(const std::string& name, F&& f) {
    if (name == "listening") f.template operator()<"listening">();
    if (name == "connection") f.template operator()<"connection">();
    if (name == "drop") f.template operator()<"drop">();
    if (name == "close") f.template operator()<"close">();
    if (name == "error") f.template operator()<"error">();
  }

  void attach(const std::string& event) {
    if (event == "connection") {
      tags_[event] = server_.addListener<"connection">([this](const net::Socket& socket) {
        if (stage_.over) {
          socket.destroy();
          return;
        }
        const std::string name = name_ + "." + std::to_string(++accepted_);
        Options inherited;
        if (option("noerror")) inherited["noerror"] = "1";
        stage_.accepted(name, socket, inherited).line("accepted");
        this->event("connection", "connection " + name);
      });
    } else if (event == "drop") {
      tags_[event] = server_.addListener<"drop">([this](const net::DropInfo& info) {
        std::string text = "drop ";
        if (!info.remoteAddress.empty()) {
          text += info.localAddress + " " + std::string(to_string(info.localFamily)) +
                  (info.localPort > 0 ? " true " : " false ") + info.remoteAddress + " " +
                  std::string(to_string(info.remoteFamily)) + (info.remotePort > 0 ? " true" : " false");
        }
        this->event("drop", text);
      });
    } else if (event == "error") {
      tags_[event] = server_.addListener<"error">(
          [this](const net::Error& failure) { last(close_told_, "error", "error " + error(failure)); });
    } else if (event == "close") {
      tags_[event] = server_.addListener<"close">([this] { last(true, "close", "close"); });
    } else {
      with_event(event, [&]<net::fixed_string Event>() {
        tags_[event] = server_.template addListener<Event>([this, event] {
          if (event == "listening") close_told_ = false;
          this->event(event);
        });
      });
    }
  }

  std::string state() override {
    const auto address = server_.address();
    std::string shown = "0";
    if (address) {
      shown = !address->path.empty() ? stage_.plain(address->path)
                                     : address->address + "/" + std::string(to_string(address->family)) +
                                           (address->port > 0 ? "/true" : "/false");
    }
    const auto most = server_.maxConnections();
    return (server_.listening() ? "listening" : "idle") +
           changes({{"address", shown}, {"max", most ? std::to_string(*most) : "0"}});
  }

  bool perform(const Step& step, std::string& result) override {
    const std::string& verb = step.verb;
    if (verb == "listen") {
      // Once its listeners have gone nobody would hear of an error.
      if (!dropped() || in_close_) listen(step);
    } else if (verb == "close") {
      if (step.args.empty()) {
        server_.close();
      } else {
        server_.close(callback('x'));
      }
    } else if (verb == "connections") {
      server_.getConnections([this, name = "cb:" + number('n')](const net::Error& failure, std::size_t count) {
        event(name, name + " " + error(failure) + " " + std::to_string(count));
      });
    } else if (verb == "max") {
      server_.maxConnections(step.args.at(0) == "none" ? std::optional<std::size_t>()
                                                       : std::optional<std::size_t>(std::stoul(step.args[0])));
    } else {
      return common(*this, server_, stage_, step, result);
    }
    return true;
  }

  bool dropped() const override { return option("oneuse") && saw_close_; }
  void clean_up() override { server_.close(); }

 private:
  net::ServerOptions server_options() const {
    net::ServerOptions made;
    made.allowHalfOpen = option("halfopen");
    if (option("hwm")) made.highWaterMark = size_option("hwm");
    made.keepAlive = option("keepAlive");
    made.noDelay = true;
    made.pauseOnConnect = option("pauseOnConnect");
    if (option("list")) made.blockList = stage_.properties.list(options().at("list"));
    made.reusable = !option("oneuse");
    return made;
  }

  /// An event that may be the last one.
  void last(bool over, const std::string& name, const std::string& text) {
    close_told_ = over;
    saw_close_ = in_close_ = over;
    event(name, text);
    in_close_ = false;
  }

  void listen(const Step& step) {
    saw_close_ = false;
    const std::string how = step.args.empty() ? "" : step.args[0];
    const bool with_callback = !step.args.empty() && step.args.back() == "cb";
    const ServerActor* other = nullptr;
    if (how == "as" || how == "on") {
      const auto found = stage_.actors.find(step.args.at(1));
      if (found != stage_.actors.end()) other = dynamic_cast<ServerActor*>(found->second);
    }
    if (how == "on") {
      if (with_callback) {
        server_.listen(other->server_, listener('l', true));
      } else {
        server_.listen(other->server_);
      }
      return;
    }
    net::ListenOptions where;
    if (const Options given = split(step.args).second; !given.empty() || how == "nothing") {
      where = listen_options(stage_, given);
    } else if (how == "nodir") {
      where.path = "/nowhere/at/all.sock";
    } else if (how == "badhost") {
      where.port = 0;
      where.host = "8.8.8.8";
    } else if (pipe()) {
      where.path = other ? other->path() : path();
    } else {
      const auto address = other ? other->server_.address() : std::optional<net::AddressInfo>();
      where.port = address ? address->port : 0;
      if (options().at("kind") != "any") where.host = "127.0.0.1";
    }
    if (with_callback) {
      server_.listen(std::as_const(where), listener('l', true));
    } else {
      server_.listen(std::as_const(where));
    }
  }

  net::Server server_;
  std::map<std::string, net::Listener> tags_;
  int accepted_ = 0;
  bool close_told_ = false;
  bool saw_close_ = false;
  bool in_close_ = false;
};

}  // namespace conformance

#endif

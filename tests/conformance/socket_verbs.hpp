// What a socket does at each verb of the language: the bodies of socket_actor.hpp.
#ifndef NET_TESTS_CONFORMANCE_SOCKET_VERBS_HPP
#define NET_TESTS_CONFORMANCE_SOCKET_VERBS_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "socket_actor.hpp"

namespace conformance {

inline net::Encoding encoding_named(std::string_view name) {
  using enum net::Encoding;
  return name == "utf16le"     ? utf16le
         : name == "latin1"    ? latin1
         : name == "ascii"     ? ascii
         : name == "hex"       ? hex
         : name == "base64"    ? base64
         : name == "base64url" ? base64url
                               : utf8;
}

inline std::string SocketActor::write(const Step& step) {
  const std::string first = step.args.empty() ? "" : step.args[0];
  const bool with_callback = !step.args.empty() && step.args.back() == "cb";
  bool result = false;
  if (step.verb == "writetext") {
    const net::Encoding encoding = encoding_named(first);
    result = with_callback ? socket_.write(step.args.at(1), encoding, callback('w'))
                           : socket_.write(step.args.at(1), encoding);
  } else {
    std::string bytes;
    if (step.verb == "write") {
      bytes = pattern(std::stoul(first));
    } else {
      for (std::size_t i = 0; i + 1 < first.size(); i += 2)
        bytes += static_cast<char>(std::stoi(first.substr(i, 2), nullptr, 16));
    }
    result = with_callback ? socket_.write(bytes, callback('w')) : socket_.write(bytes);
  }
  return stage_.plan.omit.contains("ret") ? "" : result ? " -> true" : " -> false";
}

inline void SocketActor::end(const Step& step) {
  const bool with_callback = !step.args.empty() && step.args.back() == "cb";
  const bool with_data = !step.args.empty() && step.args[0] != "cb";
  const std::string name = with_callback ? number('e') : "";
  const auto callback = [this, event = "cb:" + name](const net::Error& failure) {
    this->event(event, event + " " + error(failure));
  };
  if (with_data) {
    const std::string bytes = pattern(std::stoul(step.args[0]));
    if (with_callback) {
      socket_.end(bytes, callback);
    } else {
      socket_.end(bytes);
    }
  } else if (with_callback) {
    socket_.end(callback);
  } else {
    socket_.end();
  }
}

/// What is shown of a read: nothing if it took all there was, which depends on how the stream was cut.
inline std::optional<std::string> SocketActor::read(const Step& step) {
  if (!step.args.empty()) {
    const auto bytes = socket_.read(std::stoul(step.args[0]));
    return " -> " + (bytes ? std::to_string(bytes->size()) : "nothing");
  }
  const auto bytes = socket_.read();
  if (bytes && socket_.listenerCount<"data">() == 0) received(*bytes, "read");
  return std::nullopt;
}

/// False if the step is not to be shown.
inline bool SocketActor::perform(const Step& step, std::string& result) {
  const std::string& verb = step.verb;
  const auto arg = [&](std::size_t i) { return i < step.args.size() ? step.args[i] : std::string(); };
  const net::Socket& s = socket_;
  if (verb == "connect") {
    connect(step);
  } else if (verb == "new" || verb == "wrap" || verb == "create") {
    make(step);
  } else if (verb == "connectAgain") {
    if (may_connect()) connect(step);
  } else if (verb == "write" || verb == "writehex" || verb == "writetext") {
    result = write(step);
  } else if (verb == "end") {
    end(step);
  } else if (verb == "destroy") {
    if (arg(0) == "error") {
      s.destroy(net::Error(std::string("boom")));
    } else {
      s.destroy();
    }
  } else if (verb == "destroySoon") {
    s.destroySoon();
  } else if (verb == "reset") {
    s.resetAndDestroy();
  } else if (verb == "pause") {
    s.pause();
  } else if (verb == "resume") {
    s.resume();
  } else if (verb == "read") {
    const auto shown = read(step);
    if (!shown) return false;
    result = *shown;
  } else if (verb == "cork") {
    s.cork();
  } else if (verb == "uncork") {
    s.uncork();
  } else if (verb == "encoding") {
    s.setEncoding(encoding_named(arg(0)));
  } else if (verb == "noDelay") {
    s.setNoDelay(arg(0) != "0");
  } else if (verb == "keepAlive") {
    s.setKeepAlive(arg(0) != "0", arg(1).empty() ? 0 : std::stoi(arg(1)));
  } else if (verb == "timeout") {
    const int ms = std::stoi(arg(0));
    if (arg(1) == "cb") {
      s.setTimeout(ms, listener('t', false));
    } else {
      s.setTimeout(ms);
    }
    armed_ = ms > 0 && ms < 1000 && !s.destroyed();
  } else if (verb == "unshift") {
    std::string bytes(std::stoul(arg(0)), ' ');
    for (char& byte : bytes) byte = static_cast<char>('A' + put_back_++ % 26);
    s.unshift(bytes);
  } else if (verb == "pipe") {
    const SocketActor* destination = peer(arg(0));
    s.pipe(destination ? destination->socket() : s, {.end = arg(1) != "noend"});
  } else if (verb == "unpipe") {
    const SocketActor* destination = peer(arg(0));
    if (destination) {
      s.unpipe(destination->socket());
    } else {
      s.unpipe();
    }
  } else {
    common(*this, socket_, stage_, step, result);
  }
  return true;
}

}  // namespace conformance

#endif

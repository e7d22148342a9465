// What it takes to get connected: lookups that answer as a scenario says, and the options of connect and listen.
// The same as connecting.mjs.
#ifndef NET_TESTS_CONFORMANCE_CONNECTING_HPP
#define NET_TESTS_CONFORMANCE_CONNECTING_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor.hpp"

namespace conformance {

/// `a b=1 c=2` is {"a"} and {"b": "1", "c": "2"}.
inline std::pair<std::vector<std::string>, Options> split(const std::vector<std::string>& args) {
  std::pair<std::vector<std::string>, Options> parts;
  for (const std::string& arg : args) {
    const std::size_t at = arg.find('=');
    if (at == std::string::npos) {
      parts.first.push_back(arg);
    } else {
      parts.second[arg.substr(0, at)] = arg.substr(at + 1);
    }
  }
  return parts;
}

inline std::vector<net::LookupAddress> answers_of(const std::string& text) {
  std::vector<net::LookupAddress> answers;
  if (text == "none") return answers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('+', at), text.size());
    const std::string one = text.substr(at, end - at);
    const std::size_t slash = one.find('/');
    const std::string address = one.substr(0, slash);
    const int family = slash == std::string::npos ? net::isIP(address) : std::stoi(one.substr(slash + 1));
    answers.push_back({address, static_cast<net::Family>(family)});
    at = end + 1;
  }
  return answers;
}

/// `lookup=127.0.0.2+::1` with `answer=now` (also `tick`, `immediate`, a time in ms, `never`, `twice`: now and
/// after 30 ms).
inline net::Lookup lookup_of(Actor& actor, Stage& stage, const std::string& what, const std::string& how) {
  return [&actor, &stage, what, how](std::string_view host, const net::LookupOptions& options,
                                     net::LookupCallback callback) {
    actor.note("asked " + std::string(host) + " " + std::to_string(static_cast<int>(options.family)) + " " +
               std::to_string(options.hints) + (options.all ? " true" : " false"));
    const auto answer = [what, call = std::make_shared<net::LookupCallback>(std::move(callback))] {
      if (what == "error") {
        (*call)(net::Error(std::string("boom")), {});
      } else {
        const auto answers = answers_of(what);
        (*call)(net::Error(), answers);
      }
    };
    const auto after = [&stage, &answer](int ms) {
      ++stage.waiting;
      net::setTimeout(
          [&stage, answer] {
            --stage.waiting;
            answer();
          },
          ms);
    };
    if (how == "now" || how == "twice") answer();
    if (how == "twice") {
      after(30);
    } else if (how == "tick") {
      net::nextTick(answer);
    } else if (how == "immediate") {
      net::setImmediate(answer);
    } else if (Properties::is_number(how)) {
      after(std::stoi(how));
    }
  };
}

/// The options of a connect to a server, or to port 1 if it does not listen.
inline net::ConnectOptions connect_options(Actor& actor, Stage& stage, const std::string& target, const Options& given,
                                           int refused_port) {
  const auto get = [&](const char* name, const std::string& otherwise) {
    const auto found = given.find(name);
    return found == given.end() ? otherwise : found->second;
  };
  net::ConnectOptions made;
  if (given.contains("path")) {
    made.path = path_of(stage.own_path(), given.at("path"));
  } else if (const std::string path = stage.path_of_server(target); !path.empty()) {
    made.path = path;
  } else if (target != "noport") {
    made.port = stage.port_of(get("port", target), refused_port);
  }
  made.host = get("host", given.contains("lookup") ? "name.test" : "127.0.0.1");
  if (given.contains("lookup")) made.lookup = lookup_of(actor, stage, given.at("lookup"), get("answer", "now"));
  made.family = static_cast<net::Family>(std::stoi(get("family", "0")));
  made.hints = std::stoi(get("hints", "0"));
  if (given.contains("select")) made.autoSelectFamily = given.at("select") != "0";
  if (given.contains("delay")) made.autoSelectFamilyAttemptTimeout = std::stoi(given.at("delay"));
  made.localAddress = get("from", "");
  if (given.contains("localPort")) made.localPort = stage.port_of(given.at("localPort"), 0);
  if (actor.option("list")) made.blockList = stage.properties.list(actor.options().at("list"));
  return made;
}

inline net::ListenOptions listen_options(const Stage& stage, const Options& given) {
  net::ListenOptions made;
  if (given.contains("port")) made.port = stage.port_of(given.at("port"), 0);
  if (given.contains("host")) made.host = given.at("host");
  if (given.contains("path")) made.path = path_of(stage.own_path(), given.at("path"));
  if (given.contains("backlog")) made.backlog = std::stoi(given.at("backlog"));
  if (given.contains("signal")) made.signal = stage.properties.signal(given.at("signal"));
  if (given.contains("fd")) made.fd = stage.properties.descriptor(given.at("fd"));
  made.readableAll = given.contains("readableAll");
  made.writableAll = given.contains("writableAll");
  made.ipv6Only = given.contains("ipv6Only");
  return made;
}

/// The verbs of both kinds of actors about what lies outside them; false if it is another one.
inline bool outside(Stage& stage, const Step& step, std::string& result) {
  const auto arg = [&](std::size_t i) { return i < step.args.size() ? step.args[i] : std::string(); };
  const auto place = [&](std::size_t i) { return path_of(stage.own_path(), arg(i)); };
  const std::string& verb = step.verb;
  if (verb == "abort") {
    stage.properties.abort(arg(0), arg(1));
  } else if (verb == "block") {
    block(stage.properties.list(arg(0)), arg(1));
  } else if (verb == "file") {
    std::ofstream(place(0)).flush();
  } else if (verb == "rename") {
    (void)std::rename(place(0).c_str(), place(1).c_str());
  } else if (verb == "remove") {
    (void)::unlink(place(0).c_str());
  } else if (verb == "stat") {
    struct stat found{};
    char mode[16] = "nothing";
    if (::stat(place(0).c_str(), &found) == 0) std::snprintf(mode, sizeof mode, "%o", found.st_mode & 0777U);
    result = std::string(" -> ") + mode;
  } else if (verb == "defaults") {
    const Options given = split(step.args).second;
    if (given.contains("select")) net::setDefaultAutoSelectFamily(given.at("select") != "0");
    if (given.contains("delay")) net::setDefaultAutoSelectFamilyAttemptTimeout(std::stoi(given.at("delay")));
    result = std::string(" -> ") + (net::getDefaultAutoSelectFamily() ? "true " : "false ") +
             std::to_string(net::getDefaultAutoSelectFamilyAttemptTimeout().count());
  } else {
    return false;
  }
  return true;
}

}  // namespace conformance

#endif

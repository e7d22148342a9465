// What the actors of a scenario name: signals, block lists, descriptors, paths. The same as in connecting.mjs.
#ifndef NET_TESTS_CONFORMANCE_PROPERTIES_HPP
#define NET_TESTS_CONFORMANCE_PROPERTIES_HPP

#include <net.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenario.hpp"

namespace conformance {

/// `address:IP`, `subnet:IP/N`, `range:IP,IP`.
inline void block(const net::BlockList& list, const std::string& rule) {
  const std::size_t at = rule.find(':');
  const std::string kind = rule.substr(0, at);
  const std::string rest = rule.substr(at + 1);
  const std::size_t cut = rest.find(kind == "subnet" ? '/' : ',');
  const std::string first = rest.substr(0, cut);
  const std::string second = cut == std::string::npos ? "" : rest.substr(cut + 1);
  const net::Family family = net::isIPv6(first) ? net::Family::IPv6 : net::Family::IPv4;
  if (kind == "address") {
    list.addAddress(first, family);
  } else if (kind == "subnet") {
    list.addSubnet(first, std::stoi(second), family);
  } else {
    list.addRange(first, second, family);
  }
}

class Properties {
 public:
  void fill(const Plan& plan) {
    for (const auto& [name, aborted] : plan.signals) {
      if (aborted) controllers_[name].abort();
      controllers_[name];
    }
    for (const auto& [name, rules] : plan.lists) {
      for (const std::string& rule : rules) block(lists_[name], rule);
      lists_[name];
    }
    descriptors_ = plan.descriptors;
  }

  net::AbortSignal signal(const std::string& name) const { return controllers_.at(name).signal(); }
  void abort(const std::string& name, const std::string& reason) const {
    if (reason.empty()) {
      controllers_.at(name).abort();
    } else {
      controllers_.at(name).abort(net::Error(reason));
    }
  }
  const net::BlockList& list(const std::string& name) const { return lists_.at(name); }

  /// `d` and `d.peer` are the ends of a descriptor's pair; a number is itself.
  int descriptor(const std::string& name) const {
    if (is_number(name)) return std::stoi(name);
    const std::size_t dot = name.find('.');
    return descriptors_.at(name.substr(0, dot)).at(dot == std::string::npos ? 0 : 1);
  }

  static bool is_number(const std::string& text) {
    const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  }

 private:
  std::map<std::string, net::AbortController> controllers_;
  std::map<std::string, net::BlockList> lists_;
  std::map<std::string, std::vector<int>> descriptors_;
};

/// `@x` is an abstract name, `nul` holds a NUL, `length:N` has N bytes; others are files of the scenario.
inline std::string path_of(const std::string& own, const std::string& name) {
  if (name == "empty") return "";
  if (name.starts_with('@')) return std::string(1, '\0') + own + name.substr(1);
  if (name == "nul") return own + "a" + std::string(1, '\0') + "b";
  if (name.starts_with("length:")) return own + std::string(std::stoul(name.substr(7)) - own.size(), 'x');
  return own + name;
}

}  // namespace conformance

#endif

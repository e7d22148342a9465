// Reads the text of scenarios; README.md describes the language. The same as scenario.mjs.
#ifndef NET_TESTS_CONFORMANCE_SCENARIO_HPP
#define NET_TESTS_CONFORMANCE_SCENARIO_HPP

#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance {

struct Step {
  std::string actor, verb;
  std::vector<std::string> args;

  std::string text() const {
    std::string out = "> " + verb;
    for (const std::string& arg : args) out += " " + arg;
    return out;
  }
};

using Steps = std::vector<Step>;
using Options = std::map<std::string, std::string>;

struct Cast {
  std::string kind, name;
  Options options;
};

struct Plan {
  std::string title;
  std::vector<Cast> actors;
  Steps start;
  std::vector<Steps> blocks;
  std::map<std::string, Steps> when;
  std::set<std::string> omit;
  std::vector<std::pair<std::string, bool>> signals;  // with whether they have aborted
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;
  std::map<std::string, std::vector<int>> descriptors;
  bool solo = false;
  bool exclusive = false;
};

inline std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// What stands on an option of an actor: `hwm=16` is {"hwm", "16"}, `halfopen` is {"halfopen", "1"}.
inline Options options_of(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t at = words[i].find('=');
    if (at == std::string::npos) {
      options[words[i]] = "1";
    } else {
      options[words[i].substr(0, at)] = words[i].substr(at + 1);
    }
  }
  return options;
}

/// A `#` begins a comment unless it counts occurrences: `#2`, `#*`.
inline std::string without_comment(const std::string& line) {
  for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1)) {
    const char next = at + 1 < line.size() ? line[at + 1] : ' ';
    if (next != '*' && (next < '0' || next > '9')) return line.substr(0, at);
  }
  return line;
}

/// Descriptors that the runner inherited, as a text "5,6 7": the ends of one, then those of the next.
inline std::deque<std::vector<int>> inherited_of(const char* text) {
  std::deque<std::vector<int>> all;
  for (const std::string& word : words_of(text ? text : "")) {
    std::istringstream in(word);
    all.emplace_back();
    for (std::string end; std::getline(in, end, ',');) all.back().push_back(std::stoi(end));
  }
  return all;
}

/// `inherited` are the descriptors that the lines `descriptor` name, in order.
inline std::vector<Plan> parse(std::istream& in, std::deque<std::vector<int>> inherited) {
  std::vector<Plan> plans;
  Plan* plan = nullptr;
  Steps* steps = nullptr;
  for (std::string raw; std::getline(in, raw);) {
    const std::string line = without_comment(raw);
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    if (line.starts_with("  ")) {
      Step step{words[0], words.size() > 1 ? words[1] : "", {}};
      for (std::size_t i = 2; i < words.size(); ++i) step.args.push_back(words[i]);
      if (step.verb == "throw" || step.verb == "defaults") plan->exclusive = true;
      steps->push_back(std::move(step));
    } else if (words[0] == "scenario") {
      plan = &plans.emplace_back();
      plan->title = line.size() > 9 ? line.substr(9, line.find_last_not_of(' ') - 8) : "";
      steps = &plan->start;
    } else if (words[0] == "omit") {
      plan->omit.insert(words.begin() + 1, words.end());
    } else if (words[0] == "signal") {
      plan->signals.emplace_back(words[1], words.size() > 2);
    } else if (words[0] == "list") {
      plan->lists.emplace_back(words[1], std::vector<std::string>(words.begin() + 2, words.end()));
    } else if (words[0] == "descriptor" && !inherited.empty()) {
      plan->descriptors[words[1]] = inherited.front();
      inherited.pop_front();
    } else if (words[0] == "solo") {
      plan->solo = plan->exclusive = true;
    } else if (words[0] == "server" || words[0] == "client") {
      plan->actors.push_back({words[0], words[1], options_of(words)});
      if (plan->actors.back().options.contains("noerror")) plan->exclusive = true;
    } else if (words[0] == "start") {
      steps = &plan->start;
    } else if (words[0] == "quiet") {
      steps = &plan->blocks.emplace_back();
    } else if (words[0] == "when") {
      steps = &plan->when[words[1] + " " + words[2] + " " + (words.size() > 3 ? words[3] : "#1")];
    } else {
      std::cerr << "not understood: " << line << "\n";
      std::exit(2);
    }
  }
  return plans;
}

}  // namespace conformance

#endif

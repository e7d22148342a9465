// Steps that a machine of named states allows, as text.
#ifndef NET_TESTS_STEPS_HPP
#define NET_TESTS_STEPS_HPP

#include <cstdint>
#include <string>

/// All steps that a machine allows, each as the numbers of its states.
template <class State>
std::string steps(State last) {
  std::string text;
  const auto count = static_cast<std::uint8_t>(last) + 1;
  for (int from = 0; from < count; ++from) {
    text += text.empty() ? "" : " ";
    text += std::to_string(from) + ">";
    for (int to = 0; to < count; ++to) {
      if (is_step(static_cast<State>(from), static_cast<State>(to))) text += std::to_string(to);
    }
  }
  return text;
}

#endif

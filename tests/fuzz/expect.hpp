// What a fuzzer finds out has to hold in every build.
#ifndef NET_TESTS_FUZZ_EXPECT_HPP
#define NET_TESTS_FUZZ_EXPECT_HPP

#include <cstdio>
#include <cstdlib>

inline void expect(bool holds, unsigned line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "line %u: the expectation does not hold\n", line);
  std::abort();
}

#endif

// Test cases that cannot hold on the system that they are run on.
#ifndef NET_TESTS_SKIP_HPP
#define NET_TESTS_SKIP_HPP

#include <cstdio>

namespace tests {

inline const char*& name_of_case() {
  static const char* name = "";
  return name;
}
/// How many were not run here, for a reason that was printed.
inline int& skipped_cases() {
  static int count = 0;
  return count;
}

inline void skip_here(const char* reason) {
  ++skipped_cases();
  std::printf("skipped: %s: %s\n", name_of_case(), reason);
}

}  // namespace tests

/// Leaves the test case, and says why.
#if defined(_WIN32)
#define NET_NOT_ON_WINDOWS(reason) return ::tests::skip_here(reason)
#else
#define NET_NOT_ON_WINDOWS(reason) static_cast<void>(0)
#endif

#endif

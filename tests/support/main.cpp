// The test program's main: runs the test cases, each against a deadline, and fails if there was none to run.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#if !defined(_WIN32)
#include <pthread.h>
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/support/skip.hpp"

namespace {

char overdue[512];
bool ran_any = false;

unsigned deadline_in_seconds() {
  const char* text = std::getenv("NET_TEST_DEADLINE");
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 600u;
}

#if defined(_WIN32)
/// Seconds that are left; 0: none are counted. A thread counts them.
std::atomic<unsigned> seconds_left{0};

void set_alarm(unsigned seconds) { seconds_left = seconds; }
void start_watching() {
  std::thread([] {
    for (;;) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      unsigned left = seconds_left;
      if (left == 0 || !seconds_left.compare_exchange_strong(left, left - 1) || left > 1) continue;
      std::fputs(overdue, stderr);
      std::_Exit(1);
    }
  }).detach();
}
void wait_for_a_signal() { std::this_thread::sleep_for(std::chrono::seconds(1)); }
#else
// Only what a signal handler may do. The exit leaves out destructors: the stuck test may hold anything.
extern "C" void end_overdue_test(int) {
  (void)!::write(STDERR_FILENO, overdue, std::strlen(overdue));
  ::_exit(1);
}

void set_alarm(unsigned seconds) { ::alarm(seconds); }
void start_watching() {
  std::signal(SIGALRM, end_overdue_test);
  ::pthread_atfork(nullptr, nullptr, [] { ::alarm(deadline_in_seconds()); });  // a child has no alarm of its parent's
}
void wait_for_a_signal() { ::pause(); }
#endif

/// Ends the program, naming the test, when one takes longer than NET_TEST_DEADLINE seconds (600; 0 is for ever). It is
/// for tests that hang, and waits in most of them: processor time does not part them from one on a machine that is
/// busy.
struct Watchdog : doctest::IReporter {
  explicit Watchdog(const doctest::ContextOptions&) { start_watching(); }

  void test_case_start(const doctest::TestCaseData& test) override {
    ran_any = true;
    tests::name_of_case() = test.m_name;
    std::snprintf(overdue, sizeof overdue, "\n%s:%u: over its deadline of %u s: %s\n", test.m_file.c_str(), test.m_line,
                  deadline_, test.m_name);
    set_alarm(deadline_);
  }
  void test_case_end(const doctest::CurrentTestCaseStats&) override { set_alarm(0); }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  const unsigned deadline_ = deadline_in_seconds();
};

DOCTEST_REGISTER_LISTENER("watchdog", 1, Watchdog);

TEST_CASE("a test that hangs" * doctest::skip()) {
  for (;;) wait_for_a_signal();
}

}  // namespace

int main(int count, char** arguments) {
  doctest::Context context(count, arguments);
  const int result = context.run();
  if (const int skipped = tests::skipped_cases()) std::printf("[doctest] skipped here: %d\n", skipped);
  if (ran_any || context.shouldExit()) return result;  // it says so after --help and the like
  std::fputs("no test case was run\n", stderr);
  return 1;
}

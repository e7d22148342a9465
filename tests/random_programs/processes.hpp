// What random programs ask of the system beside the library: processes, a limit of time, what is open.
#ifndef NET_TESTS_RANDOM_PROGRAMS_PROCESSES_HPP
#define NET_TESTS_RANDOM_PROGRAMS_PROCESSES_HPP

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace programs {

/// A process that was begun: its number, or on Windows its handle; -1: none.
using Process = std::intptr_t;

/// One that has ended.
struct Ended {
  Process process = -1;
  bool exited = false;  // by itself, and not by a signal
  int status = 0;       // what it exited with, or the signal
};

#if defined(_WIN32)

inline Process begin_process(const std::vector<std::string>& command) {
  std::vector<const char*> words;
  for (const std::string& word : command) words.push_back(word.c_str());
  words.push_back(nullptr);
  return ::_spawnv(_P_NOWAIT, words[0], words.data());
}

/// Waits for one of them.
inline Ended wait_for_any(const std::vector<Process>& processes) {
  std::vector<HANDLE> handles;
  for (const Process each : processes) {
    if (each >= 0) handles.push_back(reinterpret_cast<HANDLE>(each));
  }
  if (handles.empty()) return {};
  const DWORD which = ::WaitForMultipleObjects(static_cast<DWORD>(handles.size()), handles.data(), FALSE, INFINITE);
  const HANDLE ended = handles.at(which - WAIT_OBJECT_0);
  DWORD status = 0;
  ::GetExitCodeProcess(ended, &status);
  ::CloseHandle(ended);
  return {reinterpret_cast<Process>(ended), true, static_cast<int>(status)};
}

/// The process ends if this many seconds pass before it is called again; 0: for ever.
inline void limit_time(unsigned seconds) {
  static HANDLE timer = nullptr;
  if (timer) ::DeleteTimerQueueTimer(nullptr, timer, INVALID_HANDLE_VALUE);
  timer = nullptr;
  if (seconds == 0) return;
  const auto end = [](void*, BOOLEAN) {
    std::fputs("it takes too long\n", stderr);
    ::TerminateProcess(::GetCurrentProcess(), 14);
  };
  ::CreateTimerQueueTimer(&timer, nullptr, end, nullptr, seconds * 1000, 0, WT_EXECUTEONLYONCE);
}

/// A crash ends the process, and no window waits for somebody.
inline void end_when_it_crashes() {
  ::SetUnhandledExceptionFilter([](EXCEPTION_POINTERS* what) -> LONG {
    const auto* const program = reinterpret_cast<const char*>(::GetModuleHandleW(nullptr));
    const auto* const at = static_cast<const char*>(what->ExceptionRecord->ExceptionAddress);
    std::fprintf(stderr, "exception %lx at %#llx of the program\n", what->ExceptionRecord->ExceptionCode,
                 static_cast<unsigned long long>(at - program));
    ::TerminateProcess(::GetCurrentProcess(), what->ExceptionRecord->ExceptionCode);
    return EXCEPTION_EXECUTE_HANDLER;
  });
}

inline std::size_t descriptors_of_process() { return ::open_sockets_and_pipes(); }

#else

inline Process begin_process(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int pid = ::fork();
  if (pid != 0) return pid;
  ::execvp(words[0], words.data());
  ::_exit(3);
}

inline Ended wait_for_any(const std::vector<Process>&) {
  int status = 0;
  const int pid = ::waitpid(-1, &status, 0);
  if (pid < 0) return {};
  return {pid, WIFEXITED(status), WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)};
}

inline void limit_time(unsigned seconds) { ::alarm(seconds); }
inline void end_when_it_crashes() {}

inline std::size_t descriptors_of_process() {
  std::size_t count = 0;
  DIR* const directory = ::opendir("/proc/self/fd");
  while (directory && ::readdir(directory)) ++count;
  if (directory) ::closedir(directory);
  return count;
}

#endif

}  // namespace programs

#endif

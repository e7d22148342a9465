// The bodies of processes.hpp. Internal.
#ifndef NET_DETAIL_SYS_POSIX_PROCESSES_IPP
#define NET_DETAIL_SYS_POSIX_PROCESSES_IPP

#include <net/detail/sys/posix/processes.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <net/detail/sys/posix/headers.hpp>

#if !defined(_WIN32)

#include <spawn.h>
#include <sys/wait.h>

#if defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__APPLE__)
#include <crt_externs.h>
#include <mach-o/dyld.h>
#endif

namespace net::inline NET_ABI::detail::os {

#if defined(__APPLE__)
inline char** environment() noexcept { return *_NSGetEnviron(); }

NET_API int own_program(Program& program) {
  char path[4096];
  std::uint32_t size = sizeof path;
  if (_NSGetExecutablePath(path, &size) != 0) return -ENAMETOOLONG;
  program.path = path;
  for (char** each = *_NSGetArgv(); *each; ++each) program.arguments.push(std::string(*each));
  return 0;
}
#else
#if defined(__linux__)
using ::environ;
#else
extern "C" char** environ;  // POSIX has programs declare it
#endif
inline char** environment() noexcept { return environ; }

/// By a name, which is what lists of processes show; not by one that another program has taken meanwhile.
inline std::string own_file() {
  const char* const itself = "/proc/self/exe";
  struct stat is{};
  const bool known = ::stat(itself, &is) == 0;
  const auto names_it = [&](const char* path) {
    struct stat there{};
    return known && ::stat(path, &there) == 0 && there.st_dev == is.st_dev && there.st_ino == is.st_ino;
  };
#if defined(__linux__)
  // as it was started: perhaps by a link
  const auto* const started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (started && names_it(started)) return started;
#endif
  char path[4096];
  const ssize_t size = ::readlink(itself, path, sizeof path - 1);
  if (size <= 0) return itself;
  path[size] = '\0';
  return names_it(path) ? path : itself;
}

/// Linux's way; elsewhere, where there is no such file, the program must be named.
NET_API int own_program(Program& program) {
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -ENOTSUP;
  std::string all;
  char some[4096];
  std::ptrdiff_t got = 0;
  while ((got = read_some(file, some, sizeof some)) > 0) all.append(some, static_cast<std::size_t>(got));
  close_descriptor(file);
  if (got < 0 || all.empty()) return -ENOTSUP;
  program.path = own_file();
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\0', at) == std::string::npos ? all.size() : all.find('\0', at);
    program.arguments.push(all.substr(at, end - at));
    at = end + 1;
  }
  return 0;
}
#endif

/// What this process ignores, or a thread of it blocks, is not the child's.
inline int with_signals_of_its_own(posix_spawnattr_t& attributes) noexcept {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (const int failed = ::posix_spawnattr_setsigmask(&attributes, &none)) return failed;
  if (const int failed = ::posix_spawnattr_setsigdefault(&attributes, &all)) return failed;
  return ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

inline int spawn(const char* path, NativeHandle channel, char** arguments, char** variables,
                 std::int64_t& id) noexcept {
  posix_spawn_file_actions_t actions;
  if (const int failed = ::posix_spawn_file_actions_init(&actions)) return failed;
  posix_spawnattr_t attributes;
  int failed = ::posix_spawnattr_init(&attributes);
  if (failed == 0) {
    pid_t child = 0;
    failed = with_signals_of_its_own(attributes);
    if (failed == 0) failed = ::posix_spawn_file_actions_adddup2(&actions, channel, given_channel());
    if (failed == 0) failed = ::posix_spawn(&child, path, &actions, &attributes, arguments, variables);
    if (failed == 0) id = child;
    ::posix_spawnattr_destroy(&attributes);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  return failed;
}

/// The channel under that number, and nothing else of this library's: all is closed on exec.
NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id) {
  Vec<char*> arguments, variables;
  const auto text = [](const std::string& from) { return const_cast<char*>(from.c_str()); };
  for (const std::string& each : program.arguments) arguments.push(text(each));
  arguments.push(nullptr);
  for (char** each = environment(); each && *each; ++each) variables.push(*each);
  for (const std::string& each : program.variables) variables.push(text(each));
  variables.push(nullptr);
  // one that stands there already would not be moved, and closed on exec
  const NativeHandle moved = ::fcntl(channel, F_DUPFD_CLOEXEC, given_channel() + 1);
  if (moved < 0) return -errno;
  const int failed = spawn(program.path.c_str(), moved, arguments.begin(), variables.begin(), id);
  close_descriptor(moved);
  return -failed;
}

NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept {
  int status = 0;
  const pid_t got = ::waitpid(static_cast<pid_t>(process), &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return 0;
  if (got < 0) return -errno;  // somebody else has asked for it
  if (WIFSIGNALED(status)) {
    end = {0, WTERMSIG(status)};
  } else {
    end = {WEXITSTATUS(status), 0};
  }
  return 1;
}

NET_API int send_signal(std::int64_t process, int signo) noexcept {
  return ::kill(static_cast<pid_t>(process), signo) == 0 ? 0 : -errno;
}

NET_API bool take_variable(const char* name, std::string& value) {
  const char* const found = std::getenv(name);
  if (!found) return false;
  value = found;
  ::unsetenv(name);
  return true;
}

NET_API std::int64_t process_id() noexcept { return ::getpid(); }

NET_API int child_signal() noexcept { return SIGCHLD; }

NET_API void end_process(int code) { std::exit(code); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // !_WIN32

#endif
#endif

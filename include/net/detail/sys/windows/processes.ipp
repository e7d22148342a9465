// The bodies of processes.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PROCESSES_IPP
#define NET_DETAIL_SYS_WINDOWS_PROCESSES_IPP

#include <net/detail/sys/windows/processes.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/base/lock_guard.hpp>
#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/sys/windows/command_line.hpp>
#include <net/detail/sys/windows/errors.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

/// Those that this process has started, until it was asked how they ended: so long their numbers are nobody else's.
class Children {
 public:
  static Children& instance() noexcept {
    static constinit Children children;
    return children;
  }

  /// The handle is its own from now on, unless this fails.
  int add(std::int64_t id, win::Handle process) noexcept;
  int ended(std::int64_t id, ProcessEnd& end) noexcept;
  int send_signal(std::int64_t id, int signo) noexcept;

 private:
  struct Child {
    std::int64_t id = 0;
    win::Handle process = nullptr, wait = nullptr;
    int signal = 0;  // by which it was ended here
    Child* next = nullptr;
  };

  constexpr Children() noexcept = default;

  Child** find(std::int64_t id) noexcept {
    Child** at = &first_;
    while (*at && (*at)->id != id) at = &(*at)->next;
    return at;
  }
  static bool is_over(const Child& child) noexcept { return win::WaitForSingleObject(child.process, 0) == 0; }
  static void __stdcall on_end(void*, unsigned char) { say_child_ended(); }

  Mutex mutex_;
  Child* first_ = nullptr;
};

NET_API int Children::add(std::int64_t id, win::Handle process) noexcept {
  auto* const child = new (std::nothrow) Child{id, process};
  if (!child) return -ENOMEM;
  if (!win::RegisterWaitForSingleObject(&child->wait, process, &on_end, nullptr, win::wait_forever,
                                        win::wait_execute_once)) {
    const int failed = last_error();
    delete child;
    return failed;
  }
  const LockGuard locked(mutex_);
  child->next = detail::exchange(first_, child);
  return 0;
}

NET_API int Children::ended(std::int64_t id, ProcessEnd& end) noexcept {
  Child* gone = nullptr;
  {
    const LockGuard locked(mutex_);
    Child** const at = find(id);
    if (!*at) return -ECHILD;
    if (!is_over(**at)) return 0;
    gone = *at;
    *at = gone->next;
  }
  win::Word code = 0;
  win::GetExitCodeProcess(gone->process, &code);
  end = gone->signal != 0 ? ProcessEnd{0, gone->signal} : ProcessEnd{static_cast<int>(code), 0};
  win::UnregisterWaitEx(gone->wait, win::no_file());  // waits until nobody is called any more
  win::CloseHandle(gone->process);
  delete gone;
  return 1;
}

NET_API int Children::send_signal(std::int64_t id, int signo) noexcept {
  constexpr int interrupt = 2, quit = 3, kill = 9, terminate = 15;
  const LockGuard locked(mutex_);
  Child* const child = *find(id);
  if (!child || is_over(*child)) return -ESRCH;
  if (signo == 0) return 0;
  if (signo != interrupt && signo != quit && signo != kill && signo != terminate) return -ENOSYS;
  if (!win::TerminateProcess(child->process, 1)) return is_over(*child) ? -ESRCH : last_error();
  child->signal = signo;
  return 0;
}

NET_API int ended(std::int64_t process, ProcessEnd& end) noexcept { return Children::instance().ended(process, end); }
NET_API int send_signal(std::int64_t process, int signo) noexcept {
  return Children::instance().send_signal(process, signo);
}

NET_API int own_program(Program& program) {
  std::wstring path(32768, L'\0');
  const win::Word size = win::GetModuleFileNameW(nullptr, path.data(), static_cast<win::Word>(path.size()));
  if (size == 0 || size == path.size()) return size == 0 ? last_error() : -ENAMETOOLONG;
  program.path = narrowed(path.c_str());
  split_command_line(narrowed(win::GetCommandLineW()), program.arguments);
  return 0;
}

/// The handles that a program inherits, and no other one does: duplicates, of which this process has none when it runs.
class Inherited {
 public:
  static constexpr win::Word max_handles = 4;

  Inherited() noexcept = default;
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;
  ~Inherited() {
    if (list_) win::DeleteProcThreadAttributeList(list_);
    for (win::Word i = 0; i < count_; ++i) win::CloseHandle(handles_[i]);
  }

  /// Null: there is no such handle.
  win::Handle add(win::Handle handle) noexcept {
    win::Handle same = nullptr;
    const win::Handle self = win::GetCurrentProcess();
    if (!handle || handle == win::no_file() ||
        !win::DuplicateHandle(self, handle, self, &same, 0, 1, win::same_access)) {
      return nullptr;
    }
    return handles_[count_++] = same;
  }
  ::_PROC_THREAD_ATTRIBUTE_LIST* list() noexcept {
    win::Size size = sizeof memory_;
    auto* const list = reinterpret_cast<::_PROC_THREAD_ATTRIBUTE_LIST*>(&memory_[0]);
    if (!win::InitializeProcThreadAttributeList(list, 1, 0, &size)) return nullptr;
    list_ = list;
    const bool set = win::UpdateProcThreadAttribute(list_, 0, win::attribute_handle_list, &handles_[0],
                                                    count_ * sizeof(win::Handle), nullptr, nullptr);
    return set ? list_ : nullptr;
  }

 private:
  win::Handle handles_[max_handles] = {};
  win::Word count_ = 0;
  ::_PROC_THREAD_ATTRIBUTE_LIST* list_ = nullptr;
  alignas(std::max_align_t) unsigned char memory_[256];
};

inline constexpr const char* channel_variable = "NET_CHANNEL_HANDLE";

/// The variables of this process, those of the program, and one that says which handle is the channel; 0 or a negated
/// errno.
inline int environment_of(const Program& program, win::Handle channel, std::wstring& environment) {
  const std::string channel_is =
      std::string(channel_variable) + "=" + std::to_string(reinterpret_cast<std::intptr_t>(channel));
  Vec<std::wstring> variables;
  for (std::size_t i = 0; i <= program.variables.size(); ++i) {
    std::wstring wide;
    if (!widen(i == program.variables.size() ? channel_is : program.variables[i], wide)) return -EINVAL;
    variables.push(std::move(wide));
  }
  wchar_t* const own = win::GetEnvironmentStringsW();
  if (!own) return -ENOMEM;
  struct Free {
    wchar_t* strings;
    ~Free() { win::FreeEnvironmentStringsW(strings); }
  } const free_own{own};
  environment = environment_with(own, variables);
  return 0;
}

NET_API int start_program(const Program& program, NativeHandle channel, std::int64_t& id) {
  Inherited inherited;
  const win::Handle given = inherited.add(handle_of(channel));
  if (!given) return last_error();
  win::StartupInfo start{};
  start.size = sizeof start;
  start.flags = win::use_handles;
  win::Handle* const standard[] = {&start.input, &start.output, &start.error};
  for (win::Word i = 0; i < 3; ++i) *standard[i] = inherited.add(win::GetStdHandle(win::standard_input - i));
  start.attributes = inherited.list();
  if (!start.attributes) return last_error();

  std::wstring path, line, environment;
  if (!widen(program.path, path) || !widen(command_line_of(program.arguments), line)) return -EINVAL;
  if (const int failed = environment_of(program, given, environment); failed < 0) return failed;

  win::ProcessInfo started{};
  if (!win::CreateProcessW(path.c_str(), line.data(), nullptr, nullptr, 1,
                           win::create_extended | win::create_unicode_environment, environment.data(), nullptr,
                           win::as<::_STARTUPINFOW>(&start), win::as<::_PROCESS_INFORMATION>(&started))) {
    return last_error();
  }
  win::CloseHandle(started.thread);
  id = started.process_id;
  const int failed = Children::instance().add(id, started.process);
  if (failed < 0) {
    win::TerminateProcess(started.process, 1);
    win::CloseHandle(started.process);
  }
  return failed;
}

NET_API NativeHandle given_channel() {
  std::string number;
  if (!take_variable(channel_variable, number)) return no_handle;
  NativeHandle given = 0;
  for (const char digit : number) {
    if (digit < '0' || digit > '9' || given > INTPTR_MAX / 16) return no_handle;
    given = given * 10 + (digit - '0');
  }
  return given;
}

/// The C library has an environment of its own beside the process's; it changes both.
NET_API bool take_variable(const char* name, std::string& value) {
  const char* const found = std::getenv(name);
  if (!found) return false;
  value = found;
  ::_putenv_s(name, "");
  return true;
}

NET_API void end_process(int code) { std::exit(code); }

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

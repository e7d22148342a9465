// The bodies of thread.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_THREAD_IPP
#define NET_DETAIL_SYS_WINDOWS_THREAD_IPP

#include <net/detail/sys/windows/thread.hpp>

#if NET_BODIES

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API std::uint64_t now_ns() noexcept {
  constexpr std::uint64_t second = 1000000000;
  std::int64_t ticks = 0, a_second = 1;
  win::QueryPerformanceCounter(win::as<::_LARGE_INTEGER>(&ticks));
  win::QueryPerformanceFrequency(win::as<::_LARGE_INTEGER>(&a_second));
  const auto count = static_cast<std::uint64_t>(ticks), rate = static_cast<std::uint64_t>(a_second);
  return count / rate * second + count % rate * second / rate;  // the product of all of it would not fit
}

NET_API bool Thread::begin(Start* start) noexcept {
  thread_ = win::CreateThread(nullptr, 0, &run, start, 0, nullptr);
  if (!thread_) delete start;
  return thread_ != nullptr;
}

NET_API win::Word __stdcall Thread::run(void* given) {
  const Start now = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  now.work(now.argument);
  return 0;
}

NET_API bool start_thread(void (*work)(void*), void* argument) noexcept {
  Thread thread;
  if (!thread.try_start(work, argument)) return false;
  thread.detach();
  return true;
}

NET_API std::size_t processors() noexcept {
  const win::Word count = win::GetActiveProcessorCount(win::all_processors);
  return count > 0 ? count : 1;
}

NET_API std::uint32_t fork_count() noexcept { return 0; }
NET_API void at_fork(void (*)(), void (*)(), void (*)()) noexcept {}
NET_API void count_in_resolver(int) noexcept {}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

// A handle for tests of the loop, which has no use.
#ifndef NET_TESTS_NOTED_HPP
#define NET_TESTS_NOTED_HPP

#include <net/detail/loop/core.hpp>

#include <string>

namespace tests::inline NET_MACHINE {

/// A handle that notes what is done to it, and holds what a user might have given it.
struct Noted : net::detail::Handle {
  static const Operations table;

  Noted(net::detail::LoopCore& core, std::string& notes) : Handle(core, table), log(notes) {}
  ~Noted() { log += "freed "; }

  std::string& log;
  net::detail::Callback given;
};

inline const net::detail::Handle::Operations Noted::table{
    [](net::detail::Handle& handle) noexcept { delete static_cast<Noted*>(&handle); },
    [](net::detail::Handle& handle) noexcept {
      auto& self = static_cast<Noted&>(handle);
      self.log += "abandoned ";
      self.given.reset();
    }};

}  // namespace tests::inline NET_MACHINE

#endif

// Listeners on every event of a socket, in every way to add and to remove one.
#ifndef NET_TESTS_RANDOM_PROGRAMS_SOCKET_LISTENERS_HPP
#define NET_TESTS_RANDOM_PROGRAMS_SOCKET_LISTENERS_HPP

#include "tests/random_programs/side.hpp"

namespace programs {

/// Calls `f.operator()<Name>()` for the event of that number.
inline constexpr std::size_t socket_events = 19;
template <class F>
void with_socket_event(std::size_t number, F&& f) {
  switch (number) {
    case 0: return f.template operator()<"close">();
    case 1: return f.template operator()<"connect">();
    case 2: return f.template operator()<"connectionAttempt">();
    case 3: return f.template operator()<"connectionAttemptFailed">();
    case 4: return f.template operator()<"connectionAttemptTimeout">();
    case 5: return f.template operator()<"data">();
    case 6: return f.template operator()<"drain">();
    case 7: return f.template operator()<"end">();
    case 8: return f.template operator()<"error">();
    case 9: return f.template operator()<"lookup">();
    case 10: return f.template operator()<"ready">();
    case 11: return f.template operator()<"timeout">();
    case 12: return f.template operator()<"finish">();
    case 13: return f.template operator()<"prefinish">();
    case 14: return f.template operator()<"pause">();
    case 15: return f.template operator()<"resume">();
    case 16: return f.template operator()<"readable">();
    case 17: return f.template operator()<"pipe">();
    default: return f.template operator()<"unpipe">();
  }
}

/// Adds one, in one of the ways.
void add_socket_ear(const std::shared_ptr<Side>& side, std::size_t event, std::size_t way);
/// Takes one off again, or all of an event, or all.
void remove_socket_ears(Side& side, std::size_t way);

/// The one listener of 'close' that counts, of 'error', of 'data' and 'end'.
void count_close(const std::shared_ptr<Side>& side);
/// The same after a time in which nobody listened: a 'close' of that time may come now, or not.
void count_close_again(const std::shared_ptr<Side>& side);
void count_error(const std::shared_ptr<Side>& side);
void count_data(const std::shared_ptr<Side>& side);

}  // namespace programs

#endif

// The error that a call throws.
#ifndef NET_TESTS_ERROR_OF_HPP
#define NET_TESTS_ERROR_OF_HPP

#include <net/error.hpp>

namespace tests {

/// The error that a call throws; no error if it throws none.
template <class F>
net::Error error_of(F&& call) {
  try {
    call();
  } catch (const net::Error& error) {
    return error;
  }
  return net::Error();
}

}  // namespace tests

#endif

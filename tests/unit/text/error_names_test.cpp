#include <net/detail/text/error_names.hpp>

#include <doctest/doctest.h>

#include <iterator>

using namespace net::detail;
using net::Errc;

namespace {

constexpr int first = static_cast<int>(Errc::ERR_SERVER_ALREADY_LISTEN),
              last = static_cast<int>(Errc::ERR_LOOKUP_OTHER);

/// Every code has its one row, with a name that no other code has.
constexpr bool codes_are_told_apart() {
  for (int code = first; code <= last; ++code) {
    int rows = 0;
    for (const CodeRow& row : code_rows) {
      rows += static_cast<int>(row.code) == code;
      if (static_cast<int>(row.code) != code && row.name == name_of(static_cast<Errc>(code))) return false;
    }
    if (rows != 1 || name_of(static_cast<Errc>(code)).empty() || message_of(static_cast<Errc>(code)).empty())
      return false;
  }
  return std::size(code_rows) == last - first + 1;
}

constexpr bool kinds_are_nodes() {
  for (const CodeRow& row : code_rows) {
    bool known = false;
    for (const std::string_view kind : {"Error", "TypeError", "RangeError", "AbortError", "TimeoutError"}) {
      known = known || row.kind == kind;
    }
    if (!known) return false;
  }
  return true;
}

/// Numbers that a system gives to two names find the first one; on this one they are all different.
constexpr bool system_rows_are_found() {
  for (const SystemRow& row : system_rows) {
    if (row.number <= 0 || system_row(row.number).name != row.name || row.description.empty()) return false;
    if (row.name[0] != 'E') return false;
  }
  return true;
}

constexpr bool lookup_numbers_differ() {
  for (int a = static_cast<int>(Errc::ERR_LOOKUP_NOT_FOUND); a <= last; ++a) {
    for (int b = a + 1; b <= last; ++b) {
      if (lookup_number(static_cast<Errc>(a)) == lookup_number(static_cast<Errc>(b))) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("S3.10: every code of the library has one row, a name of its own, a text, and one of Node's kinds") {
  static_assert(codes_are_told_apart() && kinds_are_nodes());
  CHECK(kind_of(Errc::ERR_SOCKET_BAD_PORT) == "RangeError");
  CHECK(kind_of(Errc::ERR_MISSING_ARGS) == "TypeError");
  CHECK(kind_of(Errc::ERR_SOCKET_CLOSED) == "Error");
  CHECK(name_of(Errc::ERR_ABORTED) == "ABORT_ERR");
  CHECK(message_of(Errc::ERR_SERVER_NOT_RUNNING) == "Server is not running.");
}

TEST_CASE("a number that is no code is unknown, not another code") {
  CHECK(name_of(static_cast<Errc>(0)).empty());
  CHECK(message_of(static_cast<Errc>(last + 1)) == "Unknown error");
  CHECK(kind_of(static_cast<Errc>(-1)) == "Error");
}

TEST_CASE("S3.11, S3.12: errors of the system have their names and descriptions, unknown ones are UNKNOWN") {
  static_assert(system_rows_are_found());
  CHECK(system_error_name(ECONNREFUSED) == "ECONNREFUSED");
  CHECK(system_error_description(EADDRINUSE) == "address already in use");
  CHECK(system_error_name(EWOULDBLOCK) == "EAGAIN");
  for (const int unknown : {0, -ECONNREFUSED, 1 << 20}) {
    CHECK(system_error_name(unknown) == "UNKNOWN");
    CHECK(system_error_description(unknown) == "unknown error");
  }
}

TEST_CASE("S3.7: errors of a lookup have numbers of their own, those of libuv") {
  static_assert(lookup_numbers_differ());
  CHECK(name_of(Errc::ERR_LOOKUP_NOT_FOUND) == "ENOTFOUND");
  CHECK(lookup_number(Errc::ERR_LOOKUP_NOT_FOUND) == -3008);
  CHECK(lookup_number(Errc::ERR_LOOKUP_TRY_AGAIN) == -3001);
  CHECK(lookup_number(Errc::ERR_LOOKUP_FAILED) == -3004);
}

#include <net/error.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

using net::Errc;
using net::Error;

TEST_CASE("S3.1: a system error says which call failed and how, and compares with std::errc") {
  const Error error = net::detail::system_failure(ECONNRESET, "read");
  CHECK(std::string(error.what()) == "read ECONNRESET");
  CHECK(error.code() == std::errc::connection_reset);
  CHECK(error.name() == "ECONNRESET");
  CHECK(error.syscall() == "read");
  CHECK(error.kind() == "Error");
  CHECK_MESSAGE(error.number() == -ECONNRESET, "S3.11: the number negated");
  CHECK(error.port() == -1);
}

TEST_CASE("S3.2: an address is shown with its port, but never with port 0") {
  CHECK(std::string(net::detail::address_failure(ECONNREFUSED, "connect", "::1", 8080).what()) ==
        "connect ECONNREFUSED ::1:8080");
  const Error error = net::detail::address_failure(EADDRNOTAVAIL, "bind", "8.8.8.8", 0);
  CHECK(std::string(error.what()) == "bind EADDRNOTAVAIL 8.8.8.8");
  CHECK(error.address() == "8.8.8.8");
  CHECK(error.port() == -1);
}

TEST_CASE("S3.3, S3.4: the local end is part of the message; of the fields only if it was asked for") {
  const Error asked = net::detail::local_failure(ECONNREFUSED, "connect", "127.0.0.1", 1, "127.0.0.1", 34599, true);
  CHECK(std::string(asked.what()) == "connect ECONNREFUSED 127.0.0.1:1 - Local (127.0.0.1:34599)");
  CHECK(asked.localPort() == 34599);
  CHECK(net::detail::local_failure(ENETUNREACH, "connect", "192.0.2.1", 9, "0.0.0.0", 0, false).localPort() == -1);
}

TEST_CASE("S3.5, S3.12: a listen error is described in words") {
  CHECK(std::string(net::detail::listen_failure(EADDRINUSE, "::", 3000).what()) ==
        "listen EADDRINUSE: address already in use :::3000");
  CHECK(std::string(net::detail::listen_failure(EINVAL, "", 0).what()) == "listen EINVAL: invalid argument");
}

TEST_CASE("S3.7: a lookup error has the name, and no address") {
  const Error error = net::detail::lookup_failure(Errc::ERR_LOOKUP_NOT_FOUND, "nowhere.test");
  CHECK(std::string(error.what()) == "getaddrinfo ENOTFOUND nowhere.test");
  CHECK(error.hostname() == "nowhere.test");
  CHECK(error.number() == -3008);
  CHECK(error.address().empty());
}

TEST_CASE("S3.8: an aggregate has no message, the code of its first error, and all of them") {
  net::detail::Vec<Error> attempts;
  attempts.push(net::detail::system_failure(ECONNREFUSED, "connect"));
  attempts.push(net::detail::system_failure(ETIMEDOUT, "connect"));
  const Error error = net::detail::aggregate_failure(std::move(attempts));
  CHECK(std::string(error.what()).empty());
  CHECK(error.kind() == "AggregateError");
  CHECK(error.name() == "ECONNREFUSED");
  REQUIRE(error.errors().size() == 2);
  CHECK(error.errors()[1].code() == std::errc::timed_out);
}

TEST_CASE("S3.10: errors of the library have Node's texts and kinds, and compare with net::Errc") {
  const Error port = net::detail::bad_port("options.port", 65536);
  CHECK(std::string(port.what()) == "options.port should be >= 0 and < 65536. Received type number (65536).");
  CHECK(port.code() == Errc::ERR_SOCKET_BAD_PORT);
  CHECK(port.kind() == "RangeError");
  CHECK(std::string(net::detail::make_error(Errc::ERR_SERVER_NOT_RUNNING).what()) == "Server is not running.");
  CHECK(std::string(net::detail::invalid_value("options.x", "is bad", "1").what()) ==
        "The property 'options.x' is bad. Received 1");
  CHECK(std::string(net::detail::invalid_value("x", "is bad", "1").what()) == "The argument 'x' is bad. Received 1");
}

TEST_CASE("an error is false if there is none, and copies cost nothing and stay valid") {
  CHECK_FALSE(static_cast<bool>(Error()));
  CHECK(std::string(Error().what()).empty());
  Error kept;
  {
    const Error made("of the program");
    kept = made;
  }
  CHECK(static_cast<bool>(kept));
  CHECK(std::string(kept.what()) == "of the program");
  CHECK(kept.name().empty());
}

TEST_CASE("a number is shown as JavaScript shows it, whatever it is") {
  CHECK(net::detail::number_text(12) == "12");
  CHECK(net::detail::number_text(-3) == "-3");
  CHECK(net::detail::number_text(0.5) == "0.5");
  CHECK(net::detail::number_text(std::numeric_limits<double>::infinity()) == "Infinity");
  CHECK(net::detail::number_text(-std::numeric_limits<double>::infinity()) == "-Infinity");
  CHECK(net::detail::number_text(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("a text is an error with that message, and an error is written to a stream as its message") {
  const net::Error error = "no such user";
  const net::Error same = std::string("no such user");
  CHECK((error && same));
  CHECK(std::string(error.what()) == "no such user");
  std::ostringstream to;
  to << error << ";" << same;
  CHECK(to.str() == "no such user;no such user");
  static_assert(!std::is_constructible_v<net::Error, std::nullptr_t>);
}

TEST_CASE("what was thrown is an Error, whatever it was") {
  const auto text_of = [](const auto& thrown) {
    return std::string(net::detail::error_of(std::make_exception_ptr(thrown), "neither").what());
  };
  CHECK(text_of(Error("one")) == "one");
  CHECK(text_of(std::runtime_error("two")) == "two");
  CHECK(text_of(3) == "neither");
}

#include <net/detail/listen/served_elsewhere.hpp>

#include <doctest/doctest.h>

#include <net/server.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace net::detail;
using namespace tests;

namespace {

std::string asked;

const ServedElsewhere elsewhere{
    [](ServerState&, const net::ListenOptions& options) {
      asked += options.host + ":" + std::to_string(options.port) + options.path + ";";
    },
    [](ServerState&, std::uint32_t number) noexcept { asked += "left " + std::to_string(number) + ";"; },
    [](ServerState&) { asked += "space;"; }};

}  // namespace

TEST_CASE("S33.6: somebody else is asked to listen, unless a server wants a port of its own; the answer opens it") {
  net::Loop loop;
  Access::core(loop).served_elsewhere = &elsewhere;
  asked.clear();
  Log log;
  const net::Server real(loop), server(loop), failing(loop);
  real.listen({.port = 0, .host = "127.0.0.1", .exclusive = true});
  run_until(loop, [&] { return real.listening(); });
  note(server, log);
  server.listen(real.address()->port, "127.0.0.1");
  run_until(loop, [&] { return !asked.empty(); });
  CHECK(asked == "127.0.0.1:" + std::to_string(real.address()->port) + ";");
  CHECK_FALSE(server.listening());

  Access::state(server).opened_elsewhere(Access::state(real), 7, false);
  CHECK(server.address()->port == real.address()->port);
  asked.clear();
  server.maxConnections(3);
  server.close();
  real.close();
  run_to_the_end(loop);
  CHECK(asked == "space;left 7;");
  CHECK(log.text() == "close");

  note(failing, log);
  failing.listen("/a/path");
  Access::state(failing).refused_elsewhere(address_failure(13, "bind", "/a/path", -1));
  CHECK(log.text() == "close error(bind EACCES /a/path)");
  Access::core(loop).served_elsewhere = nullptr;
}

#include <net/chunk.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>

TEST_CASE("a chunk is a view of bytes, as text, as std::byte and as decoded text") {
  const std::string received("a\xE2\x82\xAC\0z", 6);
  const net::Chunk chunk{std::string_view(received)};
  CHECK(chunk.view() == received);
  CHECK(chunk.data() == received.data());
  CHECK(chunk.size() == 6);
  CHECK(chunk.bytes().size() == 6);
  CHECK(chunk.bytes()[1] == std::byte{0xE2});
  CHECK(std::string(chunk.begin(), chunk.end()) == received);
  CHECK(chunk.toString(net::Encoding::hex) == "61e282ac007a");
  CHECK(chunk.toString() == received);
  CHECK(std::string_view(chunk) == received);
  CHECK(net::Chunk().empty());
}

TEST_CASE("a chunk is written to a stream as its bytes") {
  std::ostringstream to;
  to << "<" << net::Chunk("a chunk") << ">";
  CHECK(to.str() == "<a chunk>");
}

TEST_CASE("a chunk is compared, searched and joined as text is") {
  const net::Chunk chunk("quit now");
  CHECK(chunk == "quit now");
  CHECK(std::string("quit") != chunk);
  CHECK(chunk == net::Chunk("quit now"));
  CHECK((chunk.length() == 8 && chunk[1] == 'u'));
  CHECK((chunk.find("now") == 5 && chunk.find('q') == 0 && chunk.find("x") == std::string_view::npos));
  CHECK((chunk.starts_with("quit") && chunk.ends_with('w') && !chunk.starts_with("now")));
  CHECK((chunk.substr(5) == "now" && chunk.substr(0, 4) == "quit"));
  CHECK("you said " + chunk == "you said quit now");
  CHECK(chunk + std::string("\n") + net::Chunk("!") == "quit now\n!");
  CHECK(chunk.toString("hex") == "71756974206e6f77");
}

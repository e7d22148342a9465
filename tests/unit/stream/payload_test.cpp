#include <net/detail/stream/payload.hpp>

#include <doctest/doctest.h>

#include <array>
#include <span>

using namespace net::detail;
using namespace std::string_view_literals;

namespace {

static_assert(Payload<std::string> && Payload<std::string_view> && Payload<const char*> && Payload<const char (&)[3]>);
static_assert(Payload<std::vector<char>> && Payload<std::vector<unsigned char>&> &&
              Payload<const std::vector<std::byte>&>);
static_assert(Payload<std::array<unsigned char, 4>> && Payload<std::span<const std::byte>> &&
              Payload<std::span<char, 3>>);
static_assert(!Payload<std::vector<int>> && !Payload<std::span<wchar_t>> && !Payload<std::wstring> && !Payload<int> &&
              !Payload<char>);
static_assert(!Payload<std::vector<signed char>>, "numbers, not bytes");

static_assert(owns_bytes<std::string> && owns_bytes<std::vector<std::byte>> && owns_bytes<std::vector<char>>);
static_assert(!owns_bytes<std::vector<int>> && !owns_bytes<std::string_view> && !owns_bytes<std::array<char, 4>>);

static_assert(TextArgument<const char*> && TextArgument<std::string> && TextArgument<std::string_view&>);
static_assert(!TextArgument<int> && !TextArgument<char> && !TextArgument<bool>);

constexpr auto lambda = [] {};
static_assert(OptionalListener<std::nullptr_t> && OptionalListener<decltype(lambda)> && OptionalListener<void (&)()>);
static_assert(!OptionalListener<int> && !OptionalListener<const char*> && !OptionalListener<std::string>);
static_assert(!OptionalListener<net::ConnectOptions> && !OptionalListener<const net::ListenOptions&> &&
              !OptionalListener<net::ServerOptions>);

struct Node {
  explicit Node(WriteNode* made) : node(made) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { node->destroy(node); }
  std::string_view unsent() const { return {node->data + node->sent, node->size - node->sent}; }
  WriteNode* node;
};

}  // namespace

TEST_CASE("S15.2: the bytes of text, vectors, arrays and spans; a NUL is a byte like others, save in a literal") {
  CHECK(bytes_of("ab\0cd") == "ab");
  CHECK(bytes_of(std::string("ab\0cd", 5)) == "ab\0cd"sv);
  CHECK(bytes_of(std::vector<std::byte>{std::byte{'x'}, std::byte{0}}) == "x\0"sv);
  CHECK(bytes_of(std::array<unsigned char, 2>{0xFF, 'y'}) == "\xFFy");
  CHECK(bytes_of(std::vector<char>{}).empty());
}

TEST_CASE("what waits is taken over if it was given up and can be kept, else its unsent part is copied") {
  std::string text(100, 't');
  const char* const memory = text.data();
  {
    const Node copied(source_of(text).node(60));
    CHECK(copied.unsent() == std::string(40, 't'));
    CHECK(copied.node->data != memory);
    CHECK(copied.node->size == 40);
    const Node kept(source_of(std::move(text)).node(60));
    CHECK(kept.unsent() == std::string(40, 't'));
    CHECK(kept.node->data == memory);
  }
  std::vector<std::byte> bytes(100, std::byte{'v'});
  const void* const data = bytes.data();
  const Node vector(source_of(std::move(bytes)).node(0));
  CHECK(static_cast<const void*>(vector.node->data) == data);
  const std::string constant(50, 'c');
  const Node of_constant(source_of(static_cast<const std::string&&>(constant)).node(0));
  CHECK(of_constant.unsent() == constant);
  CHECK(of_constant.node->data != constant.data());
  std::array<char, 3> array{'a', 'b', 'c'};
  const Node of_array(source_of(std::move(array)).node(1));
  CHECK(of_array.unsent() == "bc");
}

TEST_CASE("a callback takes the error or nothing, may be one that moves only, and nullptr is none") {
  int called = 0;
  std::string emitted;
  write_callback([&called] { ++called; })(net::Error("x"));
  CHECK(called == 1);
  write_callback([&emitted](const net::Error& error) { emitted = error.what(); })(net::Error("why"));
  CHECK(emitted == "why");
  CHECK_FALSE(write_callback(nullptr));
  struct Moves {
    std::vector<int> numbers;
    explicit Moves(int number) : numbers{number} {}
    Moves(Moves&&) = default;
    void operator()() { emitted->push_back(static_cast<char>('0' + numbers.front())); }
    std::string* emitted = nullptr;
  } moves(7);
  moves.emitted = &emitted;
  write_callback(std::move(moves))(net::Error());
  CHECK(emitted == "why7");
}

TEST_CASE("S7.5: a text that reads as a number, as JavaScript reads it, is a port, any other one a path") {
  static_assert(number_of("0") == 0 && number_of("8080") == 8080 && number_of("00080") == 80 &&
                number_of("0x1F90") == 8080);
  static_assert(number_of("0Xff") == 255 && number_of("0b101") == 5 && number_of("0o17") == 15);
  static_assert(number_of("1e3") == 1000 && number_of("+5") == 5 && number_of("80.5") == 80.5 &&
                number_of("655350e-1") == 65535 && number_of(".5e1") == 5 && number_of("5.") == 5);
  static_assert(number_of("-0") == 0 && number_of("-1") == -1 && number_of("Infinity") > 65535 &&
                number_of("1e999999999999") > 65535 && number_of("0e999999999") == 0 && number_of("0.5") == 0.5);
  static_assert(number_of("") == -1 && number_of("0x") == -1 && number_of("80a") == -1 && number_of("ff") == -1 &&
                number_of(".") == -1 && number_of("1e") == -1 && number_of("1e+") == -1 && number_of("+") == -1 &&
                number_of("0b2") == -1 && number_of("0xg") == -1 && number_of("1 2") == -1 && number_of("-0x5") == -1);
  static_assert(number_of("/tmp/80") == -1 && number_of("NaN") == -1);
  const auto connect_to = [](std::string_view text) { return port_or_path<net::ConnectOptions>(text, "Port"); };
  CHECK(connect_to("8080").port == 8080);
  CHECK(connect_to("8080").path.empty());
  CHECK(connect_to(" 8080\n").port == 8080);
  CHECK(connect_to("0x50").port == 80);
  CHECK(connect_to("/tmp/x").path == "/tmp/x");
  CHECK(connect_to("/tmp/x").port == -1);
  CHECK_MESSAGE(connect_to("-1").path == "-1", "a negative number is no port");
  CHECK(connect_to(" x ").path == " x ");
  for (const std::string text : {"", "  ", "\t\n", "99999", "65536", "80.5", "Infinity", "1e99"}) {
    CAPTURE(text);
    for (const std::string name : {"Port", "options.port"}) {
      std::string emitted;
      try {
        port_or_path<net::ListenOptions>(text, name);
      } catch (const net::Error& error) {
        CHECK(error.name() == "ERR_SOCKET_BAD_PORT");
        CHECK(error.kind() == "RangeError");
        emitted = error.what();
      }
      CHECK(emitted == name + " should be >= 0 and < 65536. Received type string ('" + text + "').");
    }
  }
  CHECK(explicit_port(0) == 0);
  CHECK_THROWS_AS(explicit_port(-1), net::Error);
}

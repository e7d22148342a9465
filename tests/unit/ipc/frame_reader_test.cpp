#include <net/detail/ipc/frame_reader.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace net::detail;
using Step = FrameReader::Step;

namespace {

std::string frame(FrameKind kind, std::string_view message = {}, std::string_view unread = {}) {
  std::string bytes(frame_header_size, '\0');
  write_frame_header({kind, 0, static_cast<std::uint32_t>(message.size()), static_cast<std::uint32_t>(unread.size())},
                     bytes.data());
  return bytes.append(message).append(unread);
}

/// What it gives, as words.
std::string all_of(FrameReader& reader, std::size_t max = 1000) {
  std::string words;
  for (;;) {
    ReadFrame read;
    const Step step = reader.next(max, read);
    if (step == Step::rubbish) return words + "rubbish";
    if (step == Step::too_large) return words + "large";
    if (step == Step::more) return words + "more";
    words += std::string(read.message) + "|" + std::string(read.unread);
    if (carries_handle(read.header.kind)) words += "@" + std::to_string(reader.take_descriptor());
    words += " ";
  }
}

constexpr CameDescriptors descriptor(int number) { return {.first = number}; }

}  // namespace

TEST_CASE("S33.1: frames come out whole and in order, however they were cut") {
  const std::string bytes = frame(FrameKind::message, "ab") + frame(FrameKind::message) + frame(FrameKind::taken) +
                            frame(FrameKind::message, std::string(50, 'x'));
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    FrameReader reader;
    std::string words;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      REQUIRE(reader.feed(std::string_view(bytes).substr(at, step), {}));
      words += all_of(reader);
    }
    for (std::size_t at; (at = words.find("more")) != words.npos;) words.erase(at, 4);
    CHECK(words == "ab| | | " + std::string(50, 'x') + "| ");
    CHECK(reader.waiting() == 0);
  }
}

TEST_CASE("S33.4: a descriptor belongs to the frame that begins where it came") {
  FrameReader reader;
  const std::string one = frame(FrameKind::socket, "one", "unread"), two = frame(FrameKind::server, "two");
  CHECK(reader.feed(frame(FrameKind::message, "m") + one.substr(0, 14), descriptor(7)));
  CHECK(all_of(reader) == "m| more");
  CHECK(reader.feed(one.substr(14) + two, descriptor(8)));
  CHECK(all_of(reader) == "one|unread@7 two|@8 more");
  CHECK(reader.feed(one.substr(0, 3), descriptor(9)));
  CHECK(all_of(reader) == "more");
  CHECK(reader.feed(one.substr(3), {}));
  CHECK(all_of(reader) == "one|unread@9 more");
  CHECK(reader.feed(one, {.lost = true}));
  CHECK(all_of(reader) == "one|unread@-1 more");
  CHECK(reader.take_any_descriptor() == no_handle);
}

TEST_CASE("S33.4: descriptors in wrong places, too many of them, and none where one belongs, are rubbish") {
  const std::string socket = frame(FrameKind::socket, "s"), message = frame(FrameKind::message, "m");
  const auto read = [](std::string_view bytes, const CameDescriptors& came) {
    FrameReader reader;
    if (!reader.feed(bytes, came)) return std::string("refused");
    const std::string words = all_of(reader);
    while (reader.take_any_descriptor() != no_handle) {}
    return words;
  };
  CHECK(read(message, descriptor(3)) == "m| rubbish");
  CHECK(read(message.substr(0, 12), descriptor(3)) == "rubbish");
  CHECK(read(frame(FrameKind::taken), descriptor(3)) == "| rubbish");
  CHECK(read(socket, {}) == "rubbish");
  CHECK(read(socket, {.first = 3, .more = true}) == "refused");
  CHECK(read(socket + socket, descriptor(3)) == "s|@3 rubbish");
  FrameReader reader;
  CHECK(reader.feed(socket.substr(0, 3), descriptor(3)));
  CHECK(all_of(reader) == "more");
  CHECK_FALSE(reader.feed(socket.substr(3), descriptor(4)));
  CHECK(reader.take_any_descriptor() == 3);
  CHECK(reader.take_any_descriptor() == no_handle);
}

TEST_CASE("S33.4: where there are tickets they stand behind the headers of handles, and nothing comes beside them") {
  const std::string begins = frame(FrameKind::socket, "one", "unread").substr(0, frame_header_size);
  const std::string bytes = begins + "tick" + "one" + "unread" + frame(FrameKind::message, "m");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    FrameReader reader(4);
    ReadFrame read;
    CHECK(reader.feed(std::string_view(bytes).substr(0, cut), {}));
    const std::size_t first = begins.size() + 13;
    CHECK((reader.next(100, read) == Step::frame) == (cut >= first));
    if (cut < begins.size() + 4) CHECK(reader.take_any_ticket().empty());
    CHECK(reader.feed(std::string_view(bytes).substr(cut), {}));
    if (cut < first) REQUIRE(reader.next(100, read) == Step::frame);
    if (cut < first) CHECK((read.ticket == "tick" && read.message == "one" && read.unread == "unread"));
    REQUIRE(reader.next(100, read) == Step::frame);
    CHECK((read.ticket.empty() && read.message == "m"));
  }
  FrameReader reader(4);
  ReadFrame read;
  CHECK(reader.feed(begins + "tickon", {}));
  CHECK(reader.next(100, read) == Step::more);
  CHECK(reader.take_any_ticket() == "tick");
  CHECK(reader.take_any_ticket().empty());
}

TEST_CASE("S33.4: only where there are tickets does a process say which one it is") {
  std::string number(frame_header_size, '\0');
  write_frame_header({FrameKind::process, 0, 0, 0, 7}, number.data());
  for (const std::size_t ticket : {0u, 4u}) {
    FrameReader reader(ticket);
    ReadFrame read;
    CHECK(reader.feed(number, {}));
    CHECK(reader.next(0, read) == (ticket == 0 ? Step::rubbish : Step::frame));
  }
}

TEST_CASE("S33.1: a message that is too large is known by its header") {
  FrameReader reader;
  CHECK(reader.feed(frame(FrameKind::message, std::string(10, 'x')), {}));
  CHECK(reader.feed(frame(FrameKind::message, std::string(11, 'x')).substr(0, 12), {}));
  CHECK(all_of(reader, 10) == std::string(10, 'x') + "| large");
  reader.clear();
  CHECK(reader.waiting() == 0);
}

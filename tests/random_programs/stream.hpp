// What stands on a connection: every direction has a number, which its first bytes say, and a known sequence of
// bytes. Whoever receives knows what has to come. A port may have come to another process's program meanwhile: the
// first bytes say the process too.
#ifndef NET_TESTS_RANDOM_PROGRAMS_STREAM_HPP
#define NET_TESTS_RANDOM_PROGRAMS_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>

namespace programs {

/// Tells the programs of this process, and of its children, from those of others that run beside it.
inline const auto of_process = static_cast<std::uint16_t>(std::random_device{}());

/// One direction of a connection, as its writer knows it.
struct Ledger {
  std::uint32_t number = 0;
  std::size_t written = 0;  // accepted by write()
  bool finished = false;    // the writer got 'finish'
  bool mixed = false;       // several wrote: nobody knows what comes
  // from `at` on everything is what another direction carries from `from_at` on: it is piped
  const Ledger* from = nullptr;
  std::size_t at = 0, from_at = 0;

  static constexpr std::size_t header = 8;

  char own_byte(std::size_t position) const noexcept {
    if (position < 4) return "\xfenet"[position];
    if (position < 6) return static_cast<char>(number >> (8 * (position - 4)) & 0xff);
    if (position < header) return static_cast<char>(of_process >> (8 * (position - 6)) & 0xff);
    return static_cast<char>((position * 31 + position / 251 + number * 7) & 0xff);
  }
  bool unknown() const noexcept { return mixed || (from && from->unknown()); }
  /// Whether what it carries is another direction's, directly or not.
  bool comes_from(const Ledger& other) const noexcept { return this == &other || (from && from->comes_from(other)); }
  bool reaches(std::size_t position) const noexcept {
    return from && position >= at ? from->reaches(from_at + position - at) : position < written;
  }
  char byte(std::size_t position) const noexcept {
    return from && position >= at ? from->byte(from_at + position - at) : own_byte(position);
  }

  /// The next bytes of its own; the caller says whether they were accepted.
  std::string next(std::size_t size) const {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = own_byte(written + i);
    return bytes;
  }
  void accepted(std::size_t size) noexcept {
    if (from) mixed = true;
    written += size;
  }
};

/// All directions of a program.
class Ledgers {
 public:
  Ledger& add() {
    const auto number = static_cast<std::uint32_t>(all_.size());
    Ledger& ledger = all_.emplace_back();
    ledger.number = number;
    return ledger;
  }
  const Ledger* find(std::string_view head) const noexcept {
    const std::uint32_t number = word(head, 4);
    return is_ours(head) && number < all_.size() ? &all_[number] : nullptr;
  }
  /// The other end is a program of another process.
  static bool is_foreign(std::string_view head) noexcept { return has_mark(head) && !is_ours(head); }

 private:
  static std::uint32_t word(std::string_view head, std::size_t at) noexcept {
    return static_cast<unsigned char>(head[at]) | std::uint32_t{static_cast<unsigned char>(head[at + 1])} << 8;
  }
  static bool has_mark(std::string_view head) noexcept { return head.substr(0, 4) == "\xfenet"; }
  static bool is_ours(std::string_view head) noexcept { return has_mark(head) && word(head, 6) == of_process; }

  std::deque<Ledger> all_;
};

/// The receiver of a direction: it takes bytes, and puts some back.
struct Received {
  const Ledger* from = nullptr;  // once its header was there
  std::string head;
  std::string recent;        // the last ones, for those who put back
  std::size_t position = 0;  // bytes taken, those put back not counted
  std::size_t before = 0;    // those that came before the descriptor went to another socket
  bool complete = true;      // nothing was taken that was not seen here

  /// False: these are not the bytes that were written.
  bool take(const Ledgers& ledgers, std::string_view bytes) {
    if (!complete) return true;
    recent.append(bytes);
    if (recent.size() > 64) recent.erase(0, recent.size() - 64);
    for (const char byte : bytes) {
      if (!from) {
        head += byte;
        ++position;
        if (position < Ledger::header) continue;
        from = ledgers.find(head);
        if (!from) {
          complete = false;
          return ledgers.is_foreign(head);
        }
        continue;
      }
      if (from->unknown()) {
        complete = false;
        return true;
      }
      if (!from->reaches(position) || from->byte(position) != byte) return complete = false;
      ++position;
    }
    return true;
  }
  std::string put_back(std::size_t size) {
    if (size > recent.size()) size = recent.size();
    std::string bytes = recent.substr(recent.size() - size);
    recent.resize(recent.size() - size);
    position -= size;
    if (!from) head.resize(position);
    return bytes;
  }
};

}  // namespace programs

#endif

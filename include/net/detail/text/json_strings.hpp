// Reads a JSON text that should be a list of strings. Internal.
#ifndef NET_DETAIL_TEXT_JSON_STRINGS_HPP
#define NET_DETAIL_TEXT_JSON_STRINGS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <net/detail/text/ip_grammar.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

/// Checks the whole text against the grammar of JSON, without recursion: any depth is fine.
class JsonStrings {
 public:
  explicit JsonStrings(std::string_view text) : text_(text), valid_(document()) {}

  /// The text is JSON.
  bool valid() const noexcept { return valid_; }
  /// Where it stopped being JSON; the end of the text if only more was missing.
  std::size_t position() const noexcept { return at_; }
  /// It is a list, and all its items are strings.
  bool is_list() const noexcept { return list_; }
  /// The items. A character beyond ASCII that was escaped stands as one byte above 127.
  std::vector<std::string>& strings() noexcept { return strings_; }

 private:
  bool document() {
    skip_space();
    list_ = peek() == '[';
    for (;;) {
      if (!value()) return false;
      // `value` leaves a container open only if an item of it is due.
      if (due_) continue;
      if (!close_containers()) return false;
      if (open_.empty()) return at_ == text_.size();
    }
  }

  /// One scalar, or the beginning of a container; an empty one as a whole.
  bool value() {
    due_ = false;
    skip_space();
    const char c = peek();
    const bool item = open_.size() == 1;
    if (c == '"') {
      std::string text;
      if (!string(text)) return false;
      if (item && list_) strings_.push_back(std::move(text));
      return true;
    }
    if (item) list_ = false;
    if (c == '[' || c == '{') return open(c == '[' ? ']' : '}');
    if (c == 't') return word("true");
    if (c == 'f') return word("false");
    if (c == 'n') return word("null");
    return number();
  }

  bool open(char closer) {
    ++at_;
    skip_space();
    if (peek() == closer) {
      ++at_;
      return true;
    }
    open_.push_back(closer);
    due_ = true;
    return closer == ']' || key();
  }

  /// After a value: closes what ends here, until a comma makes another item due or nothing is open.
  bool close_containers() {
    for (;;) {
      skip_space();
      if (open_.empty()) return true;
      const char c = peek();
      if (c != ',' && c != open_.back()) return false;
      ++at_;
      if (c == ',') return open_.back() == ']' || key();
      open_.pop_back();
    }
  }

  bool key() {
    std::string name;
    skip_space();
    if (!string(name)) return false;
    skip_space();
    return take(':');
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out.push_back(c);
      } else if (++at_; !escape(out)) {
        return false;
      }
    }
    return false;
  }

  /// Ends on the last character of the escape.
  bool escape(std::string& out) {
    const std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c != 'u') {
      const std::size_t which = letters.find(c);
      if (which == std::string_view::npos || at_ >= text_.size()) return false;
      out.push_back(meanings[which]);
      return true;
    }
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const unsigned digit = hex_digit(peek());
      if (digit == not_a_digit) return false;
      code = code << 4 | digit;
    }
    out.push_back(static_cast<char>(code < 128 ? code : 255));
    return true;
  }

  bool number() {
    if (peek() == '-') ++at_;
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (decimal_digit(peek()) <= 9) ++at_;
    return at_ > start;
  }

  bool word(std::string_view letters) {
    for (const char letter : letters) {
      if (!take(letter)) return false;
    }
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  /// '\0' at the end, which nothing in JSON begins with.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
  bool due_ = false;
  bool list_ = false;
  std::vector<std::string> strings_;
  bool valid_;
};

/// JSON.parse throws an error without a code, so only its kind says which it is.
[[noreturn]] NET_API void throw_bad_json(std::string_view text, std::size_t position);
[[noreturn]] NET_API void throw_not_a_list(std::string_view text);

}  // namespace net::inline NET_ABI::detail

#include <net/detail/text/json_strings.ipp>

#endif

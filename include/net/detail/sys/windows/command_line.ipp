// The bodies of command_line.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_IPP
#define NET_DETAIL_SYS_WINDOWS_COMMAND_LINE_IPP

#include <net/detail/sys/windows/command_line.hpp>

#if NET_BODIES

#include <cstddef>
#include <utility>

#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API bool widen(std::string_view text, std::wstring& into) {
  into.clear();
  if (text.find('\0') != text.npos || text.size() > 0x7fffffff) return false;
  if (text.empty()) return true;
  const int size = static_cast<int>(text.size());
  const int length = win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), size, nullptr, 0);
  if (length <= 0) return false;
  into.resize(static_cast<std::size_t>(length));
  return win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), size, into.data(), length) > 0;
}

NET_API std::string narrowed(const wchar_t* text) {
  const int with_end = win::WideCharToMultiByte(win::utf8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  if (with_end <= 1) return {};
  std::string all(static_cast<std::size_t>(with_end), '\0');
  win::WideCharToMultiByte(win::utf8, 0, text, -1, all.data(), with_end, nullptr, nullptr);
  all.pop_back();
  return all;
}

/// Backslashes are what they are, unless a quote stands behind them.
NET_API std::string command_line_of(const Vec<std::string>& arguments) {
  std::string line;
  for (const std::string& each : arguments) {
    if (&each != arguments.begin()) line += ' ';
    if (!each.empty() && each.find_first_of(" \t\n\v\"") == each.npos) {
      line += each;
      continue;
    }
    line += '"';
    std::size_t backslashes = 0;
    for (const char one : each) {
      if (one == '"') line.append(backslashes + 1, '\\');
      backslashes = one == '\\' ? backslashes + 1 : 0;
      line += one;
    }
    line.append(backslashes, '\\');
    line += '"';
  }
  return line;
}

NET_API void split_command_line(std::string_view line, Vec<std::string>& arguments) {
  const auto is_space = [&](std::size_t at) { return line[at] == ' ' || line[at] == '\t'; };
  std::size_t at = 0;
  const bool named = !line.empty() && line[0] == '"';
  for (at = named ? 1 : 0; at < line.size() && (named ? line[at] != '"' : !is_space(at));) ++at;
  arguments.push(std::string(line.substr(named ? 1 : 0, at - (named ? 1 : 0))));
  if (named && at < line.size()) ++at;
  for (;;) {
    while (at < line.size() && is_space(at)) ++at;
    if (at == line.size()) return;
    std::string argument;
    for (bool quoted = false; at < line.size() && (quoted || !is_space(at));) {
      std::size_t backslashes = 0;
      while (at < line.size() && line[at] == '\\') ++backslashes, ++at;
      if (at == line.size() || line[at] != '"') {
        argument.append(backslashes, '\\');
        if (at < line.size() && (quoted || !is_space(at))) argument += line[at++];
        continue;
      }
      argument.append(backslashes / 2, '\\');
      ++at;
      const bool twice = quoted && at < line.size() && line[at] == '"';
      if (backslashes % 2 != 0) {
        argument += '"';
      } else if (twice) {
        argument += line[at++];
      } else {
        quoted = !quoted;
      }
    }
    arguments.push(std::move(argument));
  }
}

/// Of names that begin with '=' Windows has some.
inline std::wstring_view variable_name(std::wstring_view variable) noexcept {
  return variable.substr(0, variable.find(L'=', 1));
}

/// As Windows compares names, as far as they are ASCII.
inline int compare_names(std::wstring_view one, std::wstring_view other) noexcept {
  const auto upper = [](wchar_t letter) { return letter >= L'a' && letter <= L'z' ? letter - L'a' + L'A' : +letter; };
  for (std::size_t i = 0; i < one.size() && i < other.size(); ++i) {
    if (const int more = upper(one[i]) - upper(other[i]); more != 0) return more;
  }
  return one.size() < other.size() ? -1 : one.size() > other.size();
}

NET_API std::wstring environment_with(const wchar_t* own, const Vec<std::wstring>& others) {
  Vec<std::wstring_view> all;
  for (const wchar_t* each = own; *each != L'\0'; each += all.back().size() + 1) all.push(std::wstring_view(each));
  for (const std::wstring& each : others) {
    std::size_t at = 0;
    int order = -1;
    while (at < all.size() && (order = compare_names(variable_name(all[at]), variable_name(each))) < 0) ++at;
    if (at < all.size() && order == 0) {
      all[at] = each;
    } else {
      all.insert(at, std::wstring_view(each));
    }
  }
  std::wstring block;
  for (const std::wstring_view each : all) block.append(each) += L'\0';
  if (all.empty()) block += L'\0';
  return block += L'\0';
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif

#include <net/detail/sys/windows/command_line.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using namespace net::detail;

TEST_CASE("arguments are one line, and that line is the same arguments") {
  const auto line_of = [](std::initializer_list<const char*> words) {
    Vec<std::string> arguments;
    for (const char* const each : words) arguments.push(each);
    const std::string line = os::command_line_of(arguments);
    Vec<std::string> again;
    os::split_command_line(line, again);
    REQUIRE(again.size() == arguments.size());
    for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i] == arguments[i]);
    return line;
  };
  CHECK(line_of({"program"}) == "program");
  CHECK(line_of({"C:\\Program Files\\a.exe", "b"}) == R"("C:\Program Files\a.exe" b)");
  CHECK(line_of({"p", "", "a b", "tab\there"}) == "p \"\" \"a b\" \"tab\there\"");
  CHECK(line_of({"p", R"(C:\a\)", R"(C:\a b\)"}) == R"(p C:\a\ "C:\a b\\")");
  CHECK(line_of({"p", R"(say "hello")", R"(\"quoted\\")"}) == R"(p "say \"hello\"" "\\\"quoted\\\\\"")");
  CHECK(line_of({"p", "\"", "\\", "\\\\", R"(a\\b)", "ä ö"}) == R"(p "\"" \ \\ a\\b "ä ö")");
}

TEST_CASE("a line that somebody else has written is taken apart as the C library does") {
  const auto words_of = [](const char* line) {
    Vec<std::string> arguments;
    os::split_command_line(line, arguments);
    std::string all;
    for (const std::string& each : arguments) all += "[" + each + "]";
    return all;
  };
  CHECK(words_of("") == "[]");
  CHECK(words_of("  ") == "[]");
  CHECK(words_of(R"("a\b.exe"  c )") == R"([a\b.exe][c])");
  CHECK(words_of(R"(p a"b c"d "e)") == "[p][ab cd][e]");
  CHECK(words_of(R"(p "a""b" c)") == R"([p][a"b][c])");
  CHECK(words_of(R"(p \\"a b\\" \\\"c)") == R"([p][\a b\][\"c])");
}

TEST_CASE("a variable that is given takes the place of the one of that name; all are sorted") {
  Vec<std::wstring> others;
  others.push(L"path=here");
  others.push(L"A=1");
  others.push(L"Z");
  const wchar_t own[] = L"=C:=C:\\\0ALL=x\0Path=there\0TEMP=t\0";
  const wchar_t expected[] = L"=C:=C:\\\0A=1\0ALL=x\0path=here\0TEMP=t\0Z\0";
  CHECK((os::environment_with(own, others) == std::wstring(expected, sizeof expected / sizeof *expected)));
  CHECK((os::environment_with(L"", {}) == std::wstring(2, L'\0')));
}

TEST_CASE("texts go to Windows' form and back, if they are UTF-8 and have no NUL") {
  std::wstring wide;
  CHECK(os::widen("ä€\xf0\x9f\x98\x80", wide));
  CHECK(os::narrowed(wide.c_str()) == "ä€\xf0\x9f\x98\x80");
  CHECK(os::widen("", wide));
  CHECK(wide.empty());
  CHECK(os::narrowed(L"").empty());
  CHECK_FALSE(os::widen("\xff", wide));
  CHECK_FALSE(os::widen(std::string_view("a\0b", 3), wide));
}

#endif

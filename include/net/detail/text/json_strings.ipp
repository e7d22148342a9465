// The bodies of json_strings.hpp. Internal.
#ifndef NET_DETAIL_TEXT_JSON_STRINGS_IPP
#define NET_DETAIL_TEXT_JSON_STRINGS_IPP

#include <net/detail/text/json_strings.hpp>

#if NET_BODIES

#include <string>
#include <system_error>
#include <utility>

#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

[[noreturn]] NET_API void throw_bad_json(std::string_view text, std::size_t position) {
  NewText error;
  error->kind = "SyntaxError";
  error->message = position >= text.size() ? "Unexpected end of JSON input"
                                           : "Unexpected character in JSON at position " + std::to_string(position);
  throw_error(Error(std::make_error_code(std::errc::invalid_argument), error));
}

[[noreturn]] NET_API void throw_not_a_list(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\n\r");
  const char c = start == std::string_view::npos ? ' ' : text[start];
  std::string message = "The \"data\" argument must be of type string or string[]. Received ";
  message.append(c == '['   ? "an instance of Array"
                 : c == '{' ? "an instance of Object"
                 : c == 'n' ? "null"
                            : "another type");
  throw_error(make_error(Errc::ERR_INVALID_ARG_TYPE, std::move(message)));
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif

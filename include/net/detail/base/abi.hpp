// How this file was configured: with or without exceptions, compiled once or in every file. Internal.
#ifndef NET_DETAIL_BASE_ABI_HPP
#define NET_DETAIL_BASE_ABI_HPP

#if __cplusplus < 201709L && (!defined(_MSVC_LANG) || _MSVC_LANG < 202002L)
#error "net.hpp needs C++20: add -std=c++20 (MSVC: /std:c++20)"
#elif !defined(__cpp_impl_coroutine)
#error "net.hpp needs the coroutines of C++20: add -std=c++20, and no -fno-coroutines"
#endif

// Files with and without -fno-exceptions may meet in one program. A function that may throw ends the program in the
// latter, so it is another function there, and so is all that calls it: under one name the linker would keep either.
// What is compiled once has names of its own too, so no file shares it with one that is header-only.
#if defined(__cpp_exceptions) && defined(NET_SEPARATE)
#define NET_ABI throwing_compiled_once
#elif defined(__cpp_exceptions)
#define NET_ABI throwing
#elif defined(NET_SEPARATE)
#define NET_ABI aborting_compiled_once
#else
#define NET_ABI aborting
#endif

/// NET_SEPARATE, NET_IMPLEMENTATION: to compile the library once. All files of the program define `NET_SEPARATE`; then
/// the headers declare, and the one file that defines `NET_IMPLEMENTATION` too, before it includes them, has the
/// bodies. A program that mixes this with header-only files does not link.

// NET_API stands before each function that is no template.
#if defined(NET_SEPARATE)
#define NET_API
#else
#define NET_API inline
#endif
#if !defined(NET_SEPARATE) || defined(NET_IMPLEMENTATION)
#define NET_BODIES 1
#else
#define NET_BODIES 0
#endif

// Advice that only some compilers know; others warn of it.
#if defined(__GNUC__) || defined(__clang__)
#define NET_GNU(advice) [[gnu::advice]]
#else
#define NET_GNU(advice)
#endif

// NET_RARE stands there instead before what runs when something fails. It is compiled for size, away from the rest, and
// so is what leads to it: nothing that a program calls when all is well may have it.
#define NET_RARE NET_GNU(cold) NET_API

// Declared first, it is what `namespace net::detail` opens again elsewhere. The headers name it in full all the same:
// to clang++ the symbols of what stands in a namespace are named as the namespace was opened.
namespace net::inline NET_ABI::detail {

// Two files may share nothing that has a name, and yet wait for each other, each with a default loop of its own. So
// this has the same name in both ways, and is thread-local in one of them: no linker joins the two.
extern "C" {
#if defined(NET_SEPARATE)
inline constinit thread_local int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#else
inline constinit int net_hpp_is_header_only_in_one_file_and_compiled_once_in_another = 0;
#endif
}

/// Called where a program's first object of a kind is made: whoever makes one has the symbol.
inline void link_one_way_only() noexcept {
  (void)*const_cast<const volatile int*>(&net_hpp_is_header_only_in_one_file_and_compiled_once_in_another);
}

}  // namespace net::inline NET_ABI::detail

#endif

// How this file was configured: with or without exceptions, compiled once or in every file. Internal.
#ifndef NET_DETAIL_BASE_ABI_HPP
#define NET_DETAIL_BASE_ABI_HPP

// Files with and without -fno-exceptions may meet in one program. A function that may throw ends the program in the
// latter, so it is another function there, and so is all that calls it: under one name the linker would keep either.
#if defined(__cpp_exceptions)
#define NET_ABI throwing
#else
#define NET_ABI aborting
#endif

// NET_SEPARATE: the headers declare, and one file of the program, which defines NET_IMPLEMENTATION before it includes them,
// has the bodies. NET_API stands before each function that is no template.
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

// Declared first, it is what `namespace net::detail` opens again elsewhere. The headers name it in full all the same:
// to clang++ the symbols of what stands in a namespace are named as the namespace was opened.
namespace net::inline NET_ABI::detail {}

#endif

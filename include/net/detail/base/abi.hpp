// The inline namespace around all of `net`: every name says whether its file has exceptions. Internal.
#ifndef NET_DETAIL_BASE_ABI_HPP
#define NET_DETAIL_BASE_ABI_HPP

// Files with and without -fno-exceptions may meet in one program. A function that may throw ends the program in the
// latter, so it is another function there, and so is all that calls it: under one name the linker would keep either.
#if defined(__cpp_exceptions)
#define NET_ABI throwing
#else
#define NET_ABI aborting
#endif

// Declared first, it is what `namespace net::detail` opens again elsewhere. The headers name it in full all the same:
// to clang++ the symbols of what stands in a namespace are named as the namespace was opened.
namespace net::inline NET_ABI::detail {}

#endif

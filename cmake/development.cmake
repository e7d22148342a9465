# What only those who work on net.hpp build: tests, examples, benchmarks. They see its warnings, as errors.

add_library(net_strict INTERFACE)
net_needs(net_strict)
target_compile_options(net_strict INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror)
if(NET_SANITIZE)
  target_compile_options(net_strict INTERFACE
    -fsanitize=${NET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(net_strict INTERFACE -fsanitize=${NET_SANITIZE})
  if(NET_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # its checks of pointers to functions and coroutines in inline functions do not fit together
    target_compile_options(net_strict INTERFACE -fno-sanitize=function)
  endif()
endif()

# net_program(NAME SOURCE DIRECTORY): the program DIRECTORY/NAME of one file.
function(net_program name source directory)
  set(target net_${directory}_${name})
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE net_strict)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${directory} CXX_EXTENSIONS OFF)
endfunction()

if(NET_BUILD_EXAMPLES)
  file(GLOB sources CONFIGURE_DEPENDS examples/*.cpp)
  # The one that lives in libuv's loop needs libuv; the library never does.
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(libuv QUIET IMPORTED_TARGET libuv)
  endif()
  if(NOT TARGET PkgConfig::libuv)
    message(STATUS "No libuv: the example 'embedded' is left out")
    list(FILTER sources EXCLUDE REGEX "/embedded\\.cpp$")
  endif()
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    net_program(${name} ${source} examples)
  endforeach()
  if(TARGET net_examples_embedded)
    target_link_libraries(net_examples_embedded PRIVATE PkgConfig::libuv)
  endif()
endif()

if(NET_BUILD_TESTS)
  enable_testing()
  add_subdirectory(tests)
endif()

if(NET_BUILD_BENCH)
  file(GLOB sources CONFIGURE_DEPENDS bench/*.cpp)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    net_program(${name} ${source} bench)
    target_compile_options(net_bench_${name} PRIVATE -O2)
    target_compile_definitions(net_bench_${name} PRIVATE NDEBUG)
  endforeach()
endif()

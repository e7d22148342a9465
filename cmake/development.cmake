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

# The kqueue poller is tested on Linux too, over what tests/kqueue_on_linux makes of epoll.
if(NET_POLLER STREQUAL "kqueue" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_library(net_kqueue_on_linux STATIC tests/kqueue_on_linux/kqueue.cpp)
  target_compile_features(net_kqueue_on_linux PUBLIC cxx_std_20)
  target_include_directories(net_kqueue_on_linux SYSTEM PUBLIC tests/kqueue_on_linux)  # as a system's
  target_compile_definitions(net_kqueue_on_linux INTERFACE NET_HAS_KQUEUE=1)
  target_link_libraries(net_strict INTERFACE net_kqueue_on_linux)
endif()

if(NET_BUILD_EXAMPLES)
  file(GLOB sources CONFIGURE_DEPENDS examples/*.cpp)
  # Two need what the library never does: the one that lives in libuv's loop, and the one that speaks TLS.
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(libuv QUIET IMPORTED_TARGET libuv)
  endif()
  if(NOT TARGET PkgConfig::libuv)
    message(STATUS "No libuv: the example 'embedded' is left out")
    list(FILTER sources EXCLUDE REGEX "/embedded\\.cpp$")
  endif()
  find_package(OpenSSL QUIET)
  if(NOT TARGET OpenSSL::SSL)
    message(STATUS "No OpenSSL: the example 'tls_echo' is left out")
    list(FILTER sources EXCLUDE REGEX "/tls_echo\\.cpp$")
  endif()
  if(WIN32)  # it forks
    list(FILTER sources EXCLUDE REGEX "/prefork\\.cpp$")
  endif()
  add_custom_target(net_examples)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    net_program(${name} ${source} examples)
    add_dependencies(net_examples net_examples_${name})
  endforeach()
  if(TARGET net_examples_embedded)
    target_link_libraries(net_examples_embedded PRIVATE PkgConfig::libuv)
  endif()
  if(TARGET net_examples_tls_echo)
    target_link_libraries(net_examples_tls_echo PRIVATE OpenSSL::SSL)
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

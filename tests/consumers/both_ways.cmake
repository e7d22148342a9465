# One program of two files for each of the targets that the library has.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
foreach(way IN ITEMS net compiled)
  add_executable(consumer_${way} ../main.cpp ../other.cpp)
  target_link_libraries(consumer_${way} PRIVATE net::${way})
endforeach()
# what is compiled once may be a part of a shared library
add_library(consumer_shared SHARED ${CMAKE_CURRENT_LIST_DIR}/other.cpp)
target_link_libraries(consumer_shared PRIVATE net::compiled)

# One program of two files for each of the targets that the library has.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
foreach(way IN ITEMS net compiled)
  add_executable(consumer_${way} ../main.cpp ../other.cpp)
  target_link_libraries(consumer_${way} PRIVATE net::${way})
endforeach()

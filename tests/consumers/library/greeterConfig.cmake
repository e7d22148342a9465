include(CMakeFindDependencyMacro)
find_dependency(net)
include("${CMAKE_CURRENT_LIST_DIR}/greeterTargets.cmake")

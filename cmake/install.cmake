# What is installed: the headers, the file of bodies, the module, and what CMake and pkg-config ask for.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(DIRECTORY include/ DESTINATION include FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp")
install(FILES src/net.cpp src/net.cppm DESTINATION share/net)
install(FILES LICENSE DESTINATION share/licenses/net)

set_target_properties(net_hpp PROPERTIES EXPORT_NAME net)
install(TARGETS net_hpp EXPORT net)
if(NET_BUILD_COMPILED)
  set_target_properties(net_hpp_compiled PROPERTIES EXPORT_NAME compiled)
  install(TARGETS net_hpp_compiled EXPORT net ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/net)
  set(architecture "")
else()
  set(package_directory share/cmake/net)
  set(architecture ARCH_INDEPENDENT)
endif()
install(EXPORT net NAMESPACE net:: FILE netTargets.cmake DESTINATION ${package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/netConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ${architecture})
install(FILES cmake/netConfig.cmake ${PROJECT_BINARY_DIR}/netConfigVersion.cmake
  DESTINATION ${package_directory})

set(NET_PC_DEFINES "")
if(NET_POLLER)
  set(NET_PC_DEFINES " -DNET_POLLER=${NET_POLLER}")
endif()
configure_file(cmake/net.pc.in net.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/net.pc DESTINATION share/pkgconfig)

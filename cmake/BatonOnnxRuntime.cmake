# ONNX Runtime is optional twice: its C headers while building, its library while running. Sets BATON_ONNXRUNTIME_INCLUDE.
#   ONNXRUNTIME_ROOT   a folder with include/ and lib/; by default the one that scripts/setup-onnxruntime fills,
#                      then the system's own. Headers and library must be of version 1.22 or newer.
# A library found here is put where the program looks first: lib/baton/ beside its own folder, built or installed.

set(ONNXRUNTIME_ROOT "${CMAKE_SOURCE_DIR}/.deps/onnxruntime" CACHE PATH "Folder of ONNX Runtime: include/ and lib/")

find_path(BATON_ONNXRUNTIME_INCLUDE onnxruntime_c_api.h HINTS ${ONNXRUNTIME_ROOT}/include
          PATH_SUFFIXES onnxruntime onnxruntime/core/session)
find_file(BATON_ONNXRUNTIME_LIBRARY NAMES libonnxruntime.so.1 libonnxruntime.so
          HINTS ${ONNXRUNTIME_ROOT}/lib PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} NO_CMAKE_FIND_ROOT_PATH)

if(NOT BATON_ONNXRUNTIME_INCLUDE)
  message(STATUS "ONNX Runtime: no headers, so only models of the Eigen engine are served; see scripts/setup-onnxruntime")
elseif(NOT BATON_ONNXRUNTIME_LIBRARY)
  message(STATUS "ONNX Runtime: no library found; one can be named when Baton starts")
else()
  message(STATUS "ONNX Runtime: ${BATON_ONNXRUNTIME_LIBRARY}")
  file(REAL_PATH ${BATON_ONNXRUNTIME_LIBRARY} library)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib/baton)
  file(CREATE_LINK ${library} ${CMAKE_BINARY_DIR}/lib/baton/libonnxruntime.so.1 SYMBOLIC)
  install(PROGRAMS ${library} DESTINATION lib/baton RENAME libonnxruntime.so.1)
endif()

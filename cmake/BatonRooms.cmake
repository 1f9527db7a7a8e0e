# One static library a room, one test program a room.

set(BATON_STD_PCH <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <span> <string>
                  <string_view> <unordered_map> <utility> <variant> <vector>)

# baton_room(NAME [PUBLIC lib...] [PRIVATE lib...])
# The library baton_NAME of all .cpp files below the folder NAME. Its own headers are included from the root: "NAME/x.h".
function(baton_room name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  string(REPLACE "/" "_" target baton_${name})
  if(NOT sources)  # a room that has only headers so far
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${ARG_PUBLIC})
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  target_precompile_headers(${target} PRIVATE ${BATON_STD_PCH})
endfunction()

# baton_test(NAME [lib...])
# The program NAME_tests of all .cpp files below tests/NAME, run by CTest test by test.
function(baton_test name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target ${name}_tests)
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${target} PRIVATE ${BATON_STD_PCH} <gmock/gmock.h> <gtest/gtest.h>)
  target_compile_definitions(${target} PRIVATE BATON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${target} TEST_PREFIX ${target}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

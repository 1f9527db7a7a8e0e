# Compiler cache, linker, warnings and sanitizers for every target of the project.

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers hide the time stamps that ccache would look at.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(BATON_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")

option(BATON_WERROR "Treat warnings as errors" ON)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
                    -Wconversion -Wno-sign-conversion -fno-strict-aliasing)
if(BATON_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A bare `-fpch-preprocess` is what lets ccache see through precompiled headers.
  add_compile_options(-fpch-preprocess)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # With optimisation, GCC 12 sees overruns inside its own std::string (its bugs 105329 and 105651).
    # The sanitizer presets optimise as well.
    set(mistaken -Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow -Wno-restrict)
    if(BATON_SANITIZE)
      add_compile_options(${mistaken} -Wno-maybe-uninitialized)
    else()
      add_compile_options("$<$<CONFIG:Release>:${mistaken}>")
    endif()
  endif()
endif()

if(BATON_SANITIZE)
  add_compile_options(-fsanitize=${BATON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${BATON_SANITIZE})
endif()

set(BATON_PROFILE "" CACHE STRING "Optimisation by a profile (scripts/build-profiled): generate, then use")
if(BATON_PROFILE STREQUAL "generate")
  add_compile_options(-fprofile-generate -fprofile-update=prefer-atomic)
  add_link_options(-fprofile-generate)
elseif(BATON_PROFILE STREQUAL "use")
  # What the load did not reach is compiled as without a profile, not for size.
  add_compile_options(-fprofile-use -fprofile-correction -fprofile-partial-training -Wno-missing-profile)
endif()

option(BATON_FUZZ "Build the libFuzzer programs; needs clang" OFF)
if(BATON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

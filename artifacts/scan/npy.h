// The header of numpy's .npy files, read just far enough to tell arrays of numbers from arrays of pickled objects.
#pragma once

#include <string_view>

namespace baton::artifacts {

bool is_npy(std::string_view head);
// True as well for a header that cannot be read with certainty: numpy evaluates it as a Python literal, we do not.
bool npy_holds_objects(std::string_view head);

}  // namespace baton::artifacts

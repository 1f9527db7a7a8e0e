// Whether what callers of one version send is taken by another. Pure functions over signatures.
#pragma once

#include <string>
#include <vector>

#include "registry/objects.h"

namespace baton::registry {

// Why `to` refuses what `from` takes, a clause an input: one that is gone or new, has another data type, or a shape
// that does not hold every shape of before. Empty: everything is taken, as it is when `from` has no inputs at all.
std::vector<std::string> input_changes(const ModelSignature& from, const ModelSignature& to);

// The sentence for whoever decides about `candidate` where `live` is; "" when nothing changes for callers.
std::string signature_warning(const Version& live, const Version& candidate);

}  // namespace baton::registry

// A model's signature as the column holds it: {"inputs":[{"name":…,"datatype":…,"shape":[…]}],"outputs":[…]}.
#pragma once

#include <string>
#include <string_view>

#include "registry/objects.h"

namespace baton::registry::storage {

std::string signature_to_json(const ModelSignature& signature);
ModelSignature signature_from_json(std::string_view json);  // throws StorageError (corrupt)

}  // namespace baton::registry::storage

// What a condition of a filter compares with, as the column of its field holds it.
#pragma once

#include <vector>

#include "base/result.h"
#include "registry/filter.h"
#include "registry/storage/filter_sql.h"

namespace baton::registry::storage {

// invalid_argument, with the column, when a value or the comparison does not suit the kind of the field.
Result<std::vector<Value>> field_values(FieldKind kind, const Condition& condition);

}  // namespace baton::registry::storage

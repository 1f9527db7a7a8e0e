// The name under which this room uses Published.
#pragma once

#include "base/published.h"

namespace baton::inference {

template <class T>
using Snapshot = Published<T>;

}  // namespace baton::inference

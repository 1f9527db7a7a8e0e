// Reads ONNX files. Trusts nothing in them.
#pragma once

#include <string_view>

#include "base/result.h"
#include "inference/onnx/graph.h"

namespace baton::inference::onnx {

// invalid_argument for anything that is not a well-formed model (see Graph), or names external data;
// too_large over 2 GiB or the counts stated in reader.cpp. Newer IR versions than we know are read all the same.
Result<Graph> read_graph(std::string_view bytes);

}  // namespace baton::inference::onnx

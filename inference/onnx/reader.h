// Reads ONNX files. Trusts nothing in them.
#pragma once

#include <string_view>

#include "base/result.h"
#include "inference/onnx/graph.h"

namespace baton::inference::onnx {

// The largest file. The whole of it is parsed in memory, at several times its size; linear models and support vectors
// stay far below. An engine that reads its file itself is not bound by it.
inline constexpr std::size_t kMaxModelBytes = std::size_t{512} << 20;

// invalid_argument for anything that is not a well-formed model (see Graph), or names external data;
// too_large over kMaxModelBytes or the counts stated in wire.h and reader.cpp. Newer IR versions than we know are read
// all the same.
Result<Graph> read_graph(std::string_view bytes);

}  // namespace baton::inference::onnx

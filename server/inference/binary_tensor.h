// Tensors as bytes, as the binary tensor data extension and gRPC's raw contents have them.
//
// Elements are little-endian and row-major; BOOL is one byte, 0 or 1; an element of BYTES is its length in four bytes
// and then its content. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"

namespace baton::server {

// The tensor that `bytes` hold, no more and no less: invalid_argument if they do not fit the shape, the errors of
// `limits`. What the shape claims is compared with the size of the bytes before memory is taken for it.
Result<inference::Tensor> read_binary_tensor(std::string name, inference::DataType type, inference::Shape shape,
                                             std::string_view bytes, const DecodeLimits& limits = {});

std::size_t binary_size(const inference::Tensor& tensor);
void append_binary(std::string& to, const inference::Tensor& tensor);  // binary_size() bytes

}  // namespace baton::server

// Our tensors as the library's values, and back. Private to this folder.
#pragma once

#include <optional>

#include "inference/onnxruntime/handles.h"
#include "inference/tensor.h"

struct OrtValue;
struct OrtTensorTypeAndShapeInfo;

namespace baton::inference::onnxruntime {

// What the library says of a tensor: -1 in the shape is a dimension that varies; no type is one we have no word for.
struct TensorFacts {
    std::optional<DataType> type;
    Shape shape;
};
Result<TensorFacts> facts_of(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info);

// A value that looks into `tensor`, which must outlive it and stay as it is; strings are copied.
Result<Handle<OrtValue>> to_value(const OrtApi& api, const Tensor& tensor);
// A copy. internal for a value that is no tensor of this type.
Result<Tensor> to_tensor(const OrtApi& api, OrtValue* value, const std::string& name, DataType type);

}  // namespace baton::inference::onnxruntime

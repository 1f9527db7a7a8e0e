#include "inference/onnxruntime/values.h"

#include <onnxruntime_c_api.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace baton::inference::onnxruntime {
namespace {

struct TypePair {
    DataType ours;
    ONNXTensorElementDataType theirs;
};

constexpr std::array<TypePair, 14> kTypes{{
    {DataType::boolean, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},
    {DataType::uint8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},
    {DataType::uint16, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16},
    {DataType::uint32, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32},
    {DataType::uint64, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64},
    {DataType::int8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    {DataType::int16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
    {DataType::int32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
    {DataType::int64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    {DataType::fp16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
    {DataType::bf16, ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16},
    {DataType::fp32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},
    {DataType::fp64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
    {DataType::bytes, ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING},
}};

ONNXTensorElementDataType theirs(DataType type) { return std::ranges::find(kTypes, type, &TypePair::ours)->theirs; }

Status fill_strings(const OrtApi& api, std::span<const std::string> strings, OrtValue* value) {
    for (std::size_t i = 0; i < strings.size(); ++i) {
        char* buffer = nullptr;  // of exactly that length: bytes may hold zeros
        BATON_TRY(checked(api, api.GetResizedStringTensorElementBuffer(value, i, strings[i].size(), &buffer)));
        std::ranges::copy(strings[i], buffer);
    }
    return {};
}

Status read_strings(const OrtApi& api, const OrtValue* value, std::span<std::string> strings) {
    for (std::size_t i = 0; i < strings.size(); ++i) {
        std::size_t length = 0;
        BATON_TRY(checked(api, api.GetStringTensorElementLength(value, i, &length)));
        strings[i].resize(length);
        BATON_TRY(checked(api, api.GetStringTensorElement(value, length, i, strings[i].data())));
    }
    return {};
}

}  // namespace

Result<TensorFacts> facts_of(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info) {
    TensorFacts facts;
    auto element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    BATON_TRY(checked(api, api.GetTensorElementType(info, &element)));
    const auto type = std::ranges::find(kTypes, element, &TypePair::theirs);
    if (type != kTypes.end()) facts.type = type->ours;
    std::size_t rank = 0;
    BATON_TRY(checked(api, api.GetDimensionsCount(info, &rank)));
    facts.shape.resize(rank);
    BATON_TRY(checked(api, api.GetDimensions(info, facts.shape.data(), rank)));
    return facts;
}

Result<Handle<OrtValue>> to_value(const OrtApi& api, const Tensor& tensor) {
    const Shape& shape = tensor.shape();
    if (tensor.type() == DataType::bytes) {
        OrtAllocator* allocator = nullptr;  // the library's own, never released
        BATON_TRY(checked(api, api.GetAllocatorWithDefaultOptions(&allocator)));
        BATON_ASSIGN(auto value, make_handle<OrtValue>(api, api.ReleaseValue, [&](OrtValue** made) {
                         return api.CreateTensorAsOrtValue(allocator, shape.data(), shape.size(), theirs(tensor.type()),
                                                           made);
                     }));
        BATON_TRY(fill_strings(api, tensor.values<std::string>(), value.get()));
        return value;
    }
    BATON_ASSIGN(const auto memory, make_handle<OrtMemoryInfo>(api, api.ReleaseMemoryInfo, [&](OrtMemoryInfo** made) {
                     return api.CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, made);
                 }));
    static std::byte nothing;  // what an empty tensor points to
    const auto bytes = tensor.raw();
    void* data = bytes.empty() ? &nothing : const_cast<std::byte*>(bytes.data());  // inputs are only read
    return make_handle<OrtValue>(api, api.ReleaseValue, [&](OrtValue** made) {
        return api.CreateTensorWithDataAsOrtValue(memory.get(), data, bytes.size(), shape.data(), shape.size(),
                                                  theirs(tensor.type()), made);
    });
}

Result<Tensor> to_tensor(const OrtApi& api, OrtValue* value, const std::string& name, DataType type) {
    int is_tensor = 0;
    if (value != nullptr) BATON_TRY(checked(api, api.IsTensor(value, &is_tensor)));
    if (is_tensor == 0) return internal_error("the output '" + name + "' is no tensor");
    BATON_ASSIGN(const auto info, make_handle<OrtTensorTypeAndShapeInfo>(
                                      api, api.ReleaseTensorTypeAndShapeInfo, [&](OrtTensorTypeAndShapeInfo** made) {
                                          return api.GetTensorTypeAndShape(value, made);
                                      }));
    BATON_ASSIGN(TensorFacts facts, facts_of(api, info.get()));
    if (facts.type != type || !element_count(facts.shape)) {
        return internal_error("the output '" + name + "' has another type than the model declares");
    }
    Tensor tensor(name, type, std::move(facts.shape));
    if (type == DataType::bytes) {
        BATON_TRY(read_strings(api, value, tensor.values<std::string>()));
    } else if (tensor.size() > 0) {
        void* data = nullptr;
        BATON_TRY(checked(api, api.GetTensorMutableData(value, &data)));
        std::memcpy(tensor.raw().data(), data, tensor.raw().size());
    }
    return tensor;
}

}  // namespace baton::inference::onnxruntime

#include "server/grpc/codec.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "server/grpc/inference.pb.h"
#include "server/inference/binary_tensor.h"
#include "server/inference/timeout.h"

namespace baton::server::grpc {
namespace {

using inference::DataType;
using ::inference::InferTensorContents;
using inference::Shape;
using inference::Tensor;
using InputMessage = ::inference::ModelInferRequest::InferInputTensor;
using OutputMessage = ::inference::ModelInferResponse::InferOutputTensor;

constexpr int rank_limit = 32;
constexpr const char* timeout_parameter = "timeout";  // microseconds, as in the HTTP form of the protocol

// Calls visit(field) with the accessor pair of the list that holds elements of the type; false if there is none.
template <class Visit>
bool with_field(DataType type, Visit visit) {
    const auto call = [&](auto read, auto change, auto element) {
        visit(read, change, element);
        return true;
    };
    const auto integers = [&](auto element) {
        return call(
            [](auto& contents) -> auto& { return contents.int_contents(); },
            [](auto& contents) { return contents.mutable_int_contents(); }, element);
    };
    const auto naturals = [&](auto element) {
        return call(
            [](auto& contents) -> auto& { return contents.uint_contents(); },
            [](auto& contents) { return contents.mutable_uint_contents(); }, element);
    };
    switch (type) {
        case DataType::boolean:
            return call(
                [](auto& contents) -> auto& { return contents.bool_contents(); },
                [](auto& contents) { return contents.mutable_bool_contents(); }, std::uint8_t());
        case DataType::int8:
            return integers(std::int8_t());
        case DataType::int16:
            return integers(std::int16_t());
        case DataType::int32:
            return integers(std::int32_t());
        case DataType::int64:
            return call(
                [](auto& contents) -> auto& { return contents.int64_contents(); },
                [](auto& contents) { return contents.mutable_int64_contents(); }, std::int64_t());
        case DataType::uint8:
            return naturals(std::uint8_t());
        case DataType::uint16:
            return naturals(std::uint16_t());
        case DataType::uint32:
            return naturals(std::uint32_t());
        case DataType::uint64:
            return call(
                [](auto& contents) -> auto& { return contents.uint64_contents(); },
                [](auto& contents) { return contents.mutable_uint64_contents(); }, std::uint64_t());
        case DataType::fp32:
            return call(
                [](auto& contents) -> auto& { return contents.fp32_contents(); },
                [](auto& contents) { return contents.mutable_fp32_contents(); }, float());
        case DataType::fp64:
            return call(
                [](auto& contents) -> auto& { return contents.fp64_contents(); },
                [](auto& contents) { return contents.mutable_fp64_contents(); }, double());
        case DataType::bytes:
            return call(
                [](auto& contents) -> auto& { return contents.bytes_contents(); },
                [](auto& contents) { return contents.mutable_bytes_contents(); }, std::string());
        case DataType::fp16:
        case DataType::bf16:
            return false;
    }
    return false;
}

Error refuse(const InputMessage& input, const std::string& what) {
    return invalid_argument("input '" + input.name() + "' " + what);
}

template <class T, class Wide>
bool fits(const Wide& wide) {
    if constexpr (std::is_integral_v<T>) {
        return std::in_range<T>(static_cast<std::conditional_t<std::is_same_v<Wide, bool>, std::uint8_t, Wide>>(wide));
    } else {
        return true;
    }
}

template <class T, class List>
Result<Tensor> tensor_of(const InputMessage& input, DataType type, Shape shape, const List& list,
                         const DecodeLimits& limits) {
    const auto count = inference::element_count(shape);
    if (!count || *count != static_cast<std::size_t>(list.size())) {
        return refuse(input, "has shape " + inference::shape_text(shape) + ", but " + std::to_string(list.size()) +
                                 " elements in contents");
    }
    BATON_TRY(limits.take(*count * sizeof(T)));
    Tensor tensor(input.name(), type, std::move(shape));
    const auto values = tensor.values<T>();
    for (std::size_t i = 0; i < *count; ++i) {
        const auto& element = list.Get(static_cast<int>(i));
        if (!fits<T>(element)) {
            return refuse(input,
                          "has an element that does not fit into " + std::string(inference::data_type_name(type)));
        }
        if constexpr (std::is_same_v<T, std::string>) BATON_TRY(limits.take(element.size()));
        values[i] = static_cast<T>(element);
    }
    return tensor;
}

// All the lists of contents but those of the type must be empty.
bool has_only(const InferTensorContents& contents, std::size_t elements) {
    const int all = contents.bool_contents_size() + contents.int_contents_size() + contents.int64_contents_size() +
                    contents.uint_contents_size() + contents.uint64_contents_size() + contents.fp32_contents_size() +
                    contents.fp64_contents_size() + contents.bytes_contents_size();
    return static_cast<std::size_t>(all) == elements;
}

Result<Tensor> from_contents(const InputMessage& input, DataType type, Shape shape, const DecodeLimits& limits) {
    Result<Tensor> tensor = refuse(input, std::string("is ") + std::string(inference::data_type_name(type)) +
                                              ", which is sent in raw_input_contents alone");
    with_field(type, [&]<class T>(auto read, auto, T) {
        const auto& list = read(input.contents());
        if (!has_only(input.contents(), static_cast<std::size_t>(list.size()))) {
            tensor = refuse(input, "has contents of another type than its datatype " + input.datatype());
            return;
        }
        tensor = tensor_of<T>(input, type, std::move(shape), list, limits);
    });
    return tensor;
}

Result<Shape> shape_of(const InputMessage& input) {
    if (input.shape_size() > rank_limit) return refuse(input, "has too many dimensions");
    if (std::any_of(input.shape().begin(), input.shape().end(), [](std::int64_t extent) { return extent < 0; })) {
        return refuse(input, "has a dimension below zero");
    }
    return Shape(input.shape().begin(), input.shape().end());
}

Result<Tensor> decode_input(const InputMessage& input, const std::string* raw, const DecodeLimits& limits) {
    const auto type = inference::parse_data_type(input.datatype());
    if (!type) {
        return invalid_argument("input '" + input.name() + "' has the unknown datatype \"" + input.datatype() + "\"",
                                "one of BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64, BYTES");
    }
    BATON_ASSIGN(Shape shape, shape_of(input));
    if (!shape.empty()) BATON_TRY(limits.check_rows(static_cast<std::size_t>(shape.front())));
    if (raw == nullptr) return from_contents(input, *type, std::move(shape), limits);
    if (!has_only(input.contents(), 0)) return refuse(input, "has contents, although the request has raw ones");
    return read_binary_tensor(input.name(), *type, std::move(shape), *raw, limits);
}

Result<std::vector<std::size_t>> selected(const ::inference::ModelInferRequest& request,
                                          const inference::Signature& signature) {
    std::vector<std::size_t> indices;
    for (const auto& wanted : request.outputs()) {
        const auto found = std::ranges::find(signature.outputs, wanted.name(), &inference::TensorSpec::name);
        if (found == signature.outputs.end()) return invalid_argument("unknown output '" + wanted.name() + "'");
        const auto index = static_cast<std::size_t>(found - signature.outputs.begin());
        if (std::ranges::find(indices, index) != indices.end()) {
            return invalid_argument("output '" + wanted.name() + "' is asked for twice");
        }
        indices.push_back(index);
    }
    if (indices.empty()) {
        for (std::size_t i = 0; i < signature.outputs.size(); ++i) indices.push_back(i);
    }
    return indices;
}

// Parameters that ask for what is not there: without them the answer would be one to another question.
Status check_parameters(const ::inference::ModelInferRequest& request) {
    const auto unimplemented = [](const char* message, const char* hint) {
        return Error{.code = Code::unimplemented, .message = message, .hint = hint};
    };
    const auto shares_memory = [](const auto& tensor) { return tensor.parameters().contains("shared_memory_region"); };
    if (std::ranges::any_of(request.inputs(), shares_memory) || std::ranges::any_of(request.outputs(), shares_memory)) {
        return unimplemented("shared memory is not supported",
                             "send and ask for the tensors in the messages themselves");
    }
    const auto classifies = [](const auto& output) { return output.parameters().contains("classification"); };
    if (std::ranges::any_of(request.outputs(), classifies)) {
        return unimplemented("classification is not supported over gRPC",
                             "ask over HTTP, or for the output itself and sort its scores");
    }
    for (const auto& [name, value] : request.parameters()) {
        const bool is_set = value.bool_param() || value.int64_param() != 0 || value.uint64_param() != 0 ||
                            !value.string_param().empty();
        if (is_set && (name == "sequence_id" || name == "sequence_start" || name == "sequence_end")) {
            return unimplemented("sequences of requests are not supported: each is answered by itself",
                                 "leave out sequence_id, sequence_start and sequence_end");
        }
    }
    return {};
}

void write_contents(const Tensor& tensor, InferTensorContents& contents) {
    with_field(tensor.type(), [&]<class T>(auto, auto write, T) {
        auto* list = write(contents);
        const auto values = tensor.values<T>();
        list->Reserve(static_cast<int>(values.size()));
        for (const T& value : values) {
            if constexpr (std::is_same_v<T, std::string>) {
                *list->Add() = value;
            } else {
                list->Add(static_cast<std::remove_cvref_t<decltype(list->Get(0))>>(value));
            }
        }
    });
}

template <class Texts>
std::size_t memory_of_texts(const Texts& texts) {
    std::size_t sum = 0;
    for (const std::string& text : texts) sum += sizeof(std::string) + text.size();
    return sum;
}

template <class... Lists>
std::size_t memory_of_lists(const Lists&... lists) {
    return ((static_cast<std::size_t>(lists.size()) * sizeof(*lists.begin())) + ...);
}

std::size_t memory_of(const InferTensorContents& contents) {
    return memory_of_lists(contents.bool_contents(), contents.int_contents(), contents.int64_contents(),
                           contents.uint_contents(), contents.uint64_contents(), contents.fp32_contents(),
                           contents.fp64_contents()) +
           memory_of_texts(contents.bytes_contents());
}

}  // namespace

void silence_protobuf() {
#if GOOGLE_PROTOBUF_VERSION < 4022000  // later ones leave that to the log of another library
    google::protobuf::SetLogHandler(nullptr);
#endif
}

std::optional<std::chrono::microseconds> time_limit(const ::inference::ModelInferRequest& request,
                                                    std::chrono::system_clock::time_point deadline,
                                                    std::chrono::system_clock::time_point came) {
    using std::chrono::microseconds;
    std::optional<microseconds> limit;
    if (deadline != std::chrono::system_clock::time_point::max()) {
        // Nothing is left once it has passed; zero would say that there is no limit.
        const auto left = std::chrono::duration_cast<microseconds>(deadline - came);
        limit = std::clamp<microseconds>(left, microseconds(1), longest_timeout);
    }
    const auto parameter = request.parameters().find(timeout_parameter);
    if (parameter != request.parameters().end() && parameter->second.int64_param() > 0) {
        const auto wanted = timeout_of(static_cast<std::uint64_t>(parameter->second.int64_param()));
        limit = std::min(limit.value_or(wanted), wanted);
    }
    return limit;
}

std::size_t memory_of(const ::inference::ModelInferRequest& request) {
    std::size_t sum = memory_of_texts(request.raw_input_contents());
    for (const InputMessage& input : request.inputs()) sum += memory_of(input.contents());
    return sum;
}

Result<std::vector<Tensor>> decode_inputs(const ::inference::ModelInferRequest& request, const DecodeLimits& limits) {
    BATON_TRY(check_parameters(request));
    const bool raw = request.raw_input_contents_size() > 0;
    if (raw && request.raw_input_contents_size() != request.inputs_size()) {
        return invalid_argument("the request has " + std::to_string(request.inputs_size()) + " inputs, but " +
                                    std::to_string(request.raw_input_contents_size()) + " raw contents",
                                "send all inputs raw, in their order, or none");
    }
    std::vector<Tensor> inputs;
    for (int i = 0; i < request.inputs_size(); ++i) {
        BATON_ASSIGN(Tensor input,
                     decode_input(request.inputs(i), raw ? &request.raw_input_contents(i) : nullptr, limits));
        inputs.push_back(std::move(input));
    }
    return inputs;
}

Status encode_outputs(const ::inference::ModelInferRequest& request, const inference::ServedVersion& version,
                      std::span<const Tensor> outputs, ::inference::ModelInferResponse& response) {
    BATON_ASSIGN(const std::vector<std::size_t> indices, selected(request, version.engine->signature()));
    const auto has_no_contents = [&](std::size_t index) {
        return outputs[index].type() == DataType::fp16 || outputs[index].type() == DataType::bf16;
    };
    const bool raw = request.raw_input_contents_size() > 0 || std::ranges::any_of(indices, has_no_contents);
    response.set_model_name(version.model);
    response.set_model_version(std::to_string(version.version));
    response.set_id(request.id());
    for (const std::size_t index : indices) {
        const Tensor& tensor = outputs[index];
        OutputMessage& output = *response.add_outputs();
        output.set_name(tensor.name);
        output.set_datatype(std::string(inference::data_type_name(tensor.type())));
        for (const std::int64_t extent : tensor.shape()) output.add_shape(extent);
        if (raw) {
            append_binary(*response.add_raw_output_contents(), tensor);
        } else {
            write_contents(tensor, *output.mutable_contents());
        }
    }
    return {};
}

}  // namespace baton::server::grpc

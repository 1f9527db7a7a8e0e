// An ONNX model as plain values, free of protobuf.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "inference/tensor.h"

namespace baton::inference::onnx {

inline constexpr std::size_t kMaxRank = 16;  // more dimensions are refused, in files and in what operators make

using AttributeValue = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                                    std::vector<std::string>, Tensor>;

struct Node {
    std::string name;
    std::string domain;  // "" is ai.onnx
    std::string type;
    std::vector<std::string> inputs;   // an empty name is an optional input left out
    std::vector<std::string> outputs;  // an empty name is an output nobody wants
    std::map<std::string, AttributeValue, std::less<>> attributes;

    std::string op() const;  // "Gemm" or "ai.onnx.ml.Scaler"

    // The attribute as T; null when absent or of another type.
    template <class T>
    const T* attribute(std::string_view wanted) const {
        const auto found = attributes.find(wanted);
        return found == attributes.end() ? nullptr : std::get_if<T>(&found->second);
    }
    template <class T>
    T attribute_or(std::string_view wanted, T fallback) const {
        const T* found = attribute<T>(wanted);
        return found == nullptr ? std::move(fallback) : *found;
    }
};

// What the file declares of an input or output.
struct ValueInfo {
    std::string name;
    std::optional<DataType> type;  // nullopt: not a tensor, or of a type we have no word for
    std::optional<DataType>
        map_values;              // of a sequence of maps, which ZipMap makes: the type of the values in the maps
    std::optional<Shape> shape;  // nullopt: not declared; -1 is a dimension that varies
};

// Well-formed: names are unique, every used value is made by an earlier node, an input or an initializer, so there are
// no cycles, and every tensor has as many elements as its shape says.
struct Graph {
    std::string producer;                                     // with its version
    std::map<std::string, std::int64_t, std::less<>> opsets;  // by domain
    std::vector<ValueInfo> inputs;                            // without those that are initializers
    std::vector<ValueInfo> outputs;
    std::vector<Node> nodes;
    std::map<std::string, Tensor, std::less<>> initializers;
    // What the file uses that these types cannot say, such as "If (carries a subgraph)"; empty for nearly all models.
    std::vector<std::string> beyond;

    std::int64_t opset(std::string_view domain) const;  // 0 when not imported
};

}  // namespace baton::inference::onnx

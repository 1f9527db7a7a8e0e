// The class labels of a classifier: integers or strings.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "inference/eigen/array.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

class Labels {
public:
    // From one of the two attributes; both given is invalid_argument, neither gives no labels.
    static Result<Labels> of(const onnx::Node& node, const std::string& ints_attribute = "classlabels_ints",
                             const std::string& strings_attribute = "classlabels_strings");

    // The elements of a constant; nullopt unless they are integers or texts.
    static std::optional<Labels> of(const Array& values);

    std::size_t size() const;
    Kind kind() const { return names_.index() == 0 ? Kind::integer : Kind::text; }
    const std::vector<std::int64_t>& integers() const { return *std::get_if<0>(&names_); }  // only kind integer
    const std::vector<std::string>& texts() const { return *std::get_if<1>(&names_); }      // only kind text
    // As people read them.
    std::vector<std::string> names() const;
    // The labels at these positions, as a vector.
    Array pick(const std::vector<std::size_t>& positions) const;
    // Stands in for missing labels: 0, 1, ... count - 1.
    static Labels numbered(std::size_t count);

private:
    std::variant<std::vector<std::int64_t>, std::vector<std::string>> names_;
};

}  // namespace baton::inference::eigen

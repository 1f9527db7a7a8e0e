// Golden outputs: what a version answered to made-up rows when it was registered. A load that answers otherwise is not
// the model that was approved, whatever its bytes say: an engine or a processor may have changed under it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/difference.h"
#include "inference/model.h"

namespace baton::inference {

// Engine-free: numbers as text that reads back exactly, so that it can be stored and looked at.
struct Golden {
    // How golden_inputs makes rows. Records of another recipe say nothing about the rows of this one.
    static constexpr std::int64_t current_recipe = 1;
    // Of each output the first elements are enough.
    static constexpr std::size_t most_elements = 1024;

    struct Output {
        std::string name;
        DataType type = DataType::fp32;
        Shape shape;                      // whole
        std::vector<std::string> values;  // the first ones
        bool operator==(const Output&) const = default;
    };
    std::int64_t recipe = current_recipe;
    std::vector<Output> outputs;
    bool operator==(const Golden&) const = default;
};

// The same rows for the same signature, always: four of them (one where a row is large), numbers between -2 and 2 that
// every data type holds exactly, and words. Dimensions that vary are 1 but for the rows.
std::vector<Tensor> golden_inputs(const Signature& signature);

// nullopt for a model that cannot be compared: it refuses made-up rows, or answers them differently each time.
// deadline_exceeded for one that does not come to an end with them, unavailable when the server stops meanwhile.
Result<std::optional<Golden>> record_golden(const Model& model);

// integrity, saying which output differs and how, when the model does not answer as recorded: labels exactly, floats
// within the tolerance. What the model refuses with invalid_argument now is a difference too.
Status check_golden(const Model& model, const Golden& golden, const Tolerance& tolerance = {});

}  // namespace baton::inference

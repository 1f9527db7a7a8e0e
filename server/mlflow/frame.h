// The rows of a data frame on their way into the inputs of a model.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "server/inference/tensor_builder.h"

namespace baton::server::mlflow {

inline constexpr std::size_t most_columns = 100'000;

// What a model takes, as those who name columns see it.
struct ModelColumns {
    const inference::Signature& signature;
    std::span<const std::string> features = {};  // in the order in which the model takes them; empty: not known
};

// Collects the inputs of a model, row by row or each as a whole. What `model` refers to must outlive it. Not
// thread-safe.
class Frame {
public:
    Frame(const ModelColumns& model, const DecodeLimits& limits);

    TensorBuilder* find(std::string_view name);         // null if no input has that name
    TensorBuilder* find_column(std::string_view name);  // the same; null as well if it is one feature among several
    TensorBuilder* only_input();                        // null if there are several

    // For rows of cells without names: where each column goes. To an input by its name, or nowhere; and if none has the
    // name of an input, all of them to the only input, as set_row() says.
    Status set_columns(const std::vector<std::string>& names);
    std::size_t columns() const { return targets_.size(); }
    TensorBuilder* target(std::size_t column) { return targets_[column]; }  // null: nowhere

    // Columns of these names are the row of the only input. Where the features are known they must be those, in any
    // order, or be called 0, 1, 2 … for their positions. Of rows for which this is not called each input gets one
    // value.
    Status set_row(const std::vector<std::string>& names);
    // False for a column that set_row() would refuse whatever stands beside it.
    bool may_be_in_row(std::string_view name, std::size_t column);

    void end_row() { ++rows_; }
    std::size_t rows() const { return rows_; }
    // Each input was appended once, with all its rows.
    void set_whole() { whole_ = true; }

    // The tensors, in the shapes of the signature. invalid_argument for rows or inputs that are absent.
    Result<std::vector<inference::Tensor>> finish() &&;

private:
    Error missing() const;
    // Which feature a column is; looked for at its own position first.
    std::optional<std::size_t> feature(std::string_view name, std::size_t column);
    Error other_columns(const std::vector<bool>& seen, const std::string& unknown) const;
    Result<inference::Tensor> build(std::size_t input);

    const inference::Signature& signature_;
    std::span<const std::string> features_;  // of the only input, which has rows of values; else empty
    std::unordered_map<std::string_view, std::size_t> features_by_name_;  // once it is needed
    std::vector<TensorBuilder> inputs_;
    std::vector<TensorBuilder*> targets_;  // of the columns
    std::vector<std::size_t> places_;      // of the columns among the features; empty: they are where they belong
    std::size_t rows_ = 0;
    std::size_t per_row_ = 1;
    bool whole_ = false;
};

}  // namespace baton::server::mlflow

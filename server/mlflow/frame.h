// The rows of a data frame on their way into the inputs of a model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "server/inference/tensor_builder.h"

namespace baton::server::mlflow {

inline constexpr std::size_t most_columns = 100'000;

// Collects the inputs of a model, row by row or each as a whole. `signature` must outlive it. Not thread-safe.
class Frame {
public:
    Frame(const inference::Signature& signature, const DecodeLimits& limits);

    TensorBuilder* find(std::string_view name);  // null if no input has that name
    TensorBuilder* only_input();                 // null if there are several

    // For rows of cells without names: where each column goes. To an input by its name, or nowhere; and if none has the
    // name of an input, all of them to the only input.
    Status set_columns(const std::vector<std::string>& names);
    std::size_t columns() const { return targets_.size(); }
    TensorBuilder* target(std::size_t column) { return targets_[column]; }  // null: nowhere

    void end_row() { ++rows_; }
    std::size_t rows() const { return rows_; }
    // How many values the rows give to each input: one, if nothing is said.
    void set_values_per_row(std::size_t count) { per_row_ = count; }
    // Each input was appended once, with all its rows.
    void set_whole() { whole_ = true; }

    // The tensors, in the shapes of the signature. invalid_argument for rows or inputs that are absent.
    Result<std::vector<inference::Tensor>> finish() &&;

private:
    Error missing() const;
    Result<inference::Tensor> build(std::size_t input);

    const inference::Signature& signature_;
    std::vector<TensorBuilder> inputs_;
    std::vector<TensorBuilder*> targets_;  // of the columns
    std::size_t rows_ = 0;
    std::size_t per_row_ = 1;
    bool whole_ = false;
};

}  // namespace baton::server::mlflow

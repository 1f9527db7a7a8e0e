// What several tests of this room share: files, .npy arrays, expected values.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inference/engines.h"

namespace baton::inference {

// Test vectors made by others: $BATON_VECTORS, or shared/vectors beside the project; nullopt when absent.
std::optional<std::filesystem::path> vectors_dir();
// Models of our own.
std::filesystem::path data_dir();

std::string read_file(const std::filesystem::path& path);
nlohmann::json read_json(const std::filesystem::path& path);

// The model of a file in the Eigen engine.
Result<std::unique_ptr<Model>> load_onnx(std::string_view bytes);

// A float32, float64 or int64 .npy file.
Tensor read_npy(const std::filesystem::path& path);
Tensor as_doubles(const Tensor& floats);

template <class T>
Tensor tensor_of(std::string name, DataType type, Shape shape, const std::vector<T>& values) {
    Tensor tensor(std::move(name), type, std::move(shape));
    std::copy(values.begin(), values.end(), tensor.values<T>().begin());
    return tensor;
}

// The elements as doubles, whatever the numeric type.
std::vector<double> numbers(const Tensor& tensor);
// A JSON array of any depth, row by row.
std::vector<double> flat_numbers(const nlohmann::json& values);
std::vector<std::string> flat_texts(const nlohmann::json& values);

struct Tolerance {
    double relative = 0;
    double absolute = 0;
};
// Each value v must be |v - e| <= absolute + relative |e|; says where it is not.
testing::AssertionResult close(std::span<const double> values, std::span<const double> expected, Tolerance tolerance);

// What a case's `relation` says of one output: labels equal, numbers close.
void expect_output(const Tensor& output, const TensorSpec& spec, const nlohmann::json& relation,
                   const nlohmann::json& expected, const nlohmann::json& classes, const nlohmann::json& tolerance);

}  // namespace baton::inference

#define BATON_NEED_VECTORS(variable)                                                             \
    const auto variable##_found = vectors_dir();                                                 \
    if (!variable##_found) GTEST_SKIP() << "no test vectors: set BATON_VECTORS to their folder"; \
    const auto& variable = *variable##_found

// The values that flow between the operators of a compiled model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"

namespace baton::inference::eigen {

// Every FLOAT and DOUBLE of the file is a double here: scikit-learn computes in double, so rounding to float anywhere
// but at the outputs would only move us away from it (RBF kernels do, where it shows nowhere: see KernelMachine). All
// integer types are int64.
enum class Kind : std::uint8_t { real, integer, boolean, text };

std::string_view kind_name(Kind kind);
// nullopt for types that the engine does not compute with (FP16, BF16, UINT64, ...).
std::optional<Kind> kind_of(DataType type);

// A dense, row-major array.
class Array {
public:
    Array() = default;
    // Zeros. The shape must have passed checked_count().
    Array(Kind kind, Shape shape);
    Array(Shape shape, std::vector<double> values);
    Array(Shape shape, std::vector<std::int64_t> values);
    Array(Shape shape, std::vector<std::string> values);

    Kind kind() const { return static_cast<Kind>(data_.index()); }
    const Shape& shape() const { return shape_; }
    std::size_t rank() const { return shape_.size(); }
    std::size_t size() const;
    void reshape(Shape shape) { shape_ = std::move(shape); }  // of the same count

    // The elements; the kind must be the one named.
    std::span<double> reals() { return *std::get_if<0>(&data_); }
    std::span<const double> reals() const { return *std::get_if<0>(&data_); }
    std::span<std::int64_t> integers() { return *std::get_if<1>(&data_); }
    std::span<const std::int64_t> integers() const { return *std::get_if<1>(&data_); }
    std::span<std::uint8_t> booleans() { return *std::get_if<2>(&data_); }
    std::span<const std::uint8_t> booleans() const { return *std::get_if<2>(&data_); }
    std::span<std::string> texts() { return *std::get_if<3>(&data_); }
    std::span<const std::string> texts() const { return *std::get_if<3>(&data_); }

    // Calls f with the vector of elements, whatever the kind.
    template <class F>
    decltype(auto) visit(F&& f) {
        return std::visit(std::forward<F>(f), data_);
    }
    template <class F>
    decltype(auto) visit(F&& f) const {
        return std::visit(std::forward<F>(f), data_);
    }

private:
    Shape shape_{0};
    std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::uint8_t>, std::vector<std::string>>
        data_;
};

// The number of elements of a shape that an operator is about to make, or of an input. too_large over 2^26, so that no
// model and no request makes us allocate without bound. Dimensions of zero count as one: the others of an empty array
// may be what the next operator allocates by.
Result<std::size_t> checked_count(const Shape& shape);
// The same bound for all arrays of a running request together.
Status checked_total(std::size_t elements);

// The numbers of an array as doubles, converted when it holds integers or booleans. invalid_argument for text.
class Reals {
public:
    Reals() = default;
    Reals(Reals&&) = default;  // no copies: the view may look into the object
    Reals& operator=(Reals&&) = default;
    static Result<Reals> of(const Array& array);
    std::span<const double> values() const { return view_; }

private:
    std::vector<double> converted_;
    std::span<const double> view_;
};

// Towards zero; the nearest integer for what is out of range, 0 for NaN.
std::int64_t truncate(double value);

// unsupported_model for a data type without a kind.
Result<Array> from_tensor(const Tensor& tensor);
// Rounds to `type`, whose kind must be the array's, or real for FP32 and FP64 from any number. invalid_argument for
// another kind, and for integers that INT32 does not hold.
Result<Tensor> to_tensor(const Array& array, const std::string& name, DataType type);

}  // namespace baton::inference::eigen

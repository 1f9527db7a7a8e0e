#include "inference/batching.h"

#include <algorithm>

#include "inference/difference.h"
#include "inference/golden.h"

namespace baton::inference {
namespace {

constexpr std::int64_t varies = -1;

bool begins_with_rows(const TensorSpec& spec) { return !spec.shape.empty() && spec.shape.front() == varies; }

bool has_rows_of_any_size(const TensorSpec& spec) {
    return std::find(spec.shape.begin() + 1, spec.shape.end(), varies) != spec.shape.end();
}

std::size_t row_size(const Tensor& tensor) {
    return element_count(Shape(tensor.shape().begin() + 1, tensor.shape().end())).value_or(0);
}

// Elements of one tensor over those of another, from its element `to` on.
void copy_elements(const Tensor& source, std::size_t from, std::size_t count, Tensor& target, std::size_t to) {
    if (source.type() == DataType::bytes) {
        std::ranges::copy(source.values<std::string>().subspan(from, count),
                          target.values<std::string>().subspan(to).begin());
        return;
    }
    const std::size_t size = element_size(source.type());
    std::ranges::copy(source.raw().subspan(from * size, count * size), target.raw().subspan(to * size).begin());
}

Tensor with_rows_of(const Tensor& like, std::size_t rows) {
    Shape shape = like.shape();
    shape.front() = static_cast<std::int64_t>(rows);
    return {like.name, like.type(), std::move(shape)};
}

// A model may take numbers of its neighbours into a row, as a softmax over the wrong axis does.
bool answers_row_by_row(const Model& model) {
    const std::vector<Tensor> inputs = golden_inputs(model.signature());
    const std::size_t rows = shared_rows(inputs);
    const auto together = model.try_out(inputs);
    if (!together.ok()) return false;
    if (!std::ranges::all_of(*together, [&](const Tensor& output) { return has_so_many_rows(output, rows); })) {
        return false;
    }
    for (std::size_t row = 0; row < rows; ++row) {
        const auto alone = model.try_out(take_rows(inputs, row, 1));
        if (!alone.ok() || difference_of(take_rows(*together, row, 1), *alone).rows_differing > 0) return false;
    }
    return true;
}

}  // namespace

bool has_rows(const Signature& signature) {
    return std::ranges::all_of(signature.inputs, begins_with_rows) &&
           std::ranges::all_of(signature.outputs, begins_with_rows);
}

bool takes_batches(const Model& model) {
    const Signature& signature = model.signature();
    if (!has_rows(signature)) return false;
    if (std::ranges::any_of(signature.outputs, has_rows_of_any_size) &&
        std::ranges::none_of(signature.inputs, has_rows_of_any_size)) {
        return false;
    }
    return answers_row_by_row(model);
}

bool has_so_many_rows(const Tensor& tensor, std::size_t rows) {
    return !tensor.shape().empty() && static_cast<std::size_t>(tensor.shape().front()) == rows;
}

std::size_t shared_rows(std::span<const Tensor> inputs) {
    if (inputs.empty() || inputs.front().shape().empty()) return 0;
    const auto rows = static_cast<std::size_t>(inputs.front().shape().front());
    const bool all = std::ranges::all_of(inputs, [&](const Tensor& input) { return has_so_many_rows(input, rows); });
    return all ? rows : 0;
}

bool fit_together(std::span<const Tensor> one, std::span<const Tensor> other) {
    return std::ranges::equal(one, other, [](const Tensor& a, const Tensor& b) {
        return std::equal(a.shape().begin() + 1, a.shape().end(), b.shape().begin() + 1, b.shape().end());
    });
}

std::vector<Tensor> join_rows(std::span<const std::span<const Tensor>> requests) {
    std::size_t rows = 0;
    for (const auto& request : requests) rows += shared_rows(request);
    std::vector<Tensor> joined;
    for (std::size_t i = 0; i < requests.front().size(); ++i) {
        Tensor& whole = joined.emplace_back(with_rows_of(requests.front()[i], rows));
        std::size_t at = 0;
        for (const auto& request : requests) {
            copy_elements(request[i], 0, request[i].size(), whole, at);
            at += request[i].size();
        }
    }
    return joined;
}

std::vector<Tensor> take_rows(std::span<const Tensor> tensors, std::size_t begin, std::size_t count) {
    std::vector<Tensor> taken;
    for (const Tensor& tensor : tensors) {
        const std::size_t size = row_size(tensor);
        copy_elements(tensor, begin * size, count * size, taken.emplace_back(with_rows_of(tensor, count)), 0);
    }
    return taken;
}

}  // namespace baton::inference

#include "server/oip/classification.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <span>

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;

template <class T>
bool is_better(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    }
    return a > b;
}

template <class T>
std::string number_text(T number) {
    std::array<char, 32> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

// The best of one row, into `best`.
template <class T>
void classify(std::span<const T> row, const std::vector<std::string>& labels, std::span<std::string> best) {
    std::vector<std::size_t> order(row.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return is_better(row[a], row[b]); });
    for (std::size_t i = 0; i < best.size(); ++i) {
        best[i] = number_text(row[order[i]]) + ":" + std::to_string(order[i]);
        if (labels.size() == row.size()) best[i] += ":" + labels[order[i]];
    }
}

template <class T>
Tensor classify(const Tensor& scores, const std::vector<std::string>& labels, std::size_t count) {
    const std::size_t rows = scores.shape().empty() ? 1 : static_cast<std::size_t>(scores.shape()[0]);
    const std::size_t columns = rows == 0 ? 0 : scores.size() / rows;
    const std::size_t kept = std::min(count, columns);
    Tensor best(scores.name, DataType::bytes, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(kept)});
    for (std::size_t row = 0; row < rows; ++row) {
        classify(scores.values<T>().subspan(row * columns, columns), labels,
                 best.values<std::string>().subspan(row * kept, kept));
    }
    return best;
}

}  // namespace

Result<Tensor> best_classes(const Tensor& scores, const std::vector<std::string>& labels, std::size_t count) {
    switch (scores.type()) {
        case DataType::fp32:
            return classify<float>(scores, labels, count);
        case DataType::fp64:
            return classify<double>(scores, labels, count);
        case DataType::int32:
            return classify<std::int32_t>(scores, labels, count);
        case DataType::int64:
            return classify<std::int64_t>(scores, labels, count);
        default:
            return invalid_argument("output '" + scores.name + "' is " + std::string(data_type_name(scores.type())) +
                                        ", which has no order of classes",
                                    "ask for the classes of an output of scores");
    }
}

}  // namespace baton::server::oip

#include "inference/eigen/labels.h"

#include <algorithm>
#include <numeric>

#include "base/encoding.h"
#include "inference/eigen/operators.h"

namespace baton::inference::eigen {

Result<Labels> Labels::of(const onnx::Node& node, const std::string& ints_attribute,
                          const std::string& strings_attribute) {
    auto integers = node.attribute_or<std::vector<std::int64_t>>(ints_attribute, {});
    auto texts = node.attribute_or<std::vector<std::string>>(strings_attribute, {});
    if (!integers.empty() && !texts.empty()) return bad_attributes(node, "class labels of two types");
    if (!std::ranges::all_of(texts, is_valid_utf8)) return bad_attributes(node, "a class label is not UTF-8");
    Labels labels;
    if (!texts.empty()) {
        labels.names_ = std::move(texts);
    } else {
        labels.names_ = std::move(integers);
    }
    return labels;
}

std::optional<Labels> Labels::of(const Array& values) {
    Labels labels;
    if (values.kind() == Kind::integer) {
        labels.names_ = std::vector<std::int64_t>(values.integers().begin(), values.integers().end());
    } else if (values.kind() == Kind::text) {
        labels.names_ = std::vector<std::string>(values.texts().begin(), values.texts().end());
    } else {
        return std::nullopt;
    }
    return labels;
}

std::size_t Labels::size() const {
    return std::visit([](const auto& names) { return names.size(); }, names_);
}

std::vector<std::string> Labels::names() const {
    if (kind() == Kind::text) return texts();
    std::vector<std::string> names;
    for (const std::int64_t label : integers()) names.push_back(std::to_string(label));
    return names;
}

Array Labels::pick(const std::vector<std::size_t>& positions) const {
    return std::visit(
        [&](const auto& names) {
            typename std::decay_t<decltype(names)> picked(positions.size());
            std::ranges::transform(positions, picked.begin(), [&](std::size_t position) { return names[position]; });
            return Array({static_cast<std::int64_t>(positions.size())}, std::move(picked));
        },
        names_);
}

Labels Labels::numbered(std::size_t count) {
    std::vector<std::int64_t> integers(count);
    std::iota(integers.begin(), integers.end(), 0);
    Labels labels;
    labels.names_ = std::move(integers);
    return labels;
}

}  // namespace baton::inference::eigen

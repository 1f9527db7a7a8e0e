// Categories into numbers and back: OneHotEncoder and LabelEncoder.
#include <algorithm>
#include <map>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

// Where each of a list of keys stands; the first of equals counts. NaN is a key like others.
template <class T>
class KeyIndex {
public:
    explicit KeyIndex(std::span<const T> keys) : count_(keys.size()), nan_(keys.size()) {
        for (std::size_t i = keys.size(); i-- > 0;) {
            if (keys[i] == keys[i]) {
                positions_[keys[i]] = i;
            } else {
                nan_ = i;
            }
        }
    }

    // The number of keys for one that is not among them.
    std::size_t find(const T& key) const {
        if (key != key) return nan_;
        const auto found = positions_.find(key);
        return found == positions_.end() ? count_ : found->second;
    }

private:
    std::size_t count_;
    std::size_t nan_;
    std::map<T, std::size_t> positions_;
};

Result<Kernel> one_hot_encoder(const NodeContext& context) {
    const auto texts = context.node.attribute_or<std::vector<std::string>>("cats_strings", {});
    const auto integers = context.node.attribute_or<std::vector<std::int64_t>>("cats_int64s", {});
    const bool unknown_is_zeros = context.node.attribute_or<std::int64_t>("zeros", 1) != 0;
    if (texts.empty() == integers.empty()) return bad_attributes(context.node, "it needs categories of one type");
    const KeyIndex<std::string> text_index(texts);
    const KeyIndex<std::int64_t> integer_index(integers);
    const std::size_t categories = texts.size() + integers.size();
    return Kernel([=](const Call& call) -> Status {
        const Array& value = call.in(0);
        if ((value.kind() == Kind::text) == texts.empty()) return cannot_take("ai.onnx.ml.OneHotEncoder", value);
        Shape shape = value.shape();
        shape.push_back(static_cast<std::int64_t>(categories));
        BATON_TRY(checked_count(shape));
        Array result(Kind::real, shape);
        Reals numbers;
        if (value.kind() != Kind::text) {
            BATON_ASSIGN(numbers, Reals::of(value));
        }
        for (std::size_t i = 0; i < value.size(); ++i) {
            const std::size_t position = value.kind() == Kind::text ? text_index.find(value.texts()[i])
                                                                    : integer_index.find(truncate(numbers.values()[i]));
            if (position < categories) {
                result.reals()[i * categories + position] = 1;
            } else if (!unknown_is_zeros) {
                return invalid_argument("a category that the model does not know");
            }
        }
        call.give(std::move(result));
        return {};
    });
}

// A list of LabelEncoder: three attributes for three types, and from version 4 on a tensor. Empty when there is none.
Result<Array> list_of(const onnx::Node& node, const std::string& name) {
    if (const auto* tensor = node.attribute<Tensor>(name + "_tensor")) return from_tensor(*tensor);
    if (const auto* texts = node.attribute<std::vector<std::string>>(name + "_strings")) {
        return Array({static_cast<std::int64_t>(texts->size())}, *texts);
    }
    if (const auto* integers = node.attribute<std::vector<std::int64_t>>(name + "_int64s")) {
        return Array({static_cast<std::int64_t>(integers->size())}, *integers);
    }
    const auto reals = node.attribute_or<std::vector<float>>(name + "_floats", {});
    return Array({static_cast<std::int64_t>(reals.size())}, std::vector<double>(reals.begin(), reals.end()));
}

// What unknown keys become, of the kind of the values.
Result<Array> default_of(const onnx::Node& node, Kind kind) {
    if (const auto* tensor = node.attribute<Tensor>("default_tensor")) {
        BATON_ASSIGN(Array value, from_tensor(*tensor));
        if (value.size() != 1 || value.kind() != kind) return bad_attributes(node, "the default has another type");
        return value;
    }
    switch (kind) {
        case Kind::text:
            return Array({1}, std::vector<std::string>{node.attribute_or<std::string>("default_string", "_Unused")});
        case Kind::integer:
            return Array({1}, std::vector<std::int64_t>{node.attribute_or<std::int64_t>("default_int64", -1)});
        case Kind::real:
            return Array({1}, std::vector<double>{node.attribute_or<float>("default_float", -0.0F)});
        default:
            return bad_attributes(node, "the values have an unusual type");
    }
}

// The index for keys of kind T; empty for keys of another kind.
template <class T>
KeyIndex<T> index_of(const Array& keys) {
    return keys.visit([](const auto& values) {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, std::vector<T>>) return KeyIndex<T>(values);
        return KeyIndex<T>({});
    });
}

template <class T>
std::vector<std::size_t> find_all(std::span<const T> wanted, const KeyIndex<T>& index) {
    std::vector<std::size_t> found(wanted.size());
    std::ranges::transform(wanted, found.begin(), [&](const T& key) { return index.find(key); });
    return found;
}

Result<Kernel> label_encoder(const NodeContext& context) {
    if (context.opset < 2) return unsupported("ai.onnx.ml.LabelEncoder of version 1");
    BATON_ASSIGN(const Array keys, list_of(context.node, "keys"));
    BATON_ASSIGN(const Array values, list_of(context.node, "values"));
    BATON_ASSIGN(const Array unknown, default_of(context.node, values.kind()));
    if (keys.size() != values.size() || keys.size() == 0) {
        return bad_attributes(context.node, "keys and values differ in number");
    }
    return Kernel([kind = keys.kind(), values, unknown, texts = index_of<std::string>(keys),
                   integers = index_of<std::int64_t>(keys),
                   reals = index_of<double>(keys)](const Call& call) -> Status {
        const Array& given = call.in(0);
        if (given.kind() != kind) return cannot_take("ai.onnx.ml.LabelEncoder", given);
        std::vector<std::size_t> found;
        switch (kind) {
            case Kind::text:
                found = find_all(given.texts(), texts);
                break;
            case Kind::integer:
                found = find_all(given.integers(), integers);
                break;
            case Kind::real:
                found = find_all(given.reals(), reals);
                break;
            default:
                return cannot_take("ai.onnx.ml.LabelEncoder", given);
        }
        Array result(values.kind(), given.shape());
        const auto fill = [&](auto to, auto from, const auto& fallback) {
            for (std::size_t i = 0; i < to.size(); ++i) to[i] = found[i] < from.size() ? from[found[i]] : fallback;
        };
        switch (values.kind()) {
            case Kind::text:
                fill(result.texts(), values.texts(), unknown.texts()[0]);
                break;
            case Kind::integer:
                fill(result.integers(), values.integers(), unknown.integers()[0]);
                break;
            default:
                fill(result.reals(), values.reals(), unknown.reals()[0]);
        }
        call.give(std::move(result));
        return {};
    });
}

}  // namespace

void add_encoding_operators(OperatorTable& table) {
    table["ai.onnx.ml.OneHotEncoder"] = {one_hot_encoder, 1, 1};
    table["ai.onnx.ml.LabelEncoder"] = {label_encoder, 1, 1};
}

}  // namespace baton::inference::eigen

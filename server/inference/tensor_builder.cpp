#include "server/inference/tensor_builder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "base/encoding.h"
#include "server/inference/json_value.h"

namespace baton::server {
namespace {

namespace ondemand = simdjson::ondemand;
using inference::DataType;
using inference::Shape;
using inference::Tensor;

constexpr std::int64_t unknown_length = -1;
constexpr std::size_t usual_row = 64;  // elements that cost one allocation

template <class Wide, class T>
bool fits(Wide wide) {
    return wide >= std::numeric_limits<T>::min() && wide <= std::numeric_limits<T>::max();
}

bool is_list(ondemand::value& value) { return value.raw_json_token().starts_with('['); }

// False if the value is no T.
template <class T>
bool get_element(ondemand::value& value, T& element) {
    if constexpr (std::is_same_v<T, std::string>) {
        std::string_view text;
        if (value.get(text)) return false;
        element = text;
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        double number = 0;
        if (value.get(number)) return false;
        element = static_cast<T>(number);
        return std::isfinite(element);
    } else {
        using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
        Wide number = 0;
        if (value.get(number) || !fits<Wide, T>(number)) return false;
        element = static_cast<T>(number);
        return true;
    }
}

bool get_boolean(ondemand::value& value, std::uint8_t& element) {
    bool boolean = false;
    if (value.get(boolean)) return false;
    element = boolean ? 1 : 0;
    return true;
}

std::string expected_of(DataType type) {
    switch (type) {
        case DataType::boolean:
            return "true or false";
        case DataType::bytes:
            return "a string";
        case DataType::fp32:
        case DataType::fp64:
            return "a finite number that fits into " + std::string(data_type_name(type));
        default:
            return "an integer that fits into " + std::string(data_type_name(type));
    }
}

template <class Variant>
Variant elements_of(DataType type) {
    switch (type) {
        case DataType::boolean:
        case DataType::uint8:
            return std::vector<std::uint8_t>();
        case DataType::uint16:
        case DataType::fp16:
        case DataType::bf16:
            return std::vector<std::uint16_t>();
        case DataType::uint32:
            return std::vector<std::uint32_t>();
        case DataType::uint64:
            return std::vector<std::uint64_t>();
        case DataType::int8:
            return std::vector<std::int8_t>();
        case DataType::int16:
            return std::vector<std::int16_t>();
        case DataType::int32:
            return std::vector<std::int32_t>();
        case DataType::int64:
            return std::vector<std::int64_t>();
        case DataType::fp32:
            return std::vector<float>();
        case DataType::fp64:
            return std::vector<double>();
        case DataType::bytes:
            return std::vector<std::string>();
    }
    std::abort();
}

}  // namespace

// The reading of one value: walks the lists and writes into the builder.
struct TensorBuilder::Reading {
    TensorBuilder& to;

    Error refuse(std::string what) const { return invalid_argument("input '" + to.name_ + "': " + std::move(what)); }
    Error ragged() const { return refuse("the lists of the data differ in length or depth"); }

    template <class T>
    Status value(ondemand::value& json, int depth, std::vector<T>& elements) {
        if (elements.empty()) elements.reserve(usual_row);
        if (is_list(json)) return list(json, depth, 0, elements);
        BATON_TRY(expect_elements(0));
        return element(json, depth, elements) ? Status() : no_element(json, elements.size());
    }

    // `level` counts the lists of the tensor, `depth` the containers of the document.
    template <class T>
    Status list(ondemand::value& json, int depth, std::size_t level, std::vector<T>& elements) {
        BATON_TRY(check_json_depth(depth));
        ondemand::array array;
        if (json.get(array)) return ragged();
        if (level == to.shape_.size()) {
            if (to.has_elements_) return ragged();
            to.shape_.push_back(unknown_length);
        }
        std::int64_t length = 0;
        bool of_lists = false;
        for (auto item : array) {
            ondemand::value child;
            if (const auto error = std::move(item).get(child)) return malformed_json(error);
            if (length == 0) {
                of_lists = is_list(child);
                if (!of_lists) BATON_TRY(expect_elements(level + 1));
            }
            if (of_lists) {
                BATON_TRY(list(child, depth + 1, level + 1, elements));
            } else if (!element(child, depth + 1, elements)) {
                return no_element(child, elements.size());
            }
            ++length;
        }
        std::int64_t& known = to.shape_[level];
        if (known != unknown_length && known != length) return ragged();
        known = length;
        return {};
    }

    Status expect_elements(std::size_t level) const {
        if (level != to.shape_.size()) return ragged();
        to.has_elements_ = true;
        return {};
    }

    Error no_element(ondemand::value& json, std::size_t index) const {
        return refuse("element " + std::to_string(index) + ": expected " + expected_of(to.type_) + ", found " +
                      describe_json(json));
    }

    // False if the value is none.
    template <class T>
    bool element(ondemand::value& json, int depth, std::vector<T>& elements) const {
        T read{};
        if (!get(json, depth, read)) return false;
        elements.push_back(std::move(read));
        return true;
    }

    template <class T>
    bool get(ondemand::value& json, int depth, T& element) const {
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            if (to.type_ == DataType::boolean) return get_boolean(json, element);
        }
        if constexpr (std::is_same_v<T, std::string>) {
            JsonValue object{json, depth};
            if (to.base64_ == Base64::accepted && is_object(object)) return get_base64(object, element);
        }
        return get_element(json, element);
    }

    static bool get_base64(JsonValue& object, std::string& element) {
        std::optional<std::string> bytes;
        const Status status = read_fields(object, "data", [&](std::string_view key, JsonValue& field) -> Status {
            BATON_ASSIGN(const std::string_view text, read_string(field, "b64"));
            if (key == "b64") bytes = decode_base64(text);
            return {};
        });
        if (!status.ok() || !bytes) return false;
        element = *std::move(bytes);
        return true;
    }
};

TensorBuilder::TensorBuilder(std::string name, DataType type, Base64 base64)
    : name_(std::move(name)), type_(type), base64_(base64), elements_(elements_of<decltype(elements_)>(type)) {}

Status TensorBuilder::append(JsonValue& value) {
    Reading reading{*this};
    if (type_ == DataType::fp16 || type_ == DataType::bf16) {
        return reading.refuse(std::string(data_type_name(type_)) + " data cannot be sent as JSON");
    }
    value.read = true;
    ++appended_;
    return std::visit([&](auto& elements) { return reading.value(value.value, value.depth, elements); }, elements_);
}

Status TensorBuilder::append_base64(std::string_view text) {
    const Reading reading{*this};
    auto* elements = std::get_if<std::vector<std::string>>(&elements_);
    if (elements == nullptr) return reading.refuse("\"b64\" is for BYTES alone");
    if (!shape_.empty()) return reading.ragged();
    auto bytes = decode_base64(text);
    if (!bytes) return reading.refuse("the value of \"b64\" is not base64");
    elements->push_back(*std::move(bytes));
    has_elements_ = true;
    ++appended_;
    return {};
}

std::size_t TensorBuilder::size() const {
    return std::visit([](const auto& elements) { return elements.size(); }, elements_);
}

Tensor TensorBuilder::build(Shape shape) && {
    Tensor tensor(std::move(name_), type_, std::move(shape));
    std::visit(
        [&]<class T>(std::vector<T>& elements) {
            if (elements.size() != tensor.size()) std::abort();
            std::ranges::move(elements, tensor.values<T>().begin());
        },
        elements_);
    return tensor;
}

}  // namespace baton::server

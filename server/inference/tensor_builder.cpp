#include "server/inference/tensor_builder.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include "base/encoding.h"
#include "base/text.h"
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

std::optional<double> non_finite(std::string_view token) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (token == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (token == "Infinity") return infinity;
    if (token == "-Infinity") return -infinity;
    return std::nullopt;
}

// Memory that `count` more elements take: while the vector grows there is the old one as well.
template <class T>
constexpr std::size_t cost_of(std::size_t count) {
    return 2 * count * sizeof(T);
}

// null is a missing value, as in the answers: JSON has no NaN. Whether the model takes it is the model's to say.
template <std::floating_point T>
bool get_missing(ondemand::value& value, T& element) {
    bool null = false;
    if (value.is_null().get(null) || !null) return false;
    element = std::numeric_limits<T>::quiet_NaN();
    return true;
}

// False if the value is no T. Inlined, as most of the time of a decode is spent in here.
template <class T>
[[gnu::always_inline]] inline bool get_element(ondemand::value& value, T& element) {
    if constexpr (std::is_same_v<T, std::string>) {
        std::string_view text;
        if (value.get(text)) return false;
        element = text;
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        double number = 0;
        if (value.get(number)) return get_missing(value, element);
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

// The same for a cell of text.
template <class T>
bool parse_element(std::string_view cell, T& element) {
    if constexpr (std::is_same_v<T, std::string>) {
        element = cell;
        return true;
    } else {
        if constexpr (std::is_floating_point_v<T>) {
            element = std::numeric_limits<T>::quiet_NaN();
            if (cell.empty()) return true;
        }
        const auto number = parse_whole<T>(cell);
        if (!number) return false;
        element = *number;
        if constexpr (std::is_floating_point_v<T>) return std::isfinite(element);
        return true;
    }
}

bool parse_boolean(std::string_view cell, std::uint8_t& element) {
    const bool yes = cell == "true" || cell == "True" || cell == "TRUE" || cell == "1";
    element = yes ? 1 : 0;
    return yes || cell == "false" || cell == "False" || cell == "FALSE" || cell == "0";
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
            return "a finite number that fits into " + std::string(data_type_name(type)) +
                   ", or null for a missing one";
        default:
            return "an integer that fits into " + std::string(data_type_name(type));
    }
}

}  // namespace

// The reading of one value: walks the lists and writes into the builder.
struct TensorBuilder::Reading {
    TensorBuilder& to;
    Status memory = {};  // why there was none

    Error refuse(std::string what) const { return invalid_argument("input '" + to.name_ + "': " + std::move(what)); }
    Error ragged() const { return refuse("the lists of the data differ in length or depth"); }

    template <class T>
    Status value(ondemand::value& json, int depth, std::vector<T>& elements) {
        if (is_list(json)) return list(json, depth, 0, elements);
        BATON_TRY(expect_elements(0));
        return element(json, depth, elements) ? Status() : no_element(json, elements.size());
    }

    template <class T>
    Status text(std::string_view cell, std::vector<T>& elements) {
        if (elements.size() == elements.capacity() && !make_room(elements)) return memory;
        if constexpr (std::is_same_v<T, std::string>) BATON_TRY(to.limits_.take(cell.size()));
        T read{};
        bool taken = false;
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            taken = to.type_ == DataType::boolean ? parse_boolean(cell, read) : parse_element(cell, read);
        } else {
            taken = parse_element(cell, read);
        }
        if (!taken) {
            return refuse("element " + std::to_string(elements.size()) + ": expected " + expected_of(to.type_) +
                          ", found '" + std::string(cell.substr(0, 40)) + "'");
        }
        elements.push_back(std::move(read));
        return {};
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
        if (!memory.ok()) return memory.error();
        return refuse("element " + std::to_string(index) + ": expected " + expected_of(to.type_) + ", found " +
                      describe_json(json));
    }

    // False if the value is none, or there is no memory for it.
    template <class T>
    bool element(ondemand::value& json, int depth, std::vector<T>& elements) {
        if (elements.size() == elements.capacity() && !make_room(elements)) return false;
        T read{};
        if (!get(json, depth, read)) return false;
        if constexpr (std::is_same_v<T, std::string>) {
            if (memory = to.limits_.take(read.size()); !memory.ok()) return false;
        }
        elements.push_back(std::move(read));
        return true;
    }

    template <class T>
    bool make_room(std::vector<T>& elements) {
        memory = to.grow(elements, std::max(usual_row, elements.size() * 2));
        return memory.ok();
    }

    template <class T>
    bool get(ondemand::value& json, int depth, T& element) const {
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            if (to.type_ == DataType::boolean) return get_boolean(json, element);
        }
        if constexpr (std::is_same_v<T, std::string>) {
            JsonValue object{json, depth};
            if (to.dialect_.base64 && is_object(object)) return get_base64(object, element);
        }
        if (get_element(json, element)) return true;
        if constexpr (std::is_floating_point_v<T>) {
            if (!to.dialect_.non_finite) return false;
            const auto number = non_finite(token_of(json));
            element = static_cast<T>(number.value_or(0));
            return number.has_value();
        }
        return false;
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

TensorBuilder::TensorBuilder(std::string name, DataType type, Dialect dialect, const DecodeLimits& limits)
    : name_(std::move(name)),
      type_(type),
      dialect_(dialect),
      limits_(limits),
      elements_(inference::make_elements(type, 0)) {}

template <class T>
Status TensorBuilder::grow(std::vector<T>& elements, std::size_t capacity) const {
    if (capacity <= elements.capacity()) return {};
    BATON_TRY(limits_.take(cost_of<T>(capacity - elements.capacity())));
    elements.reserve(capacity);
    return {};
}

Status TensorBuilder::reserve(std::size_t count) {
    return std::visit([&](auto& elements) { return grow(elements, count); }, elements_);
}

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
    Reading reading{*this};
    auto* elements = std::get_if<std::vector<std::string>>(&elements_);
    if (elements == nullptr) return reading.refuse("\"b64\" is for BYTES alone");
    if (!shape_.empty()) return reading.ragged();
    auto bytes = decode_base64(text);
    if (!bytes) return reading.refuse("the value of \"b64\" is not base64");
    if (elements->size() == elements->capacity() && !reading.make_room(*elements)) return reading.memory;
    BATON_TRY(limits_.take(bytes->size()));
    elements->push_back(*std::move(bytes));
    has_elements_ = true;
    ++appended_;
    return {};
}

Status TensorBuilder::append_text(std::string_view cell) {
    Reading reading{*this};
    if (type_ == DataType::fp16 || type_ == DataType::bf16) {
        return reading.refuse(std::string(data_type_name(type_)) + " data cannot be sent as text");
    }
    if (!shape_.empty()) return reading.ragged();
    has_elements_ = true;
    ++appended_;
    return std::visit([&](auto& elements) { return reading.text(cell, elements); }, elements_);
}

std::size_t TensorBuilder::size() const {
    return std::visit([](const auto& elements) { return elements.size(); }, elements_);
}

Status TensorBuilder::rearrange(std::span<const std::size_t> places) {
    const auto each_row = [&]<class T>(std::vector<T>& elements) -> Status {
        BATON_TRY(limits_.take(cost_of<T>(places.size())));
        std::vector<T> row(places.size());
        for (auto begin = elements.begin(); begin != elements.end(); begin = std::ranges::move(row, begin).out) {
            for (std::size_t i = 0; i < row.size(); ++i)
                row[places[i]] = std::move(begin[static_cast<std::ptrdiff_t>(i)]);
        }
        return {};
    };
    return std::visit(each_row, elements_);
}

Tensor TensorBuilder::build(Shape shape) && {
    return {std::move(name_), type_, std::move(shape), std::move(elements_)};
}

}  // namespace baton::server

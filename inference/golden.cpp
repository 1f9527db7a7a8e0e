#include "inference/golden.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "inference/mixed.h"

namespace baton::inference {
namespace {

constexpr std::int64_t usual_rows = 4;
constexpr std::size_t large_row = 65536;  // elements
constexpr std::array words = {"baton", "a handoff of one word to another", "0", "red"};

// SplitMix64: written out, because the standard library's distributions may differ from one to the next.
class Draws {
public:
    std::uint64_t next() {
        state_ += mixed_step;
        return mixed(state_);
    }

private:
    std::uint64_t state_ = 20;
};

// Multiples of 1/64 from -2 up to 2: even BF16 holds them.
double plain_number(Draws& draws) { return static_cast<double>(draws.next() % 256) / 64 - 2; }

// Of a number that has few bits.
std::uint16_t half_bits(double value) {
    if (value == 0) return 0;
    int exponent = 0;
    const double fraction = std::frexp(std::abs(value), &exponent);  // in [0.5, 1)
    const auto mantissa = static_cast<std::uint16_t>(fraction * 2048) & 0x3ff;
    return static_cast<std::uint16_t>((value < 0 ? 0x8000 : 0) | ((exponent + 14) << 10) | mantissa);
}

template <class T>
void fill_integers(Tensor& tensor, Draws& draws, std::uint64_t range) {
    for (T& value : tensor.values<T>()) value = static_cast<T>(draws.next() % range);
}

void fill(Tensor& tensor, Draws& draws) {
    constexpr std::uint64_t small = 4;
    switch (tensor.type()) {
        case DataType::boolean:
            return fill_integers<std::uint8_t>(tensor, draws, 2);
        case DataType::uint8:
            return fill_integers<std::uint8_t>(tensor, draws, small);
        case DataType::uint16:
            return fill_integers<std::uint16_t>(tensor, draws, small);
        case DataType::uint32:
            return fill_integers<std::uint32_t>(tensor, draws, small);
        case DataType::uint64:
            return fill_integers<std::uint64_t>(tensor, draws, small);
        case DataType::int8:
            return fill_integers<std::int8_t>(tensor, draws, small);
        case DataType::int16:
            return fill_integers<std::int16_t>(tensor, draws, small);
        case DataType::int32:
            return fill_integers<std::int32_t>(tensor, draws, small);
        case DataType::int64:
            return fill_integers<std::int64_t>(tensor, draws, small);
        case DataType::fp16:
            for (auto& bits : tensor.values<std::uint16_t>()) bits = half_bits(plain_number(draws));
            return;
        case DataType::bf16:
            for (auto& bits : tensor.values<std::uint16_t>()) {
                bits = static_cast<std::uint16_t>(
                    std::bit_cast<std::uint32_t>(static_cast<float>(plain_number(draws))) >> 16);
            }
            return;
        case DataType::fp32:
            for (float& value : tensor.values<float>()) value = static_cast<float>(plain_number(draws));
            return;
        case DataType::fp64:
            for (double& value : tensor.values<double>()) value = plain_number(draws);
            return;
        case DataType::bytes:
            for (std::string& value : tensor.values<std::string>()) value = words.at(draws.next() % words.size());
            return;
    }
}

Shape with_rows(Shape shape, std::int64_t rows) {
    if (!shape.empty() && shape.front() == -1) shape.front() = rows;
    std::ranges::replace(shape, -1, 1);
    return shape;
}

std::size_t row_elements(const Signature& signature) {
    std::size_t sum = 0;
    for (const TensorSpec& input : signature.inputs)
        sum += element_count(with_rows(input.shape, 1)).value_or(large_row);
    return sum;
}

template <class T>
std::string number_text(T value) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end};
}

std::string text_at(const Tensor& tensor, std::size_t index) {
    switch (tensor.type()) {
        case DataType::bytes:
            return tensor.values<std::string>()[index];
        case DataType::uint64:
            return number_text(tensor.values<std::uint64_t>()[index]);
        case DataType::int64:
            return number_text(tensor.values<std::int64_t>()[index]);
        case DataType::fp32:
            return number_text(tensor.values<float>()[index]);
        default:
            return number_text(number_at(tensor, index));
    }
}

Golden record(const std::vector<Tensor>& outputs) {
    Golden golden;
    for (const Tensor& output : outputs) {
        Golden::Output& recorded = golden.outputs.emplace_back();
        recorded.name = output.name;
        recorded.type = output.type();
        recorded.shape = output.shape();
        const std::size_t count = std::min(output.size(), Golden::most_elements);
        for (std::size_t i = 0; i < count; ++i) recorded.values.push_back(text_at(output, i));
    }
    return golden;
}

bool same_value(const std::string& recorded, const Tensor& output, std::size_t index, const Tolerance& tolerance) {
    if (!is_floating(output.type())) return recorded == text_at(output, index);
    const auto expected = parse_whole<double>(recorded);
    return expected && tolerance.same(*expected, number_at(output, index));
}

Error mismatch(const std::string& what) {
    return {.code = Code::integrity,
            .message = "the model does not answer as it did when it was registered: " + what,
            .hint = "look for what has changed since then: the engine, its version or the processor"};
}

// nullopt: as recorded.
std::optional<Error> compare(const Golden& golden, const std::vector<Tensor>& outputs, const Tolerance& tolerance) {
    if (golden.outputs.size() != outputs.size()) return mismatch("it has another number of outputs");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Golden::Output& recorded = golden.outputs[i];
        const Tensor& output = outputs[i];
        const std::string name = "output '" + recorded.name + "'";
        if (recorded.name != output.name || recorded.type != output.type()) return mismatch(name + " is another one");
        if (recorded.shape != output.shape()) {
            return mismatch(name + " has the shape " + shape_text(output.shape()) + ", not " +
                            shape_text(recorded.shape));
        }
        for (std::size_t at = 0; at < std::min(recorded.values.size(), output.size()); ++at) {
            if (same_value(recorded.values[at], output, at, tolerance)) continue;
            return mismatch("element " + std::to_string(at) + " of " + name + " is " + text_at(output, at) + ", not " +
                            recorded.values[at]);
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<Tensor> golden_inputs(const Signature& signature) {
    Draws draws;
    const std::int64_t rows = row_elements(signature) < large_row ? usual_rows : 1;
    std::vector<Tensor> inputs;
    for (const TensorSpec& spec : signature.inputs) {
        Tensor& input = inputs.emplace_back(spec.name, spec.type, with_rows(spec.shape, rows));
        fill(input, draws);
    }
    return inputs;
}

Result<std::optional<Golden>> record_golden(const Model& model) {
    const std::vector<Tensor> inputs = golden_inputs(model.signature());
    std::optional<Golden> golden;
    for (int run = 0; run < 2; ++run) {
        const auto outputs = model.try_out(inputs);
        if (!outputs.ok()) {
            const Code code = outputs.error().code;
            if (code == Code::deadline_exceeded || code == Code::unavailable) return outputs.error();
            return std::optional<Golden>();
        }
        if (!golden) {
            golden = record(*outputs);
        } else if (compare(*golden, *outputs, {})) {
            return std::optional<Golden>();
        }
    }
    return golden;
}

Status check_golden(const Model& model, const Golden& golden, const Tolerance& tolerance) {
    if (golden.recipe != Golden::current_recipe) return {};
    const auto outputs = model.try_out(golden_inputs(model.signature()));
    if (!outputs.ok()) return mismatch(outputs.error().message);
    if (auto error = compare(golden, *outputs, tolerance)) return *std::move(error);
    return {};
}

}  // namespace baton::inference

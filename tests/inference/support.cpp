#include "tests/inference/support.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace baton::inference {
namespace {

template <class T>
std::vector<double> widened(const Tensor& tensor) {
    const auto values = tensor.values<T>();
    return {values.begin(), values.end()};
}

double half(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const double fraction = bits & 1023;
    double value = std::ldexp(exponent == 0 ? fraction : fraction + 1024, (exponent == 0 ? 1 : exponent) - 25);
    if (exponent == 31) value = fraction == 0 ? HUGE_VAL : NAN;
    return (bits & 0x8000) != 0 ? -value : value;
}

std::vector<double> halves(const Tensor& tensor) {
    std::vector<double> values;
    for (const std::uint16_t bits : tensor.values<std::uint16_t>()) values.push_back(half(bits));
    return values;
}

void flatten(const nlohmann::json& value, std::vector<nlohmann::json>& into) {
    if (!value.is_array()) return into.push_back(value);
    for (const auto& element : value) flatten(element, into);
}

double number(const nlohmann::json& value) {
    return value.is_string() ? std::strtod(value.get<std::string>().c_str(), nullptr) : value.get<double>();
}

}  // namespace

std::optional<std::filesystem::path> vectors_dir() {
    const char* given = std::getenv("BATON_VECTORS");
    std::filesystem::path path = given != nullptr ? given : BATON_SOURCE_DIR "/../shared/vectors";
    if (!std::filesystem::exists(path)) return std::nullopt;
    return path;
}

std::filesystem::path data_dir() { return BATON_SOURCE_DIR "/tests/data"; }

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return std::move(bytes).str();
}

nlohmann::json read_json(const std::filesystem::path& path) { return nlohmann::json::parse(read_file(path)); }

Result<std::unique_ptr<Model>> load_onnx(std::string_view bytes) {
    BATON_ASSIGN(OnnxModel opened, Engines().open(bytes, EngineChoice::eigen));
    return std::move(opened.model);
}

Tensor read_npy(const std::filesystem::path& path) {
    const std::string bytes = read_file(path);
    const std::size_t header_size = static_cast<std::uint8_t>(bytes[8]) + 256u * static_cast<std::uint8_t>(bytes[9]);
    const std::string header = bytes.substr(10, header_size);
    const std::string descr = header.substr(header.find("'descr': '") + 10, 3);
    DataType type = DataType::int64;
    if (descr == "<f4") type = DataType::fp32;
    if (descr == "<f8") type = DataType::fp64;
    Shape shape;
    std::istringstream dims(header.substr(header.find('(') + 1));
    for (std::int64_t dim = 0; dims >> dim; dims.ignore(2, ' ')) {
        shape.push_back(dim);
        dims.ignore(1);
    }
    Tensor tensor("", type, shape);
    EXPECT_EQ(bytes.size(), 10 + header_size + tensor.raw().size()) << path;
    std::memcpy(tensor.raw().data(), bytes.data() + 10 + header_size, tensor.raw().size());
    return tensor;
}

Tensor as_doubles(const Tensor& floats) {
    return tensor_of(floats.name, DataType::fp64, floats.shape(), numbers(floats));
}

std::vector<double> numbers(const Tensor& tensor) {
    switch (tensor.type()) {
        case DataType::fp32:
            return widened<float>(tensor);
        case DataType::fp64:
            return widened<double>(tensor);
        case DataType::int32:
            return widened<std::int32_t>(tensor);
        case DataType::int64:
            return widened<std::int64_t>(tensor);
        case DataType::boolean:
        case DataType::uint8:
            return widened<std::uint8_t>(tensor);
        case DataType::int8:
            return widened<std::int8_t>(tensor);
        case DataType::uint16:
            return widened<std::uint16_t>(tensor);
        case DataType::int16:
            return widened<std::int16_t>(tensor);
        case DataType::fp16:
            return halves(tensor);
        default:
            ADD_FAILURE() << "no numbers in " << tensor.name;
            return {};
    }
}

std::vector<double> flat_numbers(const nlohmann::json& values) {
    std::vector<nlohmann::json> elements;
    flatten(values, elements);
    std::vector<double> result;
    for (const auto& element : elements) result.push_back(number(element));
    return result;
}

std::vector<std::string> flat_texts(const nlohmann::json& values) {
    std::vector<nlohmann::json> elements;
    flatten(values, elements);
    std::vector<std::string> result;
    for (const auto& element : elements)
        result.push_back(element.is_string() ? element.get<std::string>() : element.dump());
    return result;
}

testing::AssertionResult close(std::span<const double> values, std::span<const double> expected, Tolerance tolerance) {
    if (values.size() != expected.size()) {
        return testing::AssertionFailure() << values.size() << " values, expected " << expected.size();
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i]) && std::isnan(expected[i])) continue;
        const double allowed = tolerance.absolute + tolerance.relative * std::abs(expected[i]);
        if (values[i] == expected[i] || std::abs(values[i] - expected[i]) <= allowed) continue;
        return testing::AssertionFailure() << "value " << i << " is " << values[i] << ", expected " << expected[i]
                                           << ", off by " << std::abs(values[i] - expected[i]) << " of " << allowed;
    }
    return testing::AssertionSuccess();
}

void expect_output(const Tensor& output, const TensorSpec& spec, const nlohmann::json& relation,
                   const nlohmann::json& expected, const nlohmann::json& classes, const nlohmann::json& tolerance) {
    SCOPED_TRACE(spec.name);
    if (relation.contains("shape")) {
        EXPECT_EQ(shape_text(output.shape()), shape_text(relation["shape"].get<Shape>()));
    }
    std::string field = relation["equals"];
    if (field == "labels") {
        if (output.type() == DataType::bytes) {
            const auto labels = output.values<std::string>();
            EXPECT_EQ(std::vector<std::string>(labels.begin(), labels.end()), flat_texts(expected["labels"]));
        } else {
            EXPECT_EQ(numbers(output), flat_numbers(expected["labels"]));
        }
        return;
    }
    std::optional<std::size_t> column;
    if (field.starts_with("column ")) {
        column = static_cast<std::size_t>(field[7] - '0');
        field = field.substr(field.rfind(' ') + 1);
    }
    if (relation.contains("as")) {  // a map for each row
        EXPECT_EQ(spec.labels, flat_texts(classes));
    }
    std::vector<double> wanted;
    for (const auto& row : expected[field]) {
        if (column) {
            wanted.push_back(number(row[*column]));
            continue;
        }
        for (const double value : flat_numbers(row)) wanted.push_back(value);
        if (relation.value("arranged", "") == "columns d, -d") wanted.push_back(-wanted.back());
    }
    const Tolerance allowed{.relative = tolerance[field]["rtol"], .absolute = tolerance[field]["atol"]};
    EXPECT_TRUE(close(numbers(output), wanted, allowed));
}

}  // namespace baton::inference

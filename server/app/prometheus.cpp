#include "server/app/prometheus.h"

#include <array>
#include <charconv>

namespace baton::server {

void PrometheusText::family(std::string_view name, std::string_view help, std::string_view type) {
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void PrometheusText::sample(std::string_view name, std::string_view labels, double value) {
    text_.append(name);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(number(value)).append("\n");
}

void PrometheusText::bucket(std::string_view name, const std::string& labels, const std::string& bound,
                            std::uint64_t count) {
    const std::string separator = labels.empty() ? "" : ",";
    sample(std::string(name) + "_bucket", labels + separator + "le=\"" + bound + "\"", static_cast<double>(count));
}

std::string PrometheusText::number(double value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

}  // namespace baton::server

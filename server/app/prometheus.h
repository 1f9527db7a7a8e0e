// Writing Prometheus' text exposition format, version 0.0.4.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "inference/counters.h"

namespace baton::server {

// Appends families and their samples. Labels are given as they stand between the braces: model="a",version="1".
class PrometheusText {
public:
    void family(std::string_view name, std::string_view help, std::string_view type);
    void sample(std::string_view name, std::string_view labels, double value);
    // A histogram of the family `name` whose values were added in units of 1 / `scale`.
    template <std::size_t Bounds>
    void histogram(std::string_view name, const std::string& labels, const inference::Histogram<Bounds>& values,
                   const typename inference::Histogram<Bounds>::Limits& limits, double scale) {
        std::uint64_t total = 0;
        for (std::size_t i = 0; i <= Bounds; ++i) {
            total += values.count(i);
            bucket(name, labels, i < Bounds ? number(static_cast<double>(limits.at(i)) / scale) : "+Inf", total);
        }
        sample(std::string(name) + "_sum", labels, static_cast<double>(values.sum()) / scale);
        sample(std::string(name) + "_count", labels, static_cast<double>(total));
    }

    std::string take() { return std::move(text_); }

private:
    static std::string number(double value);  // the shortest text that reads back to it
    void bucket(std::string_view name, const std::string& labels, const std::string& bound, std::uint64_t count);

    std::string text_;
};

}  // namespace baton::server

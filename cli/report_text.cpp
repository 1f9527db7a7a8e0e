#include "cli/report_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"

namespace baton::cli {
namespace {

std::string dataset_text(const Json& dataset) {
    const std::string name = text(dataset, "name");
    const std::string context = text(dataset, "context");
    if (name.empty() || name == context) return context;
    return context.empty() ? name : name + " (" + context + ")";
}

void print_head(std::ostream& out, const Style& style, const Json& report) {
    const Json& dataset = member(report, "dataset");
    out << style.paint(Colour::bold, "report " + text(report, "id")) << " (" << printable(text(report, "trust"))
        << ") by " << printable(text(report, "created_by")) << ", " << human_time(text(report, "created_at")) << "\n";
    Table head({"", ""});
    for (const auto& [title, value] :
         {std::pair("task", text(report, "task")), std::pair("data set", dataset_text(dataset)),
          std::pair("rows", text(dataset, "rows")), std::pair("data digest", text(dataset, "digest")),
          std::pair("note", text(report, "note"))}) {
        if (!value.empty()) head.add({title, value});
    }
    head.print(out, style);
}

// "0.948 to 0.971 (95 %)"
std::string interval_text(const Json& interval) {
    const std::string lower = number_text(member(interval, "lower"));
    const std::string upper = number_text(member(interval, "upper"));
    if (lower.empty() || upper.empty()) return "";
    const Json& level = member(interval, "level");
    return lower + " to " + upper + (level.is_number() ? " (" + number_text(level.get<double>() * 100) + " %)" : "");
}

void print_metrics(std::ostream& out, const Style& style, const Json& report) {
    const Json& intervals = member(report, "ci");
    const Json& baselines = member(report, "baselines");
    std::vector<std::string> titles = {"METRIC", "VALUE>"};
    if (intervals.is_object()) titles.emplace_back("INTERVAL");
    for (const auto& [baseline, metrics] : baselines.items()) titles.push_back(baseline + ">");
    Table table(std::move(titles));
    for (const auto& [name, value] : member(report, "metrics").items()) {
        std::vector<std::string> cells = {name, number_text(value)};
        if (intervals.is_object()) cells.push_back(interval_text(member(intervals, name)));
        for (const auto& [baseline, metrics] : baselines.items()) cells.push_back(number_text(member(metrics, name)));
        table.add(std::move(cells));
    }
    if (!table.empty()) table.print(out, style);
}

struct Part {
    std::string name;
    const Json& metrics;
    std::string rows = {};
};

// A line for each part, a column for each metric that any of them has.
void print_parts(std::ostream& out, const Style& style, const std::string& title, const std::vector<Part>& parts) {
    std::vector<std::string> metrics;
    for (const Part& part : parts) {
        for (const auto& [name, value] : part.metrics.items()) {
            if (std::find(metrics.begin(), metrics.end(), name) == metrics.end()) metrics.push_back(name);
        }
    }
    const bool counted = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return !part.rows.empty(); });
    std::vector<std::string> titles = {title};
    if (counted) titles.emplace_back("ROWS>");
    for (const std::string& name : metrics) titles.push_back(name + ">");
    Table table(std::move(titles));
    for (const Part& part : parts) {
        std::vector<std::string> cells = {part.name};
        if (counted) cells.push_back(part.rows);
        for (const std::string& name : metrics) cells.push_back(number_text(member(part.metrics, name)));
        table.add(std::move(cells));
    }
    if (!table.empty()) table.print(out, style);
}

}  // namespace

void print_report(std::ostream& out, const Style& style, const Json& report) {
    print_head(out, style, report);
    print_metrics(out, style, report);
    std::vector<Part> slices;
    for (const Json& slice : member(report, "slices")) {
        slices.push_back(
            {text(slice, "column") + " = " + text(slice, "value"), member(slice, "metrics"), text(slice, "rows")});
    }
    print_parts(out, style, "SLICE", slices);
    std::vector<Part> classes;
    for (const auto& [name, metrics] : member(report, "per_class_metrics").items()) classes.push_back({name, metrics});
    print_parts(out, style, "CLASS", classes);
}

}  // namespace baton::cli

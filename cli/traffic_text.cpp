#include "cli/traffic_text.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"

namespace baton::cli {
namespace {

double share_of(const Json& rule, const char* field) { return rule.is_object() ? rule.value(field, 0.0) : 0.0; }

std::string percent(double value) {
    std::string digits = Json(value).dump();
    if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
    return digits + " %";
}

void add_rule(Table& table, const Json& traffic, const char* kind, const std::string& share, const std::string& note) {
    const Json& rule = member(traffic, kind);
    if (!rule.is_object()) return;
    const std::string message = text(rule, "message");
    table.add({kind, text(traffic, "model") + "/" + text(rule, "version"), share, text(rule, "serving"),
               message.empty() ? note : message});
}

std::string ratio(const Json& object, const char* part, const char* whole) {
    const double of = object.value(whole, 0.0);
    const std::string counts = text(object, part) + " of " + text(object, whole);
    if (of == 0) return counts;
    const double hundredths = std::round(object.value(part, 0.0) / of * 10'000);
    return counts + " (" + percent(hundredths / 100) + ")";
}

void print_statistics(std::ostream& out, const Style& style, const Json& statistics) {
    out << "shadow: " << text(statistics, "requests") << " requests compared, " << text(statistics, "failures")
        << " failed, " << text(statistics, "dropped") << " dropped, " << text(statistics, "queued") << " waiting\n";
    out << "rows that differ: " << ratio(statistics, "rows_differing", "rows") << "\n";
    if (const std::string failure = text(statistics, "last_failure"); !failure.empty()) {
        out << "last failure: " << printable(failure) << "\n";
    }
    const Json& outputs = member(statistics, "outputs");
    if (!outputs.is_array() || outputs.empty()) return;
    Table table({"OUTPUT", "ELEMENTS THAT DIFFER", "LARGEST>", "MEAN>"});
    for (const Json& output : outputs) {
        table.add({text(output, "name"), ratio(output, "elements_differing", "elements"),
                   text(output, "largest_difference"), text(output, "mean_difference")});
    }
    table.print(out, style);
}

}  // namespace

void print_traffic(std::ostream& out, const Style& style, const Json& traffic) {
    const Json& live = member(traffic, "live");
    if (!live.is_object()) {
        out << "nothing of " << printable(text(traffic, "model")) << " is live in "
            << printable(text(traffic, "environment")) << "\n";
        return;
    }
    const Json& canary = member(traffic, "canary");
    const double of_canary = share_of(canary, "percent");
    const std::string header = canary.is_object() ? text(canary, "header") : "";
    Table table({"ROLE", "VERSION", "SHARE>", "SERVING", "NOTE"});
    add_rule(table, traffic, "live", percent(100 - of_canary), "");
    if (const std::string note = answering_note(live); !note.empty()) table.add({"", "", "", "", note});
    add_rule(table, traffic, "canary", percent(of_canary), header.empty() ? "" : "sticky on " + header);
    add_rule(table, traffic, "shadow", percent(share_of(member(traffic, "shadow"), "sample")),
             "compared, not answered");
    table.print(out, style);
    const Json& shadow = member(traffic, "shadow");
    if (!shadow.is_object()) return;
    if (const Json& statistics = member(shadow, "statistics"); statistics.is_object()) {
        print_statistics(out, style, statistics);
    }
}

}  // namespace baton::cli

#include "cli/print.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/table.h"

namespace baton::cli {
namespace {

std::uint64_t size_of(const Json& object) {
    const Json& size = member(object, "size");
    return size.is_number_unsigned() ? size.get<std::uint64_t>() : 0;
}

std::string mark(const Json& satisfied, const Style& style) {
    const bool yes = satisfied.is_boolean() && satisfied.get<bool>();
    return yes ? style.paint(Colour::green, "[x]") : style.paint(Colour::yellow, "[ ]");
}

void print_approvals(std::ostream& out, const Json& approvals) {
    for (const Json& approval : approvals) {
        out << "  " << printable(text(approval, "decision")) << " by " << printable(text(approval, "user")) << ", "
            << human_time(text(approval, "at"));
        if (const std::string why = text(approval, "reason_not"); !why.empty()) {
            out << " (does not count: " << printable(why) << ")";
        }
        out << "\n";
        if (const std::string words = text(approval, "comment"); !words.empty()) {
            out << "    " << printable(words) << "\n";
        }
    }
}

}  // namespace

std::string number_text(const Json& number) {
    constexpr double exact = 1e15;  // beyond, a double holds no units
    if (!number.is_number()) return "";
    if (number.is_number_integer()) return number.dump();
    const double value = number.get<double>();
    const bool whole = value == std::trunc(value) && std::abs(value) < exact;
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), whole ? "%.0f" : "%.6g", value);
    return buffer.data();
}

std::string pairs_text(const Json& object) {
    std::vector<std::string> parts;
    if (object.is_object()) {
        for (const auto& [name, value] : object.items()) parts.push_back(name + "=" + text(object, name));
    }
    return joined(parts);
}

std::string shape_text(const Json& shape) { return shape.is_array() ? dump(shape) : ""; }

std::string version_name(const Json& object) { return text(object, "model") + "/" + text(object, "version"); }

std::string caller_name(const Json& whoami) {
    std::string user = text(whoami, "user");
    return user.empty() ? text(whoami, "name") : user;
}

void print_versions(std::ostream& out, const Style& style, const Json& versions) {
    if (versions.empty()) {
        out << "no versions\n";
        return;
    }
    Table table({"VERSION", "STAGE", "LIVE IN", "ENGINE", "SIZE>", "CREATED", "BY", "DESCRIPTION"});
    for (const Json& version : versions) {
        table.add({version_name(version), text(version, "stage"), joined(texts(version, "live_in")),
                   text(version, "engine"), human_size(size_of(version)), human_time(text(version, "created_at")),
                   text(version, "created_by"), text(version, "description")});
    }
    table.print(out, style);
}

void print_request(std::ostream& out, const Style& style, const Json& request) {
    Table head({"", ""});
    head.add({"request", text(request, "id")});
    head.add({"version", version_name(request)});
    head.add({"digest", text(request, "digest")});
    head.add({"environment", text(request, "environment")});
    head.add({"state", text(request, "state")});
    head.add({"requester", text(request, "requester")});
    head.add({"created", human_time(text(request, "created_at"))});
    if (const std::string notes = text(request, "notes"); !notes.empty()) head.add({"notes", notes});
    if (const Json& baseline = member(request, "baseline"); baseline.is_object()) {
        head.add({"replaces", text(request, "model") + "/" + text(baseline, "version")});
    }
    head.print(out, style);
    print_approvals(out, member(request, "approvals"));
    for (const Json& comment : member(request, "comments")) {
        out << "  " << printable(text(comment, "user")) << ", " << human_time(text(comment, "at")) << ": "
            << printable(text(comment, "text")) << "\n";
    }
    for (const Json& requirement : member(member(request, "evaluation"), "requirements")) {
        out << mark(member(requirement, "satisfied"), style) << " " << printable(text(requirement, "requirement"))
            << ": " << printable(text(requirement, "explanation")) << "\n";
    }
    for (const std::string& warning : texts(request, "warnings")) out << "warning: " << printable(warning) << "\n";
}

void print_slot(std::ostream& out, const Json& slot) {
    out << printable(version_name(slot)) << " is live in " << printable(text(slot, "environment"));
    const std::string serving = text(slot, "serving");
    if (!serving.empty()) out << " (" << printable(serving) << ")";
    out << "\n";
    if (const std::string message = text(slot, "message"); !message.empty()) out << "  " << printable(message) << "\n";
    if (const std::string note = answering_note(slot); !note.empty()) out << "  " << printable(note) << "\n";
}

std::string answering_note(const Json& slot) {
    if (text(slot, "serving") == "ready" || !slot.contains("serving_version")) return {};
    const std::string answering = text(slot, "serving_version");
    if (answering.empty()) return "nothing answers";
    return answering == text(slot, "version") ? std::string() : text(slot, "model") + "/" + answering + " answers";
}

void print_slots(std::ostream& out, const Style& style, const Json& slots) {
    if (slots.empty()) {
        out << "nothing is live\n";
        return;
    }
    Table table({"MODEL", "ENVIRONMENT", "VERSION>", "SERVING", "ENGINE", "SINCE", "DIGEST", "NOTE"});
    for (const Json& slot : slots) {
        std::vector<std::string> notes;
        if (const std::string from = text(slot, "rollback_of"); !from.empty()) {
            notes.push_back("rolled back from " + from);
        }
        if (const std::string message = text(slot, "message"); !message.empty()) notes.push_back(message);
        if (const std::string note = answering_note(slot); !note.empty()) notes.push_back(note);
        table.add({text(slot, "model"), text(slot, "environment"), text(slot, "version"), text(slot, "serving"),
                   text(slot, "engine"), human_time(text(slot, "since")), short_digest(text(slot, "digest")),
                   joined(notes, "; ")});
    }
    table.print(out, style);
}

}  // namespace baton::cli

#include "registry/signature_change.h"

#include <algorithm>

namespace baton::registry {
namespace {

std::string type_text(const TensorField& field) {
    std::string text = field.datatype + " [";
    for (const std::int64_t extent : field.shape) {
        if (!text.ends_with('[')) text += ", ";
        text += std::to_string(extent);
    }
    return text + "]";
}

const TensorField* find(const std::vector<TensorField>& fields, const std::string& name) {
    const auto found = std::ranges::find(fields, name, &TensorField::name);
    return found != fields.end() ? &*found : nullptr;
}

bool takes(const TensorField& to, const TensorField& from) {
    const auto holds = [](std::int64_t wide, std::int64_t narrow) { return wide == -1 || wide == narrow; };
    return to.datatype == from.datatype && std::ranges::equal(to.shape, from.shape, holds);
}

}  // namespace

std::vector<std::string> input_changes(const ModelSignature& from, const ModelSignature& to) {
    std::vector<std::string> changes;
    if (from.inputs.empty()) return changes;
    for (const TensorField& before : from.inputs) {
        const TensorField* now = find(to.inputs, before.name);
        if (now == nullptr) {
            changes.push_back("no input " + before.name);
        } else if (!takes(*now, before)) {
            changes.push_back("input " + before.name + " is " + type_text(*now) + ", not " + type_text(before));
        }
    }
    for (const TensorField& now : to.inputs) {
        if (find(from.inputs, now.name) == nullptr) {
            changes.push_back("another input " + now.name + ", " + type_text(now));
        }
    }
    return changes;
}

std::string signature_warning(const Version& live, const Version& candidate) {
    std::string list;
    for (const std::string& change : input_changes(live.signature, candidate.signature)) {
        list += (list.empty() ? "" : "; ") + change;
    }
    if (list.empty()) return {};
    return "requests that version " + std::to_string(live.number) +
           " takes, which is live in this environment, are refused by version " + std::to_string(candidate.number) +
           ": " + list;
}

}  // namespace baton::registry

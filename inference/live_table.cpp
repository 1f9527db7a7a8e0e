#include "inference/live_table.h"

#include <algorithm>

namespace baton::inference {

const Routes::Entry* Routes::find(std::string_view model) const {
    const auto entry = std::ranges::lower_bound(entries, model, {}, &Entry::model);
    return entry != entries.end() && entry->model == model ? &*entry : nullptr;
}

ServedVersionPtr LiveTable::live(std::string_view model) const {
    const auto table = routes();
    const auto* entry = table->find(model);
    return entry != nullptr ? entry->live : nullptr;
}

Destination LiveTable::destination(std::string_view model) const {
    const auto table = routes();
    const auto* entry = table->find(model);
    return entry != nullptr ? Destination{entry->live, entry->traffic} : Destination{};
}

ServedVersionPtr LiveTable::live_in(std::string_view model, std::string_view environment) const {
    const auto table = routes();
    const auto* entry = table->find(model);
    if (entry == nullptr) return nullptr;
    const auto found = entry->live_in.find(environment);
    return found != entry->live_in.end() ? found->second : nullptr;
}

ServedVersionPtr LiveTable::version(std::string_view model, std::uint32_t version) const {
    const auto table = routes();
    const auto* entry = table->find(model);
    if (entry == nullptr) return nullptr;
    const auto found = std::ranges::find(entry->versions, version, &ServedVersion::version);
    return found != entry->versions.end() ? *found : nullptr;
}

}  // namespace baton::inference

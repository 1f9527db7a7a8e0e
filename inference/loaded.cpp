#include "inference/loaded.h"

#include <algorithm>
#include <utility>

namespace baton::inference {
namespace {

bool is_version(const ServedVersion& served, const WantedSlot& slot) {
    return served.model == slot.model && served.version == slot.version && served.digest == slot.digest;
}

}  // namespace

SlotKey key_of(const WantedSlot& slot) { return {slot.model, slot.environment, slot.role}; }

ServedVersionPtr Loaded::find(const WantedSlot& slot) const {
    for (const auto& [key, serving] : serving_) {
        if (is_version(*serving.version, slot)) return serving.version;
    }
    const auto among = [&](const std::vector<ServedVersionPtr>& versions) -> ServedVersionPtr {
        const auto found = std::ranges::find_if(versions, [&](const auto& v) { return is_version(*v, slot); });
        return found != versions.end() ? *found : nullptr;
    };
    if (auto version = among(warm_)) return version;
    return among(parted_);
}

bool Loaded::serve(const WantedSlot& slot, ServedVersionPtr version) {
    const bool changed = slot.role == SlotRole::live ? serve_live(key_of(slot), std::move(version))
                                                     : serve_candidate(slot, std::move(version));
    std::erase_if(warm_, [&](const auto& warm) { return is_serving(warm); });
    return changed;
}

bool Loaded::serve_live(const SlotKey& key, ServedVersionPtr version) {
    Serving& current = serving_[key];
    if (current.version == version) return false;
    if (const ServedVersionPtr replaced = std::exchange(current.version, std::move(version))) keep_warm(replaced);
    return true;
}

bool Loaded::serve_candidate(const WantedSlot& slot, ServedVersionPtr version) {
    Serving& current = serving_[key_of(slot)];
    const bool goes_on = current.version == version && current.started == slot.started;
    if (goes_on && current.share == slot.share && current.header == slot.header) return false;
    if (!goes_on) {
        end(current);
        if (slot.role == SlotRole::shadow) current.shadow = std::make_shared<Shadow>(version);
    }
    current.version = std::move(version);
    current.share = slot.share;
    current.header = slot.header;
    current.started = slot.started;
    return true;
}

bool Loaded::clear(const SlotKey& key) {
    const auto slot = serving_.find(key);
    if (slot == serving_.end()) return false;
    end(slot->second);
    const ServedVersionPtr replaced = slot->second.version;
    serving_.erase(slot);
    keep_warm(replaced);
    return true;
}

bool Loaded::retain(const std::vector<WantedSlot>& wanted) {
    bool any = false;
    for (auto slot = serving_.begin(); slot != serving_.end();) {
        auto& [key, serving] = *slot;
        const bool stays = std::ranges::any_of(wanted, [&, &key = key, &serving = serving](const WantedSlot& w) {
            return key_of(w) == key && (key.role == SlotRole::live || is_version(*serving.version, w));
        });
        if (stays) {
            ++slot;
            continue;
        }
        if (key.role != SlotRole::live) parted_.push_back(serving.version);
        end(serving);
        slot = serving_.erase(slot);
        any = true;
    }
    previous_.clear();
    for (const WantedSlot& w : wanted) {
        if (w.previous != nullptr) previous_.push_back(w.previous);
    }
    const auto is_done_with = [&](const ServedVersionPtr& warm) {
        const bool comes_back = std::ranges::any_of(wanted, [&](const auto& w) { return is_version(*warm, w); });
        return !comes_back && !is_previous(*warm);
    };
    return std::erase_if(warm_, is_done_with) > 0 || any;
}

std::shared_ptr<const Routes> Loaded::routes(std::uint64_t revision) const {
    std::map<std::string, Routes::Entry> entries;
    const auto add = [&](const ServedVersionPtr& version) -> Routes::Entry& {
        Routes::Entry& entry = entries[version->model];
        entry.model = version->model;
        if (std::ranges::find(entry.versions, version) == entry.versions.end()) entry.versions.push_back(version);
        return entry;
    };
    for (const auto& [key, serving] : serving_) {
        Routes::Entry& entry = add(serving.version);
        if (key.role != SlotRole::live) continue;
        entry.live_in[key.environment] = serving.version;
        if (key.environment == environment_) entry.live = serving.version;
    }
    std::ranges::for_each(warm_, add);

    auto routes = std::make_shared<Routes>();
    routes->revision = revision;
    for (auto& [model, entry] : entries) {
        std::ranges::sort(entry.versions, {}, &ServedVersion::version);
        if (entry.live != nullptr) entry.traffic = traffic_of(model);
        routes->entries.push_back(std::move(entry));
    }
    return routes;
}

std::shared_ptr<const Traffic> Loaded::traffic_of(const std::string& model) const {
    const auto canary = serving_.find({model, environment_, SlotRole::canary});
    const auto shadow = serving_.find({model, environment_, SlotRole::shadow});
    if (canary == serving_.end() && shadow == serving_.end()) return nullptr;
    auto traffic = std::make_shared<Traffic>();
    if (canary != serving_.end()) {
        traffic->canary = canary->second.version;
        traffic->canary_share = canary->second.share;
        traffic->canary_seed = canary->second.started;
        traffic->sticky_header = canary->second.header;
    }
    if (shadow != serving_.end()) {
        traffic->shadow = shadow->second.shadow;
        traffic->shadow_share = shadow->second.share;
    }
    return traffic;
}

std::map<SlotKey, std::uint32_t> Loaded::answering() const {
    std::map<SlotKey, std::uint32_t> versions;
    for (const auto& [key, serving] : serving_) versions.emplace(key, serving.version->version);
    return versions;
}

bool Loaded::holds(const ServedVersionPtr& version) const {
    const auto among = [&](const auto& versions) { return std::ranges::find(versions, version) != versions.end(); };
    return is_serving(version) || among(parted_) || among(warm_);
}

std::map<SlotKey, std::shared_ptr<Shadow>> Loaded::shadows() const {
    std::map<SlotKey, std::shared_ptr<Shadow>> shadows;
    for (const auto& [key, serving] : serving_) {
        if (serving.shadow != nullptr) shadows.emplace(key, serving.shadow);
    }
    return shadows;
}

bool Loaded::is_serving(const ServedVersionPtr& version) const {
    return std::ranges::any_of(serving_, [&](const auto& slot) { return slot.second.version == version; });
}

bool Loaded::is_previous(const ServedVersion& version) const {
    return std::ranges::any_of(previous_, [&](const auto& previous) { return is_version(version, *previous); });
}

void Loaded::keep_warm(const ServedVersionPtr& version) {
    if (is_serving(version) || !is_previous(*version)) return;
    if (std::ranges::find(warm_, version) == warm_.end()) warm_.push_back(version);
}

void Loaded::end(Serving& serving) {
    if (serving.shadow == nullptr) return;
    serving.shadow->stop();
    ended_shadows_.push_back(std::move(serving.shadow));
}

}  // namespace baton::inference

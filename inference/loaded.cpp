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
    const auto warm = warm_.find(slot.model);
    if (warm != warm_.end()) {
        if (auto version = among(warm->second)) return version;
    }
    return among(parted_);
}

bool Loaded::serve(const WantedSlot& slot, ServedVersionPtr version) {
    const bool changed = slot.role == SlotRole::live ? serve_live(key_of(slot), std::move(version))
                                                     : serve_candidate(slot, std::move(version));
    std::erase_if(warm_[slot.model], [&](const auto& warm) { return is_serving(warm); });
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
    const auto models = std::erase_if(warm_, [&](const auto& warm) {
        return std::ranges::none_of(wanted, [&](const WantedSlot& w) { return w.model == warm.first; });
    });
    return any || models > 0;
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
        if (key.environment == environment_ && key.role == SlotRole::live) entry.live = serving.version;
    }
    for (const auto& [model, versions] : warm_) std::ranges::for_each(versions, add);

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

std::vector<ServedVersionPtr> Loaded::warm() const {
    std::vector<ServedVersionPtr> all;
    for (const auto& [model, versions] : warm_) all.insert(all.end(), versions.begin(), versions.end());
    return all;
}

bool Loaded::holds(const ServedVersionPtr& version) const {
    const auto among = [&](const auto& versions) { return std::ranges::find(versions, version) != versions.end(); };
    if (is_serving(version) || among(parted_)) return true;
    const auto warm = warm_.find(version->model);
    return warm != warm_.end() && among(warm->second);
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

void Loaded::keep_warm(const ServedVersionPtr& version) {
    if (is_serving(version)) return;
    auto& warm = warm_[version->model];
    std::erase(warm, version);
    warm.insert(warm.begin(), version);
    if (warm.size() > warm_previous_) warm.resize(warm_previous_);
}

void Loaded::end(Serving& serving) {
    if (serving.shadow == nullptr) return;
    serving.shadow->stop();
    ended_shadows_.push_back(std::move(serving.shadow));
}

}  // namespace baton::inference

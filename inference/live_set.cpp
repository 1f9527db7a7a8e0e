#include "inference/live_set.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "inference/warm_up.h"

namespace baton::inference {
namespace {

using SlotKey = std::pair<std::string, std::string>;  // model, environment

SlotKey key_of(const WantedSlot& slot) { return {slot.model, slot.environment}; }

bool same_version(const WantedSlot& a, const WantedSlot& b) {
    return a.model == b.model && a.environment == b.environment && a.version == b.version && a.digest == b.digest;
}

bool is_version(const ServedVersion& served, const WantedSlot& slot) {
    return served.model == slot.model && served.version == slot.version && served.digest == slot.digest;
}

Result<std::shared_ptr<const Model>> load_with_eigen(std::string_view bytes, EngineChoice engine) {
    BATON_ASSIGN(OnnxModel opened, Engines().open(bytes, engine));
    return std::shared_ptr<const Model>(std::move(opened.model));
}

// What is loaded, as the loading thread alone knows it; the table is made from it.
class Loaded {
public:
    Loaded(std::string environment, std::size_t warm_previous)
        : environment_(std::move(environment)), warm_previous_(warm_previous) {}

    // The loaded version that a slot names, serving or warm; null if there is none.
    ServedVersionPtr find(const WantedSlot& slot) const {
        for (const auto& [key, served] : serving_) {
            if (is_version(*served, slot)) return served;
        }
        const auto warm = warm_.find(slot.model);
        if (warm == warm_.end()) return nullptr;
        const auto found = std::ranges::find_if(warm->second, [&](const auto& v) { return is_version(*v, slot); });
        return found != warm->second.end() ? *found : nullptr;
    }

    // True if the slot did not serve that version before.
    bool serve(const SlotKey& key, ServedVersionPtr version) {
        ServedVersionPtr& current = serving_[key];
        if (current == version) return false;
        if (const ServedVersionPtr replaced = std::exchange(current, std::move(version))) keep_warm(replaced);
        std::erase_if(warm_[key.first], [&](const auto& warm) { return is_serving(warm); });
        return true;
    }

    // A slot that serves nothing now. True if it did before.
    bool clear(const SlotKey& key) {
        const auto slot = serving_.find(key);
        if (slot == serving_.end()) return false;
        const ServedVersionPtr replaced = slot->second;
        serving_.erase(slot);
        keep_warm(replaced);
        return true;
    }

    // Forgets the slots that are no longer wanted, and models without any. True if there were such.
    bool retain(const std::vector<WantedSlot>& wanted) {
        const auto is_wanted = [&](const auto& same) { return std::ranges::any_of(wanted, same); };
        const auto slots = std::erase_if(serving_, [&](const auto& slot) {
            return !is_wanted([&](const WantedSlot& w) { return key_of(w) == slot.first; });
        });
        const auto models = std::erase_if(warm_, [&](const auto& warm) {
            return !is_wanted([&](const WantedSlot& w) { return w.model == warm.first; });
        });
        return slots + models > 0;
    }

    std::shared_ptr<const Routes> routes(std::uint64_t revision) const {
        std::map<std::string, Routes::Entry> entries;
        const auto add = [&](const ServedVersionPtr& version) -> Routes::Entry& {
            Routes::Entry& entry = entries[version->model];
            entry.model = version->model;
            if (std::ranges::find(entry.versions, version) == entry.versions.end()) entry.versions.push_back(version);
            return entry;
        };
        for (const auto& [key, version] : serving_) {
            Routes::Entry& entry = add(version);
            if (key.second == environment_) entry.live = version;
        }
        for (const auto& [model, versions] : warm_) std::ranges::for_each(versions, add);

        auto routes = std::make_shared<Routes>();
        routes->revision = revision;
        for (auto& [model, entry] : entries) {
            std::ranges::sort(entry.versions, {}, &ServedVersion::version);
            routes->entries.push_back(std::move(entry));
        }
        return routes;
    }

private:
    bool is_serving(const ServedVersionPtr& version) const {
        return std::ranges::any_of(serving_, [&](const auto& slot) { return slot.second == version; });
    }

    void keep_warm(const ServedVersionPtr& version) {
        if (is_serving(version)) return;
        auto& warm = warm_[version->model];
        std::erase(warm, version);
        warm.insert(warm.begin(), version);
        if (warm.size() > warm_previous_) warm.resize(warm_previous_);
    }

    const std::string environment_;
    const std::size_t warm_previous_;
    std::map<SlotKey, ServedVersionPtr> serving_;
    std::map<std::string, std::vector<ServedVersionPtr>> warm_;  // by model, latest first; none of them serving
};

}  // namespace

std::string_view serving_state_name(ServingState state) {
    switch (state) {
        case ServingState::loading:
            return "loading";
        case ServingState::ready:
            return "ready";
        case ServingState::failed:
            return "failed";
    }
    return "";
}

struct LiveSet::Impl {
    struct Slot {
        WantedSlot wanted;
        ServingState state = ServingState::loading;
        std::string message;
    };

    Impl(Options chosen, LiveTable& live_table, ReadBlob read)
        : options(std::move(chosen)),
          table(live_table),
          read_blob(std::move(read)),
          loaded(options.environment, options.warm_previous) {
        if (!options.load_model) options.load_model = load_with_eigen;
    }

    void run(const std::stop_token& stop);
    // False if a newer live set, or the end, came between.
    bool work_off(const std::stop_token& stop, std::uint64_t generation, const std::vector<WantedSlot>& wanted);
    void bring_up(std::uint64_t generation, const WantedSlot& slot, std::uint64_t shown);
    Result<ServedVersionPtr> load(const WantedSlot& slot) const;
    void conclude(std::uint64_t generation, const WantedSlot& slot, ServingState state, std::string message);
    void publish(std::uint64_t shown) { table.publish(loaded.routes(shown)); }
    bool is_superseded(std::uint64_t generation) const {
        const std::lock_guard lock(mutex);
        return generation != generation_wanted;
    }
    void tell() const {
        if (listener) listener();
    }

    // Constant once the first live set was wanted.
    Options options;
    LiveTable& table;
    const ReadBlob read_blob;
    std::function<void()> listener;

    // The loading thread's own.
    Loaded loaded;

    mutable std::mutex mutex;
    std::condition_variable_any wake;
    // Guarded by mutex.
    std::vector<Slot> slots;
    std::uint64_t revision = 0;           // of `slots`
    std::uint64_t generation_wanted = 0;  // counts calls of want() that were not ignored
    std::uint64_t generation_settled = 0;
    std::uint64_t revision_settled = 0;

    std::jthread thread;  // last: stops before anything else goes
};

void LiveSet::Impl::run(const std::stop_token& stop) {
    for (;;) {
        std::vector<WantedSlot> wanted;
        std::uint64_t generation = 0;
        std::uint64_t shown = 0;
        {
            std::unique_lock lock(mutex);
            wake.wait(lock, stop, [&] { return generation_settled < generation_wanted; });
            if (stop.stop_requested()) return;
            generation = generation_wanted;
            shown = revision;
            for (const Slot& slot : slots) wanted.push_back(slot.wanted);
        }
        if (!work_off(stop, generation, wanted)) continue;
        publish(shown);
        {
            const std::lock_guard lock(mutex);
            generation_settled = generation;
            revision_settled = shown;
        }
        tell();
    }
}

bool LiveSet::Impl::work_off(const std::stop_token& stop, std::uint64_t generation,
                             const std::vector<WantedSlot>& wanted) {
    const std::uint64_t shown = table.routes()->revision;
    if (loaded.retain(wanted)) publish(shown);
    for (const WantedSlot& slot : wanted) {
        if (stop.stop_requested() || is_superseded(generation)) return false;
        bring_up(generation, slot, shown);
    }
    return true;
}

void LiveSet::Impl::bring_up(std::uint64_t generation, const WantedSlot& slot, std::uint64_t shown) {
    if (!slot.model_file) {
        if (loaded.clear(key_of(slot))) publish(shown);
        return conclude(generation, slot, ServingState::ready, std::string(files_only));
    }
    ServedVersionPtr version = loaded.find(slot);
    if (version == nullptr) {
        auto result = load(slot);
        if (!result.ok()) return conclude(generation, slot, ServingState::failed, result.error().message);
        version = *std::move(result);
    }
    if (loaded.serve(key_of(slot), std::move(version))) publish(shown);
    conclude(generation, slot, ServingState::ready, {});
}

Result<ServedVersionPtr> LiveSet::Impl::load(const WantedSlot& slot) const try {
    BATON_ASSIGN(const std::string bytes, read_blob(*slot.model_file));
    auto version = std::make_shared<ServedVersion>();
    BATON_ASSIGN(version->engine, options.load_model(bytes, slot.engine));
    BATON_ASSIGN(version->cost_per_row, warm_up(*version->engine));
    if (!version->engine->may_run_on_loop()) version->cost_per_row = ServedVersion::unmeasured_cost;
    version->model = slot.model;
    version->version = slot.version;
    version->digest = slot.digest;
    version->digest_text = slot.digest.text();
    return ServedVersionPtr(std::move(version));
} catch (const std::exception& problem) {
    // A model that does not fit into memory must not take the others down.
    return internal_error(std::string("loading broke off: ") + problem.what());
}

void LiveSet::Impl::conclude(std::uint64_t generation, const WantedSlot& wanted, ServingState state,
                             std::string message) {
    {
        const std::lock_guard lock(mutex);
        if (generation != generation_wanted) return;
        const auto slot =
            std::ranges::find_if(slots, [&](const Slot& s) { return key_of(s.wanted) == key_of(wanted); });
        slot->state = state;
        slot->message = std::move(message);
    }
    tell();
}

LiveSet::LiveSet(Options options, LiveTable& table, ReadBlob read_blob)
    : impl_(std::make_unique<Impl>(std::move(options), table, std::move(read_blob))) {
    impl_->thread = std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->run(stop); });
}

LiveSet::~LiveSet() = default;

void LiveSet::want(std::uint64_t revision, std::vector<WantedSlot> slots) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (revision < impl_->revision) return;
        std::vector<Impl::Slot> next;
        for (WantedSlot& wanted : slots) {
            const auto known = std::ranges::find_if(impl_->slots, [&](const Impl::Slot& slot) {
                return slot.state == ServingState::ready && same_version(slot.wanted, wanted);
            });
            Impl::Slot slot{.wanted = std::move(wanted), .state = ServingState::loading, .message = {}};
            if (known != impl_->slots.end()) {
                slot.state = known->state;
                slot.message = known->message;
            }
            next.push_back(std::move(slot));
        }
        impl_->slots = std::move(next);
        impl_->revision = revision;
        ++impl_->generation_wanted;
    }
    impl_->wake.notify_one();
}

std::vector<SlotStatus> LiveSet::statuses() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<SlotStatus> statuses;
    for (const auto& slot : impl_->slots) {
        statuses.push_back({.model = slot.wanted.model,
                            .environment = slot.wanted.environment,
                            .version = slot.wanted.version,
                            .revision = slot.wanted.revision,
                            .state = slot.state,
                            .message = slot.message});
    }
    return statuses;
}

void LiveSet::on_change(std::function<void()> listener) { impl_->listener = std::move(listener); }

bool LiveSet::settled(std::uint64_t revision) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->generation_settled > 0 && revision <= impl_->revision_settled;
}

}  // namespace baton::inference

#include "inference/live_set.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "inference/background.h"
#include "inference/loaded.h"
#include "inference/warm_up.h"

namespace baton::inference {
namespace {

constexpr int niceness = 5;  // a load takes the processor from requests where it must
constexpr std::chrono::milliseconds look_again{50};

bool same_version(const WantedSlot& a, const WantedSlot& b) {
    return a.model == b.model && a.environment == b.environment && a.role == b.role && a.version == b.version &&
           a.digest == b.digest;
}

Result<std::shared_ptr<const Model>> load_with_eigen(std::string_view bytes, EngineChoice engine) {
    BATON_ASSIGN(OnnxModel opened, Engines().open(bytes, engine));
    return std::shared_ptr<const Model>(std::move(opened.model));
}

}  // namespace

std::string_view slot_role_name(SlotRole role) {
    switch (role) {
        case SlotRole::live:
            return "live";
        case SlotRole::canary:
            return "canary";
        case SlotRole::shadow:
            return "shadow";
    }
    return "";
}

std::string_view serving_state_name(ServingState state) {
    switch (state) {
        case ServingState::loading:
            return "loading";
        case ServingState::ready:
            return "ready";
        case ServingState::failed:
            return "failed";
        case ServingState::draining:
            return "draining";
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
        : options(std::move(chosen)), table(live_table), read_blob(std::move(read)), loaded(options.environment) {
        if (!options.load_model) options.load_model = load_with_eigen;
    }

    void run(const std::stop_token& stop);
    // False if a newer live set, or the end, came between.
    bool work_off(const std::stop_token& stop, std::uint64_t generation, const std::vector<WantedSlot>& wanted);
    void bring_up(std::uint64_t generation, const WantedSlot& slot, std::uint64_t shown);
    void bring_up_previous(const WantedSlot& slot, std::uint64_t shown);
    Result<ServedVersionPtr> find_or_load(const WantedSlot& slot);
    Result<ServedVersionPtr> load(const WantedSlot& slot) const;
    void conclude(std::uint64_t generation, const WantedSlot& slot, ServingState state, std::string message);
    Status check(const WantedSlot& slot, const Model& model) const;
    void publish(std::uint64_t shown);
    void wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
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
    std::vector<ServedVersionPtr> routable;  // every version in the table

    Departures departures;

    mutable std::mutex mutex;
    std::condition_variable_any wake;
    // Guarded by mutex.
    std::vector<Slot> slots;
    std::vector<ServedVersionPtr> warm;
    std::map<SlotKey, std::uint32_t> answering;  // the version of each slot in the table
    std::map<SlotKey, std::shared_ptr<Shadow>> shadows;
    std::uint64_t revision = 0;           // of `slots`
    std::uint64_t generation_wanted = 0;  // counts calls of want() that were not ignored
    std::uint64_t generation_settled = 0;
    std::uint64_t revision_settled = 0;

    std::jthread thread;  // last: stops before anything else goes
};

// The table first; then what is not in it any more may go.
void LiveSet::Impl::publish(std::uint64_t shown) {
    table.publish(loaded.routes(shown));
    {
        const std::lock_guard lock(mutex);
        warm = loaded.warm();
        answering = loaded.answering();
        shadows = loaded.shadows();
    }
    const auto gone = std::ranges::partition(routable, [&](const auto& version) { return loaded.holds(version); });
    departures.add({gone.begin(), gone.end()}, loaded.take_ended_shadows());
    routable.erase(gone.begin(), gone.end());
}

// Until there is a newer live set. Meanwhile frees what has left.
void LiveSet::Impl::wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
    const auto is_work = [&] { return generation_settled < generation_wanted; };
    while (!stop.stop_requested() && !is_work()) {
        if (departures.empty()) {
            wake.wait(lock, stop, is_work);
            return;
        }
        if (wake.wait_for(lock, stop, look_again, is_work)) return;
        lock.unlock();
        if (departures.release()) tell();
        lock.lock();
    }
}

void LiveSet::Impl::run(const std::stop_token& stop) {
    lower_priority(niceness);
    for (;;) {
        std::vector<WantedSlot> wanted;
        std::uint64_t generation = 0;
        std::uint64_t shown = 0;
        {
            std::unique_lock lock(mutex);
            wait_for_work(lock, stop);
            if (stop.stop_requested()) return;
            generation = generation_wanted;
            shown = revision;
            for (const Slot& slot : slots) wanted.push_back(slot.wanted);
        }
        if (!work_off(stop, generation, wanted)) continue;
        loaded.forget_parted();
        publish(shown);
        departures.release();  // before others are loaded: many quick changes must not pile versions up
        {
            const std::lock_guard lock(mutex);
            if (generation != generation_wanted) continue;  // its slots are not those of now
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
    auto version = find_or_load(slot);
    if (!version.ok()) {
        if (slot.previous != nullptr && !loaded.answers(key_of(slot))) bring_up_previous(slot, shown);
        return conclude(generation, slot, ServingState::failed, version.error().message);
    }
    if (loaded.serve(slot, *std::move(version))) publish(shown);
    conclude(generation, slot, ServingState::ready, {});
}

// After a start no version is there that could go on in place of one that fails.
void LiveSet::Impl::bring_up_previous(const WantedSlot& slot, std::uint64_t shown) {
    if (!slot.previous->model_file) return;
    auto version = find_or_load(*slot.previous);
    if (version.ok() && loaded.serve(slot, *std::move(version))) publish(shown);
}

Result<ServedVersionPtr> LiveSet::Impl::find_or_load(const WantedSlot& slot) {
    if (ServedVersionPtr version = loaded.find(slot)) return version;
    BATON_ASSIGN(ServedVersionPtr version, load(slot));
    routable.push_back(version);
    return version;
}

Result<ServedVersionPtr> LiveSet::Impl::load(const WantedSlot& slot) const try {
    const auto start = std::chrono::steady_clock::now();
    BATON_ASSIGN(const std::string bytes, read_blob(*slot.model_file));
    auto version = std::make_shared<ServedVersion>();
    BATON_ASSIGN(version->engine, options.load_model(bytes, slot.engine));
    BATON_ASSIGN(version->cost_per_row, warm_up(*version->engine));
    BATON_TRY(check(slot, *version->engine));
    if (!version->engine->may_run_on_loop()) version->cost_per_row = ServedVersion::unmeasured_cost;
    if (options.batching) version->batcher = make_batcher(*version->engine, options.batching(slot.model));
    version->model = slot.model;
    version->version = slot.version;
    version->digest = slot.digest;
    version->digest_text = slot.digest.text();
    version->feature_names = slot.feature_names;
    version->loaded_at = std::chrono::system_clock::now();
    version->load_time = std::chrono::steady_clock::now() - start;
    return ServedVersionPtr(std::move(version));
} catch (const std::exception& problem) {
    // A model that does not fit into memory must not take the others down.
    return internal_error(std::string("loading broke off: ") + problem.what());
}

Status LiveSet::Impl::check(const WantedSlot& slot, const Model& model) const {
    if (!options.read_golden) return {};
    BATON_ASSIGN(const std::optional<Golden> golden, options.read_golden(slot));
    return golden ? check_golden(model, *golden) : Status();
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
                const bool is_retry = slot.state == ServingState::failed && slot.wanted.revision == wanted.revision;
                return (slot.state == ServingState::ready || is_retry) && same_version(slot.wanted, wanted);
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
        const auto answering = impl_->answering.find(key_of(slot.wanted));
        statuses.push_back({.model = slot.wanted.model,
                            .environment = slot.wanted.environment,
                            .role = slot.wanted.role,
                            .version = slot.wanted.version,
                            .revision = slot.wanted.revision,
                            .engine = std::string(engine_name(slot.wanted.engine)),
                            .state = slot.state,
                            .message = slot.message});
        if (answering != impl_->answering.end()) statuses.back().answering = answering->second;
    }
    return statuses;
}

std::vector<DepartingVersion> LiveSet::departing() const {
    std::vector<DepartingVersion> departing = impl_->departures.list();
    const std::lock_guard lock(impl_->mutex);
    for (const ServedVersionPtr& version : impl_->warm) {
        departing.push_back({.model = version->model, .version = version->version, .warm = true, .in_flight = 0});
    }
    std::ranges::sort(departing, {}, [](const DepartingVersion& d) { return std::tie(d.model, d.version); });
    return departing;
}

std::optional<ShadowStatistics> LiveSet::shadow_statistics(std::string_view model, std::string_view environment) const {
    std::shared_ptr<Shadow> shadow;
    {
        const std::lock_guard lock(impl_->mutex);
        const auto found = impl_->shadows.find({std::string(model), std::string(environment), SlotRole::shadow});
        if (found == impl_->shadows.end()) return std::nullopt;
        shadow = found->second;
    }
    return shadow->statistics();
}

void LiveSet::on_change(std::function<void()> listener) { impl_->listener = std::move(listener); }

bool LiveSet::settled(std::uint64_t revision) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->generation_settled > 0 && revision <= impl_->revision_settled;
}

bool LiveSet::idle() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->generation_settled == impl_->generation_wanted;
}

}  // namespace baton::inference

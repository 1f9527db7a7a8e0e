#include "inference/live_set.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "inference/background.h"
#include "inference/loaded.h"
#include "inference/loader.h"

namespace baton::inference {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int niceness = 5;  // it frees models, which takes the processor from requests
constexpr std::chrono::milliseconds look_again{50};

bool same_version(const WantedSlot& a, const WantedSlot& b) {
    return a.model == b.model && a.environment == b.environment && a.role == b.role && a.version == b.version &&
           a.digest == b.digest;
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
    // A slot whose version is not loaded.
    struct Waiting {
        WantedSlot slot;
        bool wants_previous = false;  // the version before it, to answer in the meantime
        unsigned failures = 0;
        std::string message = {};           // of the last failure
        Clock::time_point not_before = {};  // when it may be tried again

        const WantedSlot& version() const { return wants_previous ? *slot.previous : slot; }
        bool is_fresh() const { return failures == 0; }
    };

    Impl(Options chosen, LiveTable& live_table, ReadBlob read)
        : options(std::move(chosen)),
          table(live_table),
          read_blob(std::move(read)),
          loaded(options.environment),
          loader(
              options.loads_at_once, [this](const WantedSlot& slot) { return load_version(slot, read_blob, options); },
              [this] { wake_up(); }) {
        if (!options.retry_pause) options.retry_pause = retry_pause;
    }

    // On the thread of its own:
    void run(const std::stop_token& stop);
    void wait_for_work(const std::stop_token& stop);
    void begin();
    void bring_up(const WantedSlot& slot, const std::vector<Waiting>& known);
    void wait_for_previous(const WantedSlot& slot);
    void serve(const Waiting& entry, const ServedVersionPtr& version);
    void arrive(const Loader::Finished& finished);
    void start_loads();
    bool waits_for_fresh() const { return std::ranges::any_of(waiting, &Waiting::is_fresh); }
    void settle();
    void publish() { publish(table.routes()->revision); }
    void publish(std::uint64_t shown);
    void conclude(const WantedSlot& slot, ServingState state, std::string message);

    void wake_up();  // by the loader

    bool is_done(std::uint64_t first, std::uint64_t last) const;
    void tell() const {
        if (listener) listener();
    }

    // Constant once the first live set was wanted.
    Options options;
    LiveTable& table;
    const ReadBlob read_blob;
    std::function<void()> listener;

    // The thread's own.
    Loaded loaded;
    std::vector<ServedVersionPtr> routable;  // every version in the table
    std::uint64_t generation_begun = 0;
    std::uint64_t revision_begun = 0;
    bool is_settled = true;  // the generation that has begun, but for what has failed
    std::vector<Waiting> waiting;
    Clock::time_point looked_at = {};  // for those whose time has come

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
    std::uint64_t revision_shown = 0;  // what needed no load of it is in the table
    bool has_arrived = false;          // a version, or why there is none

    Loader loader;        // before what its loads use
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

void LiveSet::Impl::run(const std::stop_token& stop) {
    lower_priority(niceness);
    for (;;) {
        wait_for_work(stop);
        if (stop.stop_requested()) return;
        begin();
        for (const Loader::Finished& finished : loader.take_finished()) arrive(finished);
        start_loads();
        if (!is_settled && !waits_for_fresh()) settle();
        if (departures.release()) tell();
    }
}

// For a newer live set, something that was loaded, or the time to look again at what has failed or left.
void LiveSet::Impl::wait_for_work(const std::stop_token& stop) {
    const auto now = Clock::now();
    auto until = Clock::time_point::max();
    if (!departures.empty()) until = now + look_again;
    for (const Waiting& entry : waiting) {
        if (entry.not_before > looked_at) until = std::min(until, entry.not_before);
    }
    const auto is_work = [this] { return has_arrived || generation_begun != generation_wanted; };
    std::unique_lock lock(mutex);
    if (until == Clock::time_point::max()) {
        wake.wait(lock, stop, is_work);
    } else {
        wake.wait_until(lock, stop, until, is_work);
    }
    has_arrived = false;
}

// What a newer live set changes and is loaded is swapped at once, whatever else is still being loaded.
void LiveSet::Impl::begin() {
    std::vector<WantedSlot> wanted;
    {
        const std::lock_guard lock(mutex);
        if (generation_begun == generation_wanted) return;
        generation_begun = generation_wanted;
        revision_begun = revision;
        for (const Slot& slot : slots) wanted.push_back(slot.wanted);
    }
    is_settled = false;
    if (loaded.retain(wanted)) publish();
    const std::vector<Waiting> known = std::exchange(waiting, {});
    for (const WantedSlot& slot : wanted) bring_up(slot, known);
    {
        const std::lock_guard lock(mutex);
        revision_shown = revision_begun;
    }
    tell();
}

void LiveSet::Impl::bring_up(const WantedSlot& slot, const std::vector<Waiting>& known) {
    if (!slot.model_file) {
        if (loaded.clear(key_of(slot))) publish();
        return conclude(slot, ServingState::ready, std::string(files_only));
    }
    if (const ServedVersionPtr version = loaded.find(slot)) return serve({.slot = slot}, version);
    const auto before = std::ranges::find_if(known, [&](const Waiting& entry) {
        return !entry.wants_previous && same_version(entry.slot, slot) && entry.slot.revision == slot.revision;
    });
    if (before == known.end() || before->is_fresh()) {
        waiting.push_back({.slot = slot});
        return;
    }
    waiting.push_back(*before);
    waiting.back().slot = slot;
    conclude(slot, ServingState::failed, before->message);
    wait_for_previous(slot);
}

// After a start no version is there that could go on in place of one that fails.
void LiveSet::Impl::wait_for_previous(const WantedSlot& slot) {
    if (slot.previous == nullptr || !slot.previous->model_file || loaded.answers(key_of(slot))) return;
    const Waiting entry{.slot = slot, .wants_previous = true};
    if (const ServedVersionPtr version = loaded.find(*slot.previous)) return serve(entry, version);
    waiting.push_back(entry);
}

void LiveSet::Impl::serve(const Waiting& entry, const ServedVersionPtr& version) {
    if (entry.wants_previous && loaded.answers(key_of(entry.slot))) return;
    if (loaded.serve(entry.slot, version)) publish();
    if (!entry.wants_previous) conclude(entry.slot, ServingState::ready, {});
}

void LiveSet::Impl::arrive(const Loader::Finished& finished) {
    const auto others = std::ranges::stable_partition(
        waiting, [&](const Waiting& entry) { return !is_same_load(entry.version(), finished.slot); });
    std::vector<Waiting> answered(std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
    waiting.erase(others.begin(), others.end());
    for (Waiting& entry : answered) {
        if (finished.version.ok()) {
            serve(entry, *finished.version);
        } else if (!entry.wants_previous) {
            ++entry.failures;
            entry.message = finished.version.error().message;
            entry.not_before = Clock::now() + options.retry_pause(entry.failures);
            conclude(entry.slot, ServingState::failed, entry.message);
            waiting.push_back(entry);
            wait_for_previous(entry.slot);
        }
    }
    if (finished.version.ok() && loaded.holds(*finished.version)) routable.push_back(*finished.version);
}

// What is new goes first; of what has failed before, one at a time is tried when its time has come.
void LiveSet::Impl::start_loads() {
    for (const Waiting& entry : waiting) {
        if (entry.is_fresh()) loader.start(entry.version(), Loader::Attempt::first);
    }
    looked_at = Clock::now();
    for (const Waiting& entry : waiting) {
        if (!entry.is_fresh() && entry.not_before <= looked_at) loader.start(entry.version(), Loader::Attempt::again);
    }
}

void LiveSet::Impl::settle() {
    is_settled = true;
    loaded.forget_parted();
    publish(revision_begun);
    departures.release();  // before others are loaded: many quick changes must not pile versions up
    {
        const std::lock_guard lock(mutex);
        if (generation_begun != generation_wanted) return;  // its slots are not those of now
        generation_settled = generation_begun;
        revision_settled = revision_begun;
    }
    tell();
}

void LiveSet::Impl::wake_up() {
    {
        const std::lock_guard lock(mutex);
        has_arrived = true;
    }
    wake.notify_one();
}

void LiveSet::Impl::conclude(const WantedSlot& wanted, ServingState state, std::string message) {
    {
        const std::lock_guard lock(mutex);
        if (generation_begun != generation_wanted) return;  // its slots are not those of now
        const auto slot =
            std::ranges::find_if(slots, [&](const Slot& s) { return key_of(s.wanted) == key_of(wanted); });
        slot->state = state;
        slot->message = std::move(message);
    }
    tell();
}

bool LiveSet::Impl::is_done(std::uint64_t first, std::uint64_t last) const {
    const std::lock_guard lock(mutex);
    return revision_shown >= first && std::ranges::none_of(slots, [&](const Slot& slot) {
               return slot.state == ServingState::loading && slot.wanted.revision >= first &&
                      slot.wanted.revision <= last;
           });
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
                return slot.state != ServingState::loading && same_version(slot.wanted, wanted) &&
                       (slot.state == ServingState::ready || slot.wanted.revision == wanted.revision);
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

bool LiveSet::done(std::uint64_t revision) const { return impl_->is_done(revision, revision); }

bool LiveSet::done_since(std::uint64_t revision) const {
    return impl_->is_done(revision, std::numeric_limits<std::uint64_t>::max());
}

bool LiveSet::settled(std::uint64_t revision) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->generation_settled > 0 && revision <= impl_->revision_settled;
}

}  // namespace baton::inference

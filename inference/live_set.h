// Brings the live table to the wanted live set: load, verify, warm up, then one swap.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "inference/batcher.h"
#include "inference/departures.h"
#include "inference/engines.h"
#include "inference/golden.h"
#include "inference/live_table.h"
#include "inference/model.h"
#include "inference/shadow.h"

namespace baton::inference {

// A candidate stands beside a live version: a canary answers a share of its requests, a shadow is compared on them.
enum class SlotRole { live, canary, shadow };
std::string_view slot_role_name(SlotRole role);

// What should be served, as the registry says. One a model, environment and role.
struct WantedSlot {
    std::string model;
    std::string environment;
    std::uint32_t version = 0;
    Digest digest;                     // of the version's manifest
    std::optional<Digest> model_file;  // the ONNX blob; none for a version that is only files
    std::uint64_t revision = 0;        // of the slot
    EngineChoice engine = EngineChoice::automatic;
    std::vector<std::string> feature_names = {};  // as ServedVersion has them
    SlotRole role = SlotRole::live;
    // Of candidates:
    std::uint32_t share = 0;    // in 1/10,000
    std::string header = {};    // the sticky one; empty: none
    std::uint64_t started = 0;  // the revision at which it became the candidate: another one is another rollout
    // Of a live one: what a rollback would make live; null: nothing. Once replaced it stays loaded, and it answers
    // where the wanted version cannot be loaded and no other answers.
    std::shared_ptr<const WantedSlot> previous = nullptr;
};

// A version drains once it is not routable any more and requests still use it; no wanted slot does.
enum class ServingState { loading, ready, failed, draining };
std::string_view serving_state_name(ServingState state);

inline constexpr std::string_view files_only = "files only";

struct SlotStatus {
    std::string model;
    std::string environment;
    SlotRole role = SlotRole::live;
    std::uint32_t version = 0;
    std::uint64_t revision = 0;
    std::string engine = {};  // that the version asks for; empty for whichever runs it
    ServingState state = ServingState::loading;
    std::string message;  // why it failed; files_only for a ready version without a model that an engine runs
    std::optional<std::uint32_t> answering = {};  // the version that answers: another one than `version` if that failed
};

// Loads on threads of its own, so neither requests nor mutations wait for it. Thread-safe.
class LiveSet {
public:
    // These are called on loading threads, several at once.
    // Reads a blob whole and verifies its digest.
    using ReadBlob = std::function<Result<std::string>(const Digest&)>;
    // Makes the model that a blob holds.
    using LoadModel = std::function<Result<std::shared_ptr<const Model>>(std::string_view bytes, EngineChoice engine)>;

    // What a version answered when it was registered; nullopt if that is not known.
    using ReadGolden = std::function<Result<std::optional<Golden>>(const WantedSlot&)>;

    struct Options {
        std::string environment = "production";  // the one that requests without a version are answered from
        LoadModel load_model = {};               // empty: the Eigen engine alone
        ReadGolden read_golden = {};             // empty: nothing is compared
        std::function<Batching(std::string_view model)> batching = {};  // empty: every request runs by itself
        std::size_t loads_at_once = 2;                                  // of different models
        // How long after its first, second ... failure a version is tried again; empty: retry_pause() of loader.h.
        std::function<std::chrono::milliseconds(unsigned failures)> retry_pause = {};
    };

    LiveSet(Options options, LiveTable& table, ReadBlob read_blob);
    ~LiveSet();  // lets the running load end; what is published stays published
    LiveSet(const LiveSet&) = delete;
    LiveSet& operator=(const LiveSet&) = delete;

    // The whole live set of one revision, candidates included. Older revisions than one already given are ignored; a
    // newer one, or the same again, takes the place of one that is still being worked off. What is loaded is swapped at
    // once, then what is new is loaded, and each slot is published as soon as it is; the table shows the revision once
    // all were. A version that cannot be loaded leaves the one before it serving (or, if there is none, brings the
    // previous one up) and shows up as failed; it is tried again when its time has come, or when a newer revision of
    // its slot is wanted. Every other slot goes on.
    void want(std::uint64_t revision, std::vector<WantedSlot> slots);

    std::vector<SlotStatus> statuses() const;  // in the order of want()
    // Versions that are loaded and not live any more, ascending: kept warm for a rollback, or draining.
    std::vector<DepartingVersion> departing() const;
    // nullopt when there is no shadow that is loaded.
    std::optional<ShadowStatistics> shadow_statistics(std::string_view model, std::string_view environment) const;
    // Called on the live set's own thread whenever the table or a status has changed. Set it before the first want().
    void on_change(std::function<void()> listener);
    // True once what the change of `revision` made has been worked off, with success or not, whatever else still loads.
    bool done(std::uint64_t revision) const;
    // The same of that change and all later ones.
    bool done_since(std::uint64_t revision) const;
    // True once all of `revision` or of a newer one has been worked off, with success or not.
    bool settled(std::uint64_t revision) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::inference

#include "inference/loader.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "inference/background.h"
#include "inference/warm_up.h"

namespace baton::inference {
namespace {

constexpr int niceness = 5;  // a load takes the processor from requests where it must
constexpr std::chrono::seconds first_pause{15};
constexpr std::chrono::seconds longest_pause{300};

Result<std::shared_ptr<const Model>> load_with_eigen(std::string_view bytes, EngineChoice engine) {
    BATON_ASSIGN(OnnxModel opened, Engines().open(bytes, engine));
    return std::shared_ptr<const Model>(std::move(opened.model));
}

Status check(const WantedSlot& slot, const Model& model, const LiveSet::ReadGolden& read_golden) {
    if (!read_golden) return {};
    BATON_ASSIGN(const std::optional<Golden> golden, read_golden(slot));
    return golden ? check_golden(model, *golden) : Status();
}

}  // namespace

std::chrono::milliseconds retry_pause(unsigned failures) {
    std::chrono::seconds pause = first_pause;
    for (unsigned again = 1; again < failures && pause < longest_pause; ++again) pause *= 2;
    return std::min(pause, longest_pause);
}

bool is_same_load(const WantedSlot& a, const WantedSlot& b) {
    return a.model == b.model && a.version == b.version && a.digest == b.digest && a.model_file == b.model_file &&
           a.engine == b.engine;
}

Result<ServedVersionPtr> load_version(const WantedSlot& slot, const LiveSet::ReadBlob& read_blob,
                                      const LiveSet::Options& options) try {
    const auto start = std::chrono::steady_clock::now();
    BATON_ASSIGN(const std::string bytes, read_blob(*slot.model_file));
    auto version = std::make_shared<ServedVersion>();
    BATON_ASSIGN(version->engine, (options.load_model ? options.load_model : load_with_eigen)(bytes, slot.engine));
    BATON_ASSIGN(version->cost_per_row, warm_up(*version->engine));
    BATON_TRY(check(slot, *version->engine, options.read_golden));
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

Loader::Loader(std::size_t at_once, Load load, std::function<void()> on_finished)
    : at_once_(at_once), load_(std::move(load)), on_finished_(std::move(on_finished)) {}

Loader::~Loader() = default;

bool Loader::start(const WantedSlot& slot, Attempt attempt) {
    const auto any = [this](const auto& condition) { return std::ranges::any_of(running_, condition); };
    if (any([&](const Running& running) { return is_same_load(running.slot, slot); })) return true;
    if (running_.size() >= at_once_) return false;
    if (any([&](const Running& running) { return running.slot.model == slot.model; })) return false;
    if (attempt == Attempt::again && any([](const Running& r) { return r.attempt == Attempt::again; })) return false;

    Running& running = running_.emplace_back(Running{.slot = slot, .attempt = attempt});
    const auto run = [this, &running] {
        lower_priority(niceness);
        finish({&running, load_(running.slot)});
    };
    try {
        running.thread = std::jthread(run);
    } catch (const std::system_error& problem) {
        finish({&running, Error{.code = Code::resource_exhausted,
                                .message = std::string("no thread to load it on: ") + problem.what()}});
    }
    return true;
}

void Loader::finish(Outcome outcome) {
    {
        const std::lock_guard lock(mutex_);
        outcomes_.push_back(std::move(outcome));
    }
    on_finished_();
}

std::vector<Loader::Finished> Loader::take_finished() {
    std::vector<Outcome> outcomes;
    {
        const std::lock_guard lock(mutex_);
        outcomes.swap(outcomes_);
    }
    std::vector<Finished> finished;
    for (Outcome& outcome : outcomes) {
        const auto running = std::ranges::find_if(running_, [&](const Running& r) { return &r == outcome.of; });
        if (running->thread.joinable()) running->thread.join();
        finished.push_back({std::move(running->slot), std::move(outcome.version)});
        running_.erase(running);
    }
    return finished;
}

}  // namespace baton::inference

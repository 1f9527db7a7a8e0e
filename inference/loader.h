// Loads versions on threads of their own, a few at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "inference/live_set.h"

namespace baton::inference {

// How long to wait before what has failed so often is tried again: 15 seconds, then twice as long each time, up to five
// minutes.
std::chrono::milliseconds retry_pause(unsigned failures);

// Whether a load for one slot serves the other as well.
bool is_same_load(const WantedSlot& a, const WantedSlot& b);

// Reads what a slot names, verifies it, makes the model, runs it on made-up rows and compares it with its golden
// outputs.
Result<ServedVersionPtr> load_version(const WantedSlot& slot, const LiveSet::ReadBlob& read_blob,
                                      const LiveSet::Options& options);

// A slow load holds others up as little as can be: versions of one model are loaded one after the other, and what is
// tried again takes no more than one place. For one owner on one thread.
class Loader {
public:
    using Load = std::function<Result<ServedVersionPtr>(const WantedSlot&)>;
    struct Finished {
        WantedSlot slot;
        Result<ServedVersionPtr> version;
    };
    enum class Attempt { first, again };

    // `load` is called on several threads at once; `on_finished` on them as well (or in start(), where there is no
    // thread to be had), whenever there is something to take.
    Loader(std::size_t at_once, Load load, std::function<void()> on_finished);
    ~Loader();  // lets what runs end
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    // False when it has to wait for something that runs. What is being loaded already counts as started.
    bool start(const WantedSlot& slot, Attempt attempt);
    std::vector<Finished> take_finished();

private:
    struct Running {
        WantedSlot slot;
        Attempt attempt = Attempt::first;
        std::jthread thread = {};
    };
    struct Outcome {
        Running* of = nullptr;
        Result<ServedVersionPtr> version;
    };

    void finish(Outcome outcome);

    const std::size_t at_once_;
    const Load load_;
    const std::function<void()> on_finished_;
    std::mutex mutex_;
    std::vector<Outcome> outcomes_;  // guarded by mutex_
    std::list<Running> running_;     // last: joined before the others go
};

}  // namespace baton::inference

// A live set over models that are made up.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "inference/live_set.h"
#include "tests/inference/fake_model.h"

namespace baton::inference {

inline Digest digest_of(std::string_view model, std::uint32_t version) {
    return sha256(std::string(model) + "/" + std::to_string(version));
}

inline WantedSlot slot(std::string model, std::uint32_t version, std::string environment = "production") {
    const Digest digest = digest_of(model, version);
    return {.model = std::move(model),
            .environment = std::move(environment),
            .version = version,
            .digest = digest,
            .model_file = digest,
            .revision = version};
}

// The same in the place of an earlier version, to which a rollback would go.
inline WantedSlot after(WantedSlot wanted, std::uint32_t previous) {
    wanted.previous = std::make_shared<const WantedSlot>(slot(wanted.model, previous, wanted.environment));
    return wanted;
}

// Beside the live version of its model.
inline WantedSlot candidate(SlotRole role, std::string model, std::uint32_t version, std::uint32_t share,
                            std::uint64_t started = 1) {
    WantedSlot wanted = slot(std::move(model), version);
    wanted.role = role;
    wanted.share = share;
    wanted.header = role == SlotRole::canary ? "X-User" : "";
    wanted.started = started;
    return wanted;
}

// A live set whose blobs are texts: the number a model answers, or what goes wrong with it.
class LiveSetTest : public testing::Test {
protected:
    void put(std::string_view model, std::uint32_t version, std::string blob) {
        const std::lock_guard lock(mutex_);
        blobs_[digest_of(model, version)] = std::move(blob);
    }

    LiveSet& start(LiveSet::Options options = {}) {
        options.load_model = [this](std::string_view bytes, EngineChoice) { return load(bytes); };
        set_ =
            std::make_unique<LiveSet>(std::move(options), table, [this](const Digest& digest) -> Result<std::string> {
                const std::lock_guard lock(mutex_);
                ++reads;
                const auto blob = blobs_.find(digest);
                if (blob == blobs_.end()) return Error{.code = Code::integrity, .message = "digest mismatch"};
                return blob->second;
            });
        set_->on_change([this] {
            { const std::lock_guard lock(mutex_); }
            changed_.notify_all();
        });
        return *set_;
    }

    void wait_until(const std::function<bool()>& condition) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, condition);
    }

    void settle(std::uint64_t revision, std::vector<WantedSlot> slots) {
        set_->want(revision, std::move(slots));
        wait_until([&] { return set_->settled(revision); });
    }

    void stop() { set_.reset(); }

    float answer(const ServedVersionPtr& version) {
        const std::vector<Tensor> inputs = {Tensor("x", DataType::fp32, {1, 2})};
        return version->engine->run(inputs).value()[0].values<float>()[0];
    }

    std::vector<std::uint32_t> loaded_versions(std::string_view model) {
        std::vector<std::uint32_t> versions;
        const auto routes = table.routes();
        if (const auto* entry = routes->find(model)) {
            for (const auto& version : entry->versions) versions.push_back(version->version);
        }
        return versions;
    }

    LiveTable table;
    std::atomic<int> reads{0};
    std::latch gate{1};  // what a model named "gated" waits for while it loads

private:
    Result<std::shared_ptr<const Model>> load(std::string_view bytes) {
        if (bytes == "broken") return Error{.code = Code::unsupported_model, .message = "needs another engine: Magic"};
        if (bytes == "throws") throw std::runtime_error("out of memory");
        if (bytes == "gated") gate.wait();
        auto model = std::make_shared<FakeModel>(bytes == "gated" ? 0.0F : std::stof(std::string(bytes)));
        if (bytes == "-1") model->refusal = internal_error("cannot run");
        if (bytes == "-2") model->refusal = invalid_argument("zeros are not taken");
        return std::shared_ptr<const Model>(std::move(model));
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Digest, std::string> blobs_;
    std::unique_ptr<LiveSet> set_;  // last: its thread uses the rest
};

}  // namespace baton::inference

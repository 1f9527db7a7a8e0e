// A served set of fake models behind the routes of a protocol, asked without sockets.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

#include "inference/live_set.h"
#include "server/inference/service.h"
#include "server/transport/router.h"
#include "tests/inference/fake_model.h"
#include "tests/oip/ask.h"

namespace baton::testing_support {

// Model "half" is live in version 2, with version 1 warm; "loading" never ends to load, "broken" failed, "files" is
// files only. Every answer is the number of the version. Fill the router in the test's constructor.
class Serving : public testing::Test {
protected:
    explicit Serving(const inference::Batching& batching = {}) : batching_(batching) {
        for (const char* model : {"half", "broken", "files"}) wanted_.push_back(slot(model, 1));
        wanted_[2].model_file.reset();
        live_set_.on_change([this] {
            { const std::lock_guard lock(mutex_); }
            changed_.notify_all();
        });
        settle(1);
        wanted_[0] = slot("half", 2);
        wanted_[0].previous = std::make_shared<const inference::WantedSlot>(slot("half", 1));
        settle(2);
    }

    void want_what_never_loads() {
        wanted_.push_back(slot("loading", 1));
        live_set_.want(3, wanted_);
        std::unique_lock lock(mutex_);  // "broken" is tried again before
        changed_.wait(lock, [&] { return live_set_.statuses()[1].state == inference::ServingState::failed; });
    }

    // Puts version 1 of "half" beside the live version.
    void want_candidate(inference::SlotRole role, std::uint32_t share, std::string header = {}) {
        inference::WantedSlot candidate = slot("half", 1);
        candidate.role = role;
        candidate.share = share;
        candidate.header = std::move(header);
        wanted_.push_back(std::move(candidate));
        settle(4);
    }
    // Makes a model "named" live whose columns have these names.
    void want_named(std::vector<std::string> features) {
        wanted_.push_back(slot("named", 1));
        wanted_.back().feature_names = std::move(features);
        settle(4);
    }
    inference::ShadowStatistics shadow_statistics() { return *live_set_.shadow_statistics("half", "production"); }

    ~Serving() override { loaded_.set_value(); }

    server::Response ask(server::Method method, std::string target, std::string body = {},
                         server::Headers headers = {}) {
        return testing_support::ask(router_, method, std::move(target), std::move(body), std::move(headers));
    }
    server::Response get(std::string target) { return ask(server::Method::get, std::move(target)); }
    server::Response post(std::string target, std::string body = {}, server::Headers headers = {}) {
        return ask(server::Method::post, std::move(target), std::move(body), std::move(headers));
    }

    const inference::ServedVersion& served(std::string_view model) { return *table_.live(model); }

    bool ready_ = true;
    std::function<Status(const server::Request&, std::string_view)> authorize_ = [](auto&, auto) { return Status(); };
    std::function<void()> before_run_ = [] {};  // on the thread that runs the model

private:
    static inference::WantedSlot slot(std::string model, std::uint32_t version) {
        const std::string blob = model + std::to_string(version);
        return {.model = std::move(model),
                .environment = "production",
                .version = version,
                .digest = sha256(blob),
                .model_file = sha256(blob),
                .revision = version};
    }

    void settle(std::uint64_t revision) {
        live_set_.want(revision, wanted_);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return live_set_.settled(revision); });
    }

    Result<std::string> read(const Digest& digest) {
        for (const char* blob : {"half1", "half2", "loading1", "named1"}) {
            if (sha256(blob) == digest) return std::string(blob);
        }
        return Error{.code = Code::integrity, .message = "the bytes do not match"};
    }

    Result<std::shared_ptr<const inference::Model>> load(std::string_view blob) {
        if (blob == "loading1") loaded_.get_future().wait();
        auto model = std::make_shared<inference::FakeModel>(blob == "half1" ? 1.0F : 2.0F);
        model->before_run = [this] { before_run_(); };
        return std::shared_ptr<const inference::Model>(std::move(model));
    }

    const inference::Batching batching_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::promise<void> loaded_;
    std::vector<inference::WantedSlot> wanted_;
    inference::LiveTable table_;
    inference::LiveSet live_set_{
        {.load_model = [this](std::string_view blob, inference::EngineChoice) { return load(blob); },
         .batching = [this](std::string_view) { return batching_; }},
        table_,
        [this](const Digest& digest) { return read(digest); }};

protected:
    server::WorkerPool pool_{1, 1};
    server::InferenceService service_{
        table_,
        live_set_,
        pool_,
        [this](const server::Request& request, std::string_view model) { return authorize_(request, model); },
        {.server_version = "1.2.3", .ready = [this] { return ready_; }, .body_limit = 1 << 20, .max_rows = 1000}};
    server::Router router_;
};

}  // namespace baton::testing_support

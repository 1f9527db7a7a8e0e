// A store in a temporary folder, with a clock that stands still, a few people and short ways to act as one of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>

#include "base/error_codes.h"
#include "registry/catalog.h"
#include "registry/identity.h"
#include "registry/store.h"
#include "tests/support/temporary_folder.h"

namespace baton {

inline std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << code_name(error.code) << ": " << error.message;
}

}  // namespace baton

namespace baton::registry {

// Thread-safe.
class ManualClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::microseconds(now_.load())); }
    void advance(std::chrono::microseconds time) { now_ += time.count(); }

private:
    std::atomic<std::int64_t> now_ = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
};

inline ModelName model_name(const std::string& text) { return ModelName::parse(text).value(); }
inline UserName user_name(const std::string& text) { return UserName::parse(text).value(); }

// EXPECT_THAT(result, is_ok()); the error is shown when it is not.
MATCHER(is_ok, "is ok") {
    if (arg.ok()) return true;
    *result_listener << arg.error();
    return false;
}
// EXPECT_THAT(result, fails_with(Code::not_found));
MATCHER_P(fails_with, code, std::string("fails with ") + std::string(code_name(code))) {
    if (!arg.ok()) *result_listener << arg.error();
    return !arg.ok() && arg.error().code == code;
}
// EXPECT_THAT(result, fails_saying(Code::not_found, "no model"));
MATCHER_P2(fails_saying, code, part, std::string("fails with ") + std::string(code_name(code)) + " saying " + part) {
    if (!arg.ok()) *result_listener << arg.error();
    return !arg.ok() && arg.error().code == code && arg.error().message.find(part) != std::string::npos;
}

// The people: ada and dan are developers, pia and pat approvers, dora a deployer, vic a viewer, root the admin.
class StoreTest : public testing::Test {
    template <class Answered>
    using ValueOf = std::decay_t<decltype(std::declval<Answered&>().value())>;

protected:
    StoreTest() { reopen(); }

    void SetUp() override {
        const std::map<std::string, Roles> people = {
            {"ada", {Role::developer}}, {"dan", {Role::developer}}, {"pia", {Role::approver}},
            {"pat", {Role::approver}},  {"dora", {Role::deployer}}, {"vic", {Role::viewer}},
            {"root", {Role::admin}},
        };
        const auto created = write(Call{system_caller(), "setup", {}}, [&](Transaction& transaction) -> Result<bool> {
            for (const auto& [name, roles] : people) BATON_TRY(create_user(transaction, user_name(name), roles));
            return true;
        });
        ASSERT_THAT(created, is_ok());
        for (const auto& [name, roles] : people) roles_[name] = roles;
    }

    // One more, who from then on can act.
    void add_person(const std::string& name, const Roles& roles) {
        const auto created = write(Call{system_caller(), "setup", {}}, [&](Transaction& transaction) {
            return create_user(transaction, user_name(name), roles);
        });
        ASSERT_THAT(created, is_ok());
        roles_[name] = roles;
    }

    // Closes the store and opens it again, as a restart does.
    void reopen() {
        store_.reset();
        auto opened = Store::open(folder_.path(), clock_);
        if (!opened.ok()) FAIL() << opened.error();
        store_ = std::move(opened).value();
    }

    Store& store() { return *store_; }
    ManualClock& clock() { return clock_; }
    const std::filesystem::path& folder() const { return folder_.path(); }

    // `name` with all of their roles and no limits.
    Caller caller(const std::string& name) const {
        return {.user = user_name(name), .token_id = {}, .roles = roles_.at(name), .models = {}, .environments = {}};
    }
    Call as(const std::string& name) const { return as(caller(name)); }
    Call as(Caller caller) const {
        return {.caller = std::move(caller), .request_id = "test-request", .idempotency = std::nullopt};
    }

    // write("ada", [&](Transaction& t) { return create_model(t, …); })
    template <class Work>
    std::invoke_result_t<Work, Transaction&> write(const Call& call, Work work) {
        using Answered = std::invoke_result_t<Work, Transaction&>;
        if constexpr (std::is_same_v<Answered, Status>) {
            const Result<bool> result = store_->write<bool>(call, [&](Transaction& transaction) -> Result<bool> {
                BATON_TRY(work(transaction));
                return true;
            });
            return result.ok() ? Status() : Status(result.error());
        } else {
            return store_->write<ValueOf<Answered>>(call, std::move(work));
        }
    }
    template <class Work>
    std::invoke_result_t<Work, Transaction&> write(const std::string& user, Work work) {
        return write(as(user), std::move(work));
    }
    template <class Work>
    std::invoke_result_t<Work, const Snapshot&> read(Work work) const {
        return store_->read<ValueOf<std::invoke_result_t<Work, const Snapshot&>>>(std::move(work));
    }

    // What a developer sends: one file whose content is `content`; versions of equal content have equal digests.
    static NewVersion new_version(const std::string& model, const std::string& content) {
        return {.model = model_name(model),
                .digest = sha256("manifest of " + content),
                .files = {{.path = "model.onnx", .size = content.size(), .digest = sha256(content)}},
                .description = {},
                .tags = {},
                .metadata = {},
                .signature = {.inputs = {{"X", "FP32", {-1, 4}}}, .outputs = {{"label", "INT64", {-1}}}},
                .engine = "eigen",
                .model_path = "model.onnx",
                .findings = {},
                .report = std::nullopt};
    }
    static NewReport new_report(double roc_auc) {
        return {.dataset_name = "holdout",
                .dataset_digest = sha256("holdout"),
                .dataset_rows = 100,
                .dataset_context = "test",
                .task = "binary",
                .metrics = {{"roc_auc", roc_auc}},
                .details = "{}",
                .note = {}};
    }

    // Registered by `user` with content of its own, and a report when asked for.
    Version register_as(const std::string& user, const std::string& model, bool with_report = true) {
        NewVersion wanted = new_version(model, "content " + std::to_string(++contents_));
        if (with_report) wanted.report = new_report(0.9);
        auto version = write(user, [&](Transaction& t) { return register_version(t, wanted); });
        if (!version.ok()) ADD_FAILURE() << version.error();
        return std::move(version).value();
    }

private:
    TemporaryFolder folder_;
    ManualClock clock_;
    std::unique_ptr<Store> store_;
    std::map<std::string, Roles> roles_;
    int contents_ = 0;
};

}  // namespace baton::registry

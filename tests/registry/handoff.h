// The steps of the handoff in short words, for tests.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/audit.h"
#include "registry/workflow.h"
#include "tests/registry/fixture.h"

namespace baton::registry {

inline const Environment staging = Environment::trusted("staging");

inline std::vector<std::string> missing_of(const Error& error) {
    std::vector<std::string> names;
    for (const Missing& missing : error.missing) names.push_back(missing.requirement);
    return names;
}

// The people of StoreTest, and olga who may do everything. ada registers, dan asks, pia approves, dora deploys. Each
// test ends with a check of the store.
class Handoff : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        add_person("olga", {Role::developer, Role::approver, Role::deployer});
    }
    void TearDown() override {
        const auto problems = store().check();
        ASSERT_THAT(problems, is_ok());
        for (const IntegrityProblem& problem : *problems) ADD_FAILURE() << problem.what;
    }

    // What must be there.
    template <class Work>
    auto seen(Work work) const {
        auto result = read(std::move(work));
        if (!result.ok()) ADD_FAILURE() << result.error();
        return std::move(result).value();
    }

    // Registers the next version as ada.
    VersionNumber add_version(bool with_report = true, std::vector<Finding> findings = {}) {
        NewVersion wanted = new_version(model_.text(), "content " + std::to_string(++versions_));
        wanted.findings = std::move(findings);
        if (with_report) wanted.report = new_report(0.9);
        const auto version = write("ada", [&](Transaction& t) { return register_version(t, wanted); });
        EXPECT_THAT(version, is_ok());
        EXPECT_EQ(version->number, versions_);
        return versions_;
    }
    VersionNumber last_version() const { return versions_; }
    static Digest digest_of(VersionNumber number) {
        return new_version("any", "content " + std::to_string(number)).digest;
    }
    Result<Report> add_report_as(const std::string& name, VersionNumber number) {
        return write(name, [&](Transaction& t) { return add_report(t, model_, number, new_report(0.8)); });
    }

    Result<PromotionRequest> open_as(const std::string& name, VersionNumber number,
                                     const Environment& environment = production()) {
        return write(name, [&](Transaction& t) {
            return open_request(t, {.model = model_, .version = number, .environment = environment, .notes = "please"});
        });
    }
    Result<PromotionRequest> approve_as(const std::string& name, RequestId id, const Digest& digest) {
        return write(name, [&](Transaction& t) { return approve(t, id, digest, "looks right"); });
    }
    Result<PromotionRequest> reject_as(const std::string& name, RequestId id, const std::string& reason = "too slow") {
        return write(name, [&](Transaction& t) { return reject(t, id, reason); });
    }
    Result<PromotionRequest> withdraw_as(const std::string& name, RequestId id) {
        return write(name, [&](Transaction& t) { return withdraw(t, id); });
    }
    Result<Slot> promote_as(const std::string& name, RequestId id, std::optional<std::int64_t> expected = {}) {
        return write(name, [&](Transaction& t) { return promote(t, id, expected); });
    }
    Result<Slot> rollback_as(const std::string& name, std::optional<VersionRef> to = {},
                             const Environment& environment = production(), const std::string& reason = "it is wrong") {
        return write(name, [&](Transaction& t) { return rollback(t, model_, environment, to, reason); });
    }
    Result<Version> retire_as(const std::string& name, VersionNumber number, const std::string& reason = "of no use") {
        return write(name, [&](Transaction& t) { return retire(t, model_, number, reason); });
    }
    Result<User> set_roles(const std::string& name, const Roles& roles) {
        return write("root", [&](Transaction& t) {
            return edit_user(t, UserName::trusted(name), {.roles = roles, .disabled = {}});
        });
    }
    std::int64_t expire() {
        const auto count = write(as(system_caller()), [](Transaction& t) { return expire_requests(t); });
        EXPECT_TRUE(count.ok()) << count.error().message;
        return *count;
    }

    // All the way: a request by dan, approved by pia.
    RequestId approved_request(VersionNumber number, const Environment& environment = production()) {
        const auto request = open_as("dan", number, environment);
        EXPECT_TRUE(request.ok()) << request.error().message;
        const auto approved = approve_as("pia", request->id, request->digest);
        EXPECT_TRUE(approved.ok()) << approved.error().message;
        return request->id;
    }
    Slot make_live(VersionNumber number, const Environment& environment = production()) {
        const auto slot = promote_as("dora", approved_request(number, environment));
        EXPECT_TRUE(slot.ok()) << slot.error().message;
        return *slot;
    }

    PromotionRequest request(RequestId id) const {
        return seen([&](const Snapshot& s) { return get_request(s, caller("vic"), id); });
    }
    Version version(VersionNumber number) const {
        return seen([&](const Snapshot& s) { return get_version(s, caller("vic"), model_, number); });
    }
    Stage stage(VersionNumber number) const { return version(number).stage; }
    SlotHistory slots() const {
        return seen([&](const Snapshot& s) { return model_slots(s, caller("vic"), model_); });
    }
    std::optional<VersionNumber> live_in(const Environment& environment) const {
        for (const Slot& slot : slots().current)
            if (slot.environment == environment) return slot.version;
        return std::nullopt;
    }
    std::vector<HistoryEntry> history(VersionNumber number) const {
        return seen([&](const Snapshot& s) { return version_history(s, caller("vic"), model_, number); });
    }
    std::vector<std::string> changes(VersionNumber number) const {
        std::vector<std::string> words;
        for (const HistoryEntry& entry : history(number)) words.push_back(entry.change);
        return words;
    }
    std::vector<AuditEntry> audit() const {
        return seen([&](const Snapshot& s) {
                   return list_audit(s, caller("root"), {.size = 1000, .token = {}, .order_by = {}, .filter = {}}, 0);
               })
            .items;
    }
    std::int64_t revision() const {
        return seen([](const Snapshot& s) { return live_snapshot(s, nullptr, std::nullopt); }).revision;
    }

    const ModelName model_ = model_name("credit-risk");

private:
    VersionNumber versions_ = 0;
};

}  // namespace baton::registry

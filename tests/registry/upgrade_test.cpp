// Databases that were written by the first schema, opened by this binary.
#include "migrations/embedded.h"
#include "registry/audit.h"
#include "registry/storage/database.h"
#include "registry/storage/migrate.h"
#include "registry/workflow.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

// dan has asked for version 1 of m, and pia has approved it.
constexpr std::string_view rows_of_the_first_schema = R"(
INSERT INTO users VALUES ('ada', 'developer', 0, 0), ('dan', 'developer', 0, 0), ('pia', 'approver', 0, 0);
INSERT INTO models VALUES ('m', '', 'ada', 0, 0, 1, 1);
INSERT INTO versions VALUES ('m', 1, '@', 'approved', 0, 'ada', '', 1, '{"inputs":[],"outputs":[]}', 'none', '', 3);
INSERT INTO version_files VALUES ('m', 1, 'weights', 3, '@');
INSERT INTO reports VALUES (1, 'm', 1, '@', 'holdout', NULL, 100, 'test', 'binary', '{}', 'claimed', 0, 'ada', '');
INSERT INTO report_metrics VALUES (1, 'roc_auc', 0.9);
INSERT INTO version_history VALUES (1, 'm', 1, '@', 0, 'pia', 'approved', 'approved', 'production', '', 1);
INSERT INTO requests (id, model, number, digest, environment, state, requester, notes, created_at, expires_at, satisfied)
    VALUES (1, 'm', 1, '@', 'production', 'open', 'dan', '', 0, 9000000000000000, 1);
INSERT INTO decisions VALUES (1, 1, 'pia', 'approve', '@', 'good', 0);
INSERT INTO audit_log VALUES (1, 0, 'ada', 'version.registered', 'model/m/version/1', NULL, '{"size":"3"}', 'r',
    'a5181e35b424ce914def37218e21752a7755e20d57a7b96bb1f5215fc1563064');
)";

class UpgradeTest : public testing::Test {
protected:
    void SetUp() override {
        auto database = storage::open_sqlite(folder_.path());
        ASSERT_THAT(database, is_ok());
        ASSERT_THAT(storage::migrate(**database, migrations::all().first(1)), is_ok());
        std::string rows(rows_of_the_first_schema);
        for (std::size_t at = rows.find('@'); at != std::string::npos; at = rows.find('@'))
            rows.replace(at, 1, digest_.hex());
        ASSERT_THAT((*database)->write([&](storage::Connection& connection) -> Status {
            connection.script(rows);
            return {};
        }),
                    is_ok());
        database->reset();
        auto opened = Store::open(folder_.path(), clock_);
        ASSERT_THAT(opened, is_ok());
        store_ = *std::move(opened);
    }

    const Digest digest_ = sha256("m/1");
    TemporaryFolder folder_;
    ManualClock clock_;
    std::unique_ptr<Store> store_;
};

TEST_F(UpgradeTest, TheChainGoesOnFromEntriesOfTheFirstForm) {
    ASSERT_THAT(store_->write<int>({system_caller(), "test", std::nullopt},
                                   [](Transaction& transaction) -> Result<int> {
                                       append_audit(transaction,
                                                    {.action = "a", .object = "x", .digest = {}, .details = {}});
                                       return 0;
                                   }),
                is_ok());
    EXPECT_THAT(store_->check().value(), testing::IsEmpty());
    const auto entries = store_->read<Page<AuditEntry>>(
        [](const Snapshot& snapshot) { return list_audit(snapshot, system_caller(), {}, 0); });
    ASSERT_EQ(entries->items.size(), 2U);
    EXPECT_EQ(entries->items[0].format, 1);
    EXPECT_EQ(entries->items[1].format, 2);
}

TEST_F(UpgradeTest, DecisionsOfBeforeAreSeenAndDoNotCount) {
    const auto request = store_->read<PromotionRequest>(
        [](const Snapshot& snapshot) { return get_request(snapshot, system_caller(), 1); });
    ASSERT_THAT(request, is_ok());
    EXPECT_EQ(request->state, RequestState::open);
    ASSERT_EQ(request->approvals.size(), 1U);
    EXPECT_EQ(request->approvals[0].comment, "good");
    EXPECT_FALSE(request->approvals[0].counts);
    EXPECT_THAT(request->approvals[0].reason_not, testing::HasSubstr("decide again"));

    const Call pia{.caller = system_caller(), .request_id = "test", .idempotency = std::nullopt};
    Call call = pia;
    call.caller.user = user_name("pia");
    const auto approved = store_->write<PromotionRequest>(
        call, [&](Transaction& transaction) { return approve(transaction, 1, digest_, "again"); });
    ASSERT_THAT(approved, is_ok());
    EXPECT_EQ(approved->state, RequestState::approved);
    EXPECT_THAT(store_->check().value(), testing::IsEmpty());
}

}  // namespace
}  // namespace baton::registry

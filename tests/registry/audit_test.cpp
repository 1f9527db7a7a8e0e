#include "registry/audit.h"

#include "registry/storage/database.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class AuditTest : public StoreTest {
protected:
    std::vector<AuditEntry> entries(const std::string& filter = {}, std::int64_t after = 0) {
        return read([&](const Snapshot& s) {
                   return list_audit(s, caller("root"), {.size = 1000, .filter = filter}, after);
               })
            .value()
            .items;
    }
    void append(const AuditRecord& record) {
        ASSERT_THAT(write("ada",
                          [&](Transaction& t) -> Status {
                              append_audit(t, record);
                              return {};
                          }),
                    is_ok());
    }
    // As somebody with the file in their hands would.
    void tamper(std::string_view sql) {
        ASSERT_THAT(
            write("ada",
                  [&](Transaction& t) -> Status {
                      t.connection().script("DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;");
                      t.connection().execute(sql);
                      return {};
                  }),
            is_ok());
    }
    std::optional<std::string> broken() {
        const auto problem = read([](const Snapshot& s) -> Result<std::optional<IntegrityProblem>> {
                                 return verify_audit_chain(s);
                             }).value();
        return problem ? std::optional(problem->what) : std::nullopt;
    }
};

AuditEntry example() {
    return {.sequence = 7,
            .time = *parse_timestamp("2026-01-02T03:04:05.000006Z"),
            .actor = "ada",
            .action = "version.registered",
            .object = "model/credit-risk/version/3",
            .digest = sha256("x"),
            .details = {{"size", "12"}, {"engine", "eigen"}},
            .request_id = "r-1",
            .hash = {}};
}

TEST(AuditFormatTest, TheCanonicalEntryIsOneSpelling) {
    EXPECT_EQ(
        canonical_audit_entry(example()),
        R"({"action":"version.registered","actor":"ada","details":{"engine":"eigen","size":"12"},"digest":")" +
            sha256("x").text() +
            R"(","object":"model/credit-risk/version/3","request_id":"r-1","sequence":7,"time":"2026-01-02T03:04:05.000006Z"})");
    AuditEntry entry = example();
    entry.digest.reset();
    EXPECT_THAT(canonical_audit_entry(entry), testing::Not(HasSubstr("digest")));
}

TEST(AuditFormatTest, TheHashCoversTheEntryAndTheHashBefore) {
    const std::string zeros(32, '\0');
    EXPECT_EQ(chain_hash(Digest(), example()), sha256(zeros + canonical_audit_entry(example())));
    EXPECT_NE(chain_hash(sha256("other"), example()), chain_hash(Digest(), example()));
    const auto changed = [](auto change) {
        AuditEntry entry = example();
        change(entry);
        return chain_hash(Digest(), entry);
    };
    const std::set<Digest> hashes = {
        changed([](AuditEntry&) {}),
        changed([](AuditEntry& e) { ++e.sequence; }),
        changed([](AuditEntry& e) { e.time += std::chrono::microseconds(1); }),
        changed([](AuditEntry& e) { e.actor += "x"; }),
        changed([](AuditEntry& e) { e.action += "x"; }),
        changed([](AuditEntry& e) { e.object += "x"; }),
        changed([](AuditEntry& e) { e.digest = sha256("y"); }),
        changed([](AuditEntry& e) { e.details["size"] = "13"; }),
        changed([](AuditEntry& e) { e.request_id += "x"; }),
    };
    EXPECT_EQ(hashes.size(), 9U);
}

TEST_F(AuditTest, EntriesCarryWhoWhenAndTheRequest) {
    append({.action = "test.done", .object = "model/m", .digest = sha256("m"), .details = {{"why", "a \"test\"\n✓"}}});
    const auto found = entries("action = 'test.done'");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].actor, "ada");
    EXPECT_EQ(found[0].time, clock().now());
    EXPECT_EQ(found[0].request_id, "test-request");
    EXPECT_EQ(found[0].details.at("why"), "a \"test\"\n✓");
    EXPECT_EQ(found[0].digest, sha256("m"));
    EXPECT_EQ(broken(), std::nullopt);
}

TEST_F(AuditTest, EachEntryFollowsTheOneBefore) {
    register_as("ada", "m");
    Digest previous;
    std::int64_t sequence = 0;
    for (const AuditEntry& entry : entries()) {
        EXPECT_EQ(entry.sequence, ++sequence);
        EXPECT_EQ(entry.hash, chain_hash(previous, entry));
        previous = entry.hash;
    }
    EXPECT_GE(sequence, 10);
}

TEST_F(AuditTest, AnAlteredEntryIsFound) {
    tamper("UPDATE audit_log SET actor = 'dan' WHERE sequence = 3");
    EXPECT_THAT(broken().value_or(""), HasSubstr("entry 3"));
    EXPECT_EQ(store().check().value().size(), 1U);
}

TEST_F(AuditTest, AMissingEntryIsFound) {
    tamper("DELETE FROM audit_log WHERE sequence = 3");
    EXPECT_THAT(broken().value_or(""), HasSubstr("no entry 3"));
}

TEST_F(AuditTest, AChainOfMoreEntriesThanOneBatchIsVerified) {
    ASSERT_THAT(write("ada",
                      [](Transaction& t) -> Status {
                          for (int i = 0; i < 2500; ++i)
                              append_audit(t, {.action = "test", .object = "x", .digest = {}, .details = {}});
                          return {};
                      }),
                is_ok());
    EXPECT_EQ(broken(), std::nullopt);
    tamper("UPDATE audit_log SET object = 'y' WHERE sequence = 2400");
    EXPECT_THAT(broken().value_or(""), HasSubstr("entry 2400"));
}

TEST_F(AuditTest, FollowersAskForWhatIsAfterTheLastTheySaw) {
    const std::int64_t last = entries().back().sequence;
    EXPECT_THAT(entries({}, last), IsEmpty());
    append({.action = "test.done", .object = "model/m", .digest = {}, .details = {}});
    EXPECT_EQ(entries({}, last).size(), 1U);
}

TEST_F(AuditTest, WhoIsLimitedToSomeModelsMayNotReadIt) {
    Caller limited = caller("vic");
    const auto list = [&](const Snapshot& s) { return list_audit(s, limited, {}, 0); };
    EXPECT_THAT(read(list), is_ok());
    limited.models = {"credit-*"};
    EXPECT_THAT(read(list), fails_with(Code::permission_denied));
    limited.models = {};
    limited.roles = {};
    EXPECT_THAT(read(list), fails_with(Code::permission_denied));
}

}  // namespace
}  // namespace baton::registry

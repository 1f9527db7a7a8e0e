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
            .method = "token",
            .credential = "btp_0123abcd",
            .format = 2,
            .hash = {}};
}

// The example of docs/formats.md: what printf and sha256sum make of its text.
TEST(AuditFormatTest, TheCanonicalEntryIsOneSpelling) {
    EXPECT_EQ(canonical_audit_entry(example()),
              R"({"action":"version.registered","actor":"ada","credential":"btp_0123abcd","details":{"engine":"eigen")"
              R"(,"size":"12"},"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","fo)"
              R"(rmat":"baton-audit/2","method":"token","object":"model/credit-risk/version/3","request_id":"r-1","se)"
              R"(quence":7,"time":"2026-01-02T03:04:05.000006Z"})");
    EXPECT_EQ(chain_hash(Digest(), example()).text(),
              "sha256:64982319634fe797d75543b2cf4423b81c6635517869c7fdc099dcdbfb73356e");
}

TEST(AuditFormatTest, WhatIsNotThereIsLeftOut) {
    AuditEntry entry = example();
    entry.digest.reset();
    entry.credential.clear();
    entry.method = "system";
    EXPECT_THAT(canonical_audit_entry(entry), testing::Not(HasSubstr("digest")));
    EXPECT_THAT(canonical_audit_entry(entry), testing::Not(HasSubstr("credential")));
}

TEST(AuditFormatTest, EntriesOfTheFirstFormAreHashedAsTheyWere) {
    AuditEntry entry = example();
    entry.format = 1;
    EXPECT_EQ(canonical_audit_entry(entry),
              R"({"action":"version.registered","actor":"ada","details":{"engine":"eigen","size":"12"},"digest":"sha2)"
              R"(56:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","object":"model/credit-risk/ver)"
              R"(sion/3","request_id":"r-1","sequence":7,"time":"2026-01-02T03:04:05.000006Z"})");
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
        changed([](AuditEntry& e) { e.method += "x"; }),
        changed([](AuditEntry& e) { e.credential += "x"; }),
        changed([](AuditEntry& e) { e.format = 1; }),
    };
    EXPECT_EQ(hashes.size(), 12U);
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

TEST_F(AuditTest, EntriesNameTheCredential) {
    Call call = as("ada");
    call.caller.token_id = "btp_0123abcd";
    const AuditRecord record{.action = "test.done", .object = "x", .digest = {}, .details = {}};
    for (const Call& by : {call, as(system_caller())}) {
        ASSERT_THAT(write(by,
                          [&](Transaction& t) -> Status {
                              append_audit(t, record);
                              return {};
                          }),
                    is_ok());
    }
    const auto by_token = entries("credential = 'btp_0123abcd'");
    ASSERT_EQ(by_token.size(), 1U);
    EXPECT_EQ(by_token[0].method, "token");
    EXPECT_EQ(by_token[0].format, 2);
    const auto by_itself = entries("action = 'test.done' AND method = 'system'");
    ASSERT_EQ(by_itself.size(), 1U);
    EXPECT_EQ(by_itself[0].credential, "");
    EXPECT_EQ(broken(), std::nullopt);
}

TEST_F(AuditTest, AdminsAndUnlimitedViewersMayReadIt) {
    const auto may_read = [&](const Caller& caller) {
        const auto page = read([&](const Snapshot& s) { return list_audit(s, caller, {}, 0); });
        if (!page.ok()) {
            EXPECT_EQ(page.error().code, Code::permission_denied);
        }
        return page.ok();
    };
    EXPECT_TRUE(may_read(caller("vic")));
    EXPECT_TRUE(may_read(caller("root")));
    for (const char* name : {"ada", "pia", "dora"}) EXPECT_FALSE(may_read(caller(name))) << name;
    Caller limited = caller("vic");
    limited.models = {"credit-*"};
    EXPECT_FALSE(may_read(limited));
    limited.models = {};
    limited.environments = {"staging"};
    EXPECT_FALSE(may_read(limited));
    limited.environments = {};
    limited.roles = {};
    EXPECT_FALSE(may_read(limited));
}

}  // namespace
}  // namespace baton::registry

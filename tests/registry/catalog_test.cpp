#include "registry/catalog.h"

#include <cmath>
#include <limits>
#include <thread>

#include "registry/audit.h"
#include "registry/report_records.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class CatalogTest : public StoreTest {
protected:
    Result<Model> create(const std::string& name, const std::string& user = "ada") {
        return write(user, [&](Transaction& t) {
            return create_model(t, {model_name(name), "about it", {{"team", "risk"}}});
        });
    }
    Result<Model> model(const std::string& name) {
        return read([&](const Snapshot& s) { return get_model(s, caller("vic"), model_name(name)); });
    }
    Result<Version> version(const std::string& name, const std::string& ref) {
        return read([&](const Snapshot& s) {
            return get_version(s, caller("vic"), model_name(name), parse_version_ref(ref).value());
        });
    }
    Result<Version> add(const NewVersion& wanted, const std::string& user = "ada") {
        return write(user, [&](Transaction& t) { return register_version(t, wanted); });
    }
    std::vector<AuditEntry> audit() {
        return read([&](const Snapshot& s) {
                   return list_audit(s, caller("root"), {.filter = "action != 'user.created'"}, 0);
               })
            .value()
            .items;
    }
    std::vector<std::string> actions() {
        std::vector<std::string> found;
        for (const AuditEntry& entry : audit()) found.push_back(entry.action + " " + entry.object);
        return found;
    }
};

TEST_F(CatalogTest, CreatesAModel) {
    const auto created = create("credit-risk");
    ASSERT_THAT(created, is_ok());
    EXPECT_EQ(created->owner.text(), "ada");
    EXPECT_EQ(created->description, "about it");
    EXPECT_THAT(created->tags, ElementsAre(Pair("team", "risk")));
    EXPECT_EQ(created->created_at, clock().now());
    EXPECT_EQ(created->revision, 1);
    EXPECT_EQ(created->versions, 0);
    EXPECT_EQ(created->latest_version, std::nullopt);
    EXPECT_THAT(create("credit-risk"), fails_saying(Code::already_exists, "credit-risk"));
    EXPECT_THAT(create("other", "vic"), fails_saying(Code::permission_denied, "developer"));
    EXPECT_THAT(actions(), ElementsAre("model.created model/credit-risk"));
}

TEST_F(CatalogTest, EditsAModelAtTheRevisionThatWasSeen) {
    ASSERT_THAT(create("m"), is_ok());
    const auto edit = [&](const ModelEdit& change) {
        return write("dan", [&](Transaction& t) { return edit_model(t, model_name("m"), change); });
    };
    clock().advance(std::chrono::seconds(5));
    const auto edited = edit({.description = "new",
                              .tags = {{"team", std::nullopt}, {"tier", "1"}},
                              .owner = user_name("dan"),
                              .expected_revision = 1});
    ASSERT_THAT(edited, is_ok());
    EXPECT_EQ(edited->description, "new");
    EXPECT_EQ(edited->owner.text(), "dan");
    EXPECT_THAT(edited->tags, ElementsAre(Pair("tier", "1")));
    EXPECT_EQ(edited->revision, 2);
    EXPECT_EQ(edited->updated_at, clock().now());
    EXPECT_LT(edited->created_at, clock().now());
    EXPECT_THAT(edit({.description = "lost", .tags = {}, .owner = {}, .expected_revision = 1}),
                fails_saying(Code::aborted, "revision is 2"));
    EXPECT_THAT(edit({.description = {}, .tags = {}, .owner = user_name("nobody"), .expected_revision = {}}),
                fails_with(Code::invalid_argument));
    EXPECT_EQ(model("m")->description, "new");
}

TEST_F(CatalogTest, AnEditThatChangesNothingLeavesNoEntry) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    const Alias champion = Alias::parse("champion").value();
    const auto edit_all = [&](const std::string& text, const TagChanges& tags) {
        EXPECT_THAT(write("dan",
                          [&](Transaction& t) {
                              return edit_model(t, model_name("m"), {text, tags, user_name("dan"), {}});
                          }),
                    is_ok());
        EXPECT_THAT(write("dan",
                          [&](Transaction& t) {
                              return edit_version(t, model_name("m"), VersionRef(1), {text, tags, {}});
                          }),
                    is_ok());
        EXPECT_THAT(
            write("dan", [&](Transaction& t) { return set_alias(t, model_name("m"), champion, VersionRef(1)); }),
            is_ok());
    };
    edit_all("text", {{"kept", "1"}, {"changed", "1"}});
    const std::size_t entries = audit().size();
    const std::int64_t revision = model("m")->revision;
    edit_all("text", {{"kept", "1"}, {"unknown", std::nullopt}});
    EXPECT_EQ(audit().size(), entries);
    EXPECT_EQ(model("m")->revision, revision);
    EXPECT_EQ(version("m", "1")->revision, 2);

    edit_all("text", {{"kept", "1"}, {"changed", "2"}, {"unknown", std::nullopt}});
    ASSERT_EQ(audit().size(), entries + 2);
    EXPECT_THAT(audit()[entries].details, ElementsAre(Pair("tags.changed", "2"))) << "what changed, not what was sent";
    EXPECT_THAT(audit()[entries + 1].details, ElementsAre(Pair("tags.changed", "2")));
}

TEST_F(CatalogTest, ListsEveryWrongFieldAtOnce) {
    const auto failed = write("ada", [&](Transaction& t) {
        return create_model(t, {model_name("m"), "\xff", {{"", "x"}, {"big", std::string(6000, 'x')}}});
    });
    ASSERT_THAT(failed, fails_with(Code::invalid_argument));
    std::vector<std::string> fields;
    for (const FieldError& field : failed.error().fields) fields.push_back(field.field);
    EXPECT_THAT(fields, UnorderedElementsAre("description", "tags", "tags.big"));
}

TEST_F(CatalogTest, RegistersAVersionWhole) {
    NewVersion wanted = new_version("m", "bytes");
    wanted.description = "first";
    wanted.tags = {{"team", "risk"}};
    wanted.metadata = {{"framework", "scikit-learn"}, {"task", "binary"}};
    wanted.files = {{"a/b.txt", 5, sha256("b")}, {"model.onnx", 7, sha256("bytes")}};
    wanted.findings = {{"warning", "odd", "looks odd"}, {"info", "note", "a note"}};
    wanted.report = new_report(0.9);
    ASSERT_THAT(add(wanted), is_ok());
    const auto stored = version("m", "1");
    ASSERT_THAT(stored, is_ok());
    EXPECT_EQ(stored->number, 1);
    EXPECT_EQ(stored->digest, wanted.digest);
    EXPECT_EQ(stored->stage, Stage::staged);
    EXPECT_EQ(stored->created_by.text(), "ada");
    EXPECT_EQ(stored->created_at, clock().now());
    EXPECT_EQ(stored->description, "first");
    EXPECT_EQ(stored->tags, wanted.tags);
    EXPECT_EQ(stored->metadata, wanted.metadata);
    EXPECT_EQ(stored->signature.inputs.at(0).name, "X");
    EXPECT_THAT(stored->signature.inputs.at(0).shape, ElementsAre(-1, 4));
    EXPECT_EQ(stored->signature.outputs.at(0).datatype, "INT64");
    EXPECT_EQ(stored->engine, "eigen");
    EXPECT_EQ(stored->model_path, "model.onnx");
    ASSERT_EQ(stored->files.size(), 2U);
    EXPECT_EQ(stored->files[1].digest, sha256("bytes"));
    EXPECT_EQ(stored->size, 12U);
    ASSERT_EQ(stored->findings.size(), 2U);
    EXPECT_EQ(stored->findings[0].code, "odd");
    EXPECT_EQ(model("m")->owner.text(), "ada") << "the model was created with it";
    EXPECT_EQ(model("m")->latest_version, 1);
    EXPECT_THAT(actions(), ElementsAre("model.created model/m", "version.registered model/m/version/1",
                                       "report.added model/m/version/1/report/1"));
    EXPECT_THAT(store().check().value(), IsEmpty());
}

TEST_F(CatalogTest, ARefusedVersionLeavesNothingNotEvenTheModel) {
    NewVersion wanted = new_version("m", "bytes");
    wanted.report = new_report(std::nan(""));
    EXPECT_THAT(add(wanted), fails_saying(Code::invalid_argument, "report.metrics.roc_auc"));
    wanted = new_version("m", "bytes");
    wanted.files.clear();
    EXPECT_THAT(add(wanted), fails_with(Code::invalid_argument));
    EXPECT_THAT(add(new_version("m", "bytes"), "pia"), fails_with(Code::permission_denied));
    EXPECT_THAT(model("m"), fails_with(Code::not_found));
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(CatalogTest, TheSameContentTwiceNamesTheVersionThatIsThere) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    ASSERT_THAT(add(new_version("m", "b")), is_ok());
    EXPECT_THAT(add(new_version("m", "a"), "dan"), fails_saying(Code::already_exists, "version 1 of m"));
    EXPECT_EQ(add(new_version("m", "c"))->number, 3) << "a refused one takes no number";
    EXPECT_EQ(add(new_version("n", "a"))->number, 1) << "another model may have it";
}

TEST_F(CatalogTest, TwoHundredRegistrationsAtOnceAreNumberedWithoutGap) {
    constexpr int threads = 8;
    constexpr int each = 25;
    std::array<std::vector<VersionNumber>, threads> numbers;
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            for (int j = 0; j < each; ++j) {
                const auto added =
                    add(new_version("m", std::to_string(i) + "/" + std::to_string(j)), i % 2 == 0 ? "ada" : "dan");
                ASSERT_THAT(added, is_ok());
                numbers[static_cast<std::size_t>(i)].push_back(added->number);
            }
        });
    }
    for (std::thread& thread : running) thread.join();
    std::vector<VersionNumber> all;
    for (const auto& some : numbers) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), 200U);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<VersionNumber>(i) + 1);
    EXPECT_THAT(store().check().value(), IsEmpty());
}

TEST_F(CatalogTest, VersionsAreFoundByEveryKindOfReference) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    ASSERT_THAT(add(new_version("m", "b")), is_ok());
    ASSERT_THAT(write("ada",
                      [](Transaction& t) {
                          return set_alias(t, model_name("m"), Alias::parse("champion").value(), VersionRef(1));
                      }),
                is_ok());
    EXPECT_EQ(version("m", "2")->number, 2);
    EXPECT_EQ(version("m", "latest")->number, 2);
    EXPECT_EQ(version("m", "@champion")->number, 1);
    EXPECT_EQ(version("m", sha256("manifest of a").text())->number, 1);
    EXPECT_THAT(version("m", "3"), fails_saying(Code::not_found, "no version 3"));
    EXPECT_THAT(version("m", "live"), fails_saying(Code::not_found, "live in production"));
    EXPECT_THAT(version("m", "@other"), fails_saying(Code::not_found, "alias other"));
    EXPECT_THAT(version("m", sha256("x").text()), fails_with(Code::not_found));
    EXPECT_THAT(version("n", "1"), fails_saying(Code::not_found, "no model n"));
}

TEST_F(CatalogTest, AliasesMoveAndGo) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    ASSERT_THAT(add(new_version("m", "b")), is_ok());
    const Alias champion = Alias::parse("champion").value();
    const auto set = [&](VersionNumber number, const std::string& user) {
        return write(user, [&](Transaction& t) { return set_alias(t, model_name("m"), champion, VersionRef(number)); });
    };
    EXPECT_THAT(set(1, "vic"), fails_with(Code::permission_denied));
    EXPECT_THAT(set(9, "ada"), fails_with(Code::not_found));
    EXPECT_THAT(set(1, "ada")->aliases, ElementsAre(Pair("champion", 1)));
    EXPECT_THAT(set(2, "dan")->aliases, ElementsAre(Pair("champion", 2)));
    EXPECT_THAT(version("m", "2")->aliases, ElementsAre("champion"));
    EXPECT_THAT(version("m", "1")->aliases, IsEmpty());
    const auto remove = [&](Transaction& t) { return remove_alias(t, model_name("m"), champion); };
    EXPECT_THAT(write("ada", remove)->aliases, IsEmpty());
    EXPECT_THAT(write("ada", remove), fails_with(Code::not_found));
}

TEST_F(CatalogTest, EditsWhatIsNotSealedOfAVersion) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    const auto edit = [&](const VersionEdit& change) {
        return write("dan", [&](Transaction& t) { return edit_version(t, model_name("m"), VersionRef(1), change); });
    };
    const auto edited = edit({.description = "better", .tags = {{"k", "v"}}, .expected_revision = 1});
    ASSERT_THAT(edited, is_ok());
    EXPECT_EQ(edited->description, "better");
    EXPECT_THAT(edited->tags, ElementsAre(Pair("k", "v")));
    EXPECT_EQ(edited->revision, 2);
    EXPECT_THAT(edit({.description = {}, .tags = {{"k", std::nullopt}}, .expected_revision = 1}),
                fails_saying(Code::aborted, "m/1"));
    EXPECT_THAT(edit({.description = {}, .tags = {{"k", std::nullopt}}, .expected_revision = 2})->tags, IsEmpty());
}

TEST_F(CatalogTest, HistoryTellsOfThisVersionOnlyEvenAfterTheModelWasDeleted) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    const auto remove = [](Transaction& t) { return delete_model(t, model_name("m"), std::nullopt); };
    EXPECT_THAT(write("vic", remove), fails_with(Code::permission_denied));
    EXPECT_THAT(write("ada", remove), is_ok());
    EXPECT_THAT(model("m"), fails_with(Code::not_found));
    ASSERT_THAT(add(new_version("m", "b"), "dan"), is_ok());
    const auto history =
        read([&](const Snapshot& s) { return version_history(s, caller("vic"), model_name("m"), VersionRef(1)); });
    ASSERT_EQ(history->size(), 1U);
    EXPECT_EQ(history->at(0).change, "registered");
    EXPECT_EQ(history->at(0).actor.text(), "dan");
    EXPECT_THAT(actions(), testing::Contains("model.deleted model/m"));
    EXPECT_THAT(store().check().value(), IsEmpty());
}

TEST_F(CatalogTest, DeletesAtTheRevisionThatWasSeen) {
    ASSERT_THAT(create("m"), is_ok());
    EXPECT_THAT(write("ada", [](Transaction& t) { return delete_model(t, model_name("m"), 7); }),
                fails_with(Code::aborted));
    EXPECT_THAT(write("ada", [](Transaction& t) { return delete_model(t, model_name("m"), 1); }), is_ok());
}

TEST_F(CatalogTest, ReportsBelongToTheirVersion) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    ASSERT_THAT(add(new_version("m", "b")), is_ok());
    NewReport wanted = new_report(0.875);
    wanted.details = R"({"slices":[]})";
    wanted.note = "holdout of May";
    const auto added =
        write("dan", [&](Transaction& t) { return add_report(t, model_name("m"), VersionRef(1), wanted); });
    ASSERT_THAT(added, is_ok());
    const auto get = [&](VersionNumber number) {
        return read([&](const Snapshot& s) {
            return get_report(s, caller("vic"), model_name("m"), VersionRef(number), added->id);
        });
    };
    const auto report = get(1);
    ASSERT_THAT(report, is_ok());
    EXPECT_EQ(report->version_digest, sha256("manifest of a"));
    EXPECT_EQ(report->digest, sha256(canonical_report(report->version_digest, wanted)));
    EXPECT_EQ(report->dataset_name, "holdout");
    EXPECT_EQ(report->dataset_digest, sha256("holdout"));
    EXPECT_EQ(report->dataset_rows, 100);
    EXPECT_THAT(report->metrics, ElementsAre(Pair("roc_auc", 0.875)));
    EXPECT_EQ(report->details, R"({"slices":[]})");
    EXPECT_EQ(report->trust, Trust::claimed);
    EXPECT_EQ(report->created_by.text(), "dan");
    EXPECT_EQ(report->note, "holdout of May");
    EXPECT_THAT(get(2), fails_with(Code::not_found));
    EXPECT_THAT(write("pia", [&](Transaction& t) { return add_report(t, model_name("m"), VersionRef(1), wanted); }),
                fails_with(Code::permission_denied));
}

TEST_F(CatalogTest, AReportNeedsFiniteMetrics) {
    ASSERT_THAT(add(new_version("m", "a")), is_ok());
    const auto add_to = [&](const NewReport& report) {
        return write("ada", [&](Transaction& t) { return add_report(t, model_name("m"), VersionRef(1), report); });
    };
    EXPECT_THAT(add_to(new_report(std::numeric_limits<double>::infinity())),
                fails_saying(Code::invalid_argument, "metrics.roc_auc"));
    NewReport none = new_report(1);
    none.metrics.clear();
    EXPECT_THAT(add_to(none), fails_saying(Code::invalid_argument, "metrics"));
    NewReport negative = new_report(1);
    negative.dataset_rows = -1;
    EXPECT_THAT(add_to(negative), fails_saying(Code::invalid_argument, "dataset.rows"));
}

// The example of docs/formats.md: what printf and sha256sum make of its text.
TEST(ReportFormatTest, TheCanonicalReportIsOneSpelling) {
    const NewReport report{.dataset_name = "holdout",
                           .dataset_digest = sha256("abc"),
                           .dataset_rows = 100,
                           .dataset_context = "test",
                           .task = "binary",
                           .metrics = {{"log_loss", 1e-7}, {"accuracy_score", 0.86}, {"example_count", 100}},
                           .details = R"({"ci":{"accuracy_score":[0.81,0.9]}})",
                           .note = "first try"};
    EXPECT_EQ(canonical_report(sha256(""), report),
              R"({"dataset":{"context":"test","digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff)"
              R"(61f20015ad","name":"holdout","rows":100},"details":{"ci":{"accuracy_score":[0.81,0.9]}},"format":"ba)"
              R"(ton-report/1","metrics":{"accuracy_score":0.86,"example_count":100,"log_loss":1e-7},"note":"first tr)"
              R"(y","task":"binary","version":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85)"
              R"(5"})");
    EXPECT_EQ(sha256(canonical_report(sha256(""), report)).text(),
              "sha256:6ce49b3bfc3e42f75d002fbbb42333da70afd44e14c8d2346000f64889c1f674");
}

TEST(ReportFormatTest, WhatWasNotSaidIsLeftOut) {
    NewReport report{.dataset_name = {},
                     .dataset_digest = std::nullopt,
                     .dataset_rows = std::nullopt,
                     .dataset_context = {},
                     .task = {},
                     .metrics = {{"f1", 0.5}},
                     .details = "{}",
                     .note = {}};
    EXPECT_THAT(canonical_report(sha256(""), report), HasSubstr(R"("dataset":{"context":"","name":""},"details":{},)"));
}

TEST_F(CatalogTest, EveryReferencedBlobIsListedOnce) {
    NewVersion wanted = new_version("m", "a");
    wanted.files = {{"copy", 1, sha256("a")}, {"model.onnx", 1, sha256("a")}, {"notes", 2, sha256("notes")}};
    ASSERT_THAT(add(wanted), is_ok());
    ASSERT_THAT(add(new_version("n", "a")), is_ok());
    std::set<Digest> digests;
    const auto files = read([](const Snapshot& s) { return referenced_files(s); });
    for (const File& file : files.value()) EXPECT_TRUE(digests.insert(file.digest).second);
    EXPECT_THAT(digests, UnorderedElementsAre(sha256("a"), sha256("notes")));
}

}  // namespace
}  // namespace baton::registry

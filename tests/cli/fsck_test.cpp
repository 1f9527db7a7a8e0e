// baton fsck finds what is wrong with a folder and leaves every file of it as it was.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "registry/catalog.h"
#include "registry/identity.h"
#include "registry/storage/database.h"
#include "registry/storage/migrate.h"
#include "server/app/data_folder.h"
#include "tests/cli/command.h"

namespace baton::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Of every file and folder below `root`: mode, time of the last change, content.
std::map<std::string, std::string> picture_of(const fs::path& root) {
    std::map<std::string, std::string> picture;
    const auto add = [&](const fs::directory_entry& entry) {
        std::string text = std::to_string(static_cast<unsigned>(entry.status().permissions())) + " " +
                           std::to_string(entry.last_write_time().time_since_epoch().count());
        if (entry.is_regular_file()) {
            std::ifstream in(entry.path(), std::ios::binary);
            text += " " + std::string(std::istreambuf_iterator<char>(in), {});
        }
        picture[entry.path().lexically_relative(root).string()] = std::move(text);
    };
    add(fs::directory_entry(root));
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) add(entry);
    return picture;
}

class FsckTest : public CommandTest {
protected:
    fs::path data() const { return folder / "data"; }

    // A folder as a process leaves it that was killed: with a log that is not folded in and an upload that broke off.
    // With a version of these files, if any.
    void make_crashed_folder(const std::vector<std::pair<std::string, std::string>>& files = {}) {
        const fs::path live = folder / "live";
        const auto opened = server::open_data_folder(live, clock_).value();
        store_blob(*opened.blobs, "good bytes");
        store_blob(*opened.blobs, "nobody's");
        ASSERT_TRUE(bootstrap_admin(*opened.store).ok());
        const registry::Call call{.caller = registry::system_caller(), .request_id = "test", .idempotency = {}};
        ASSERT_TRUE(opened.store
                        ->write<registry::User>(call,
                                                [](registry::Transaction& transaction) {
                                                    return create_user(transaction,
                                                                       registry::UserName::parse("dana").value(),
                                                                       {registry::Role::developer});
                                                })
                        .ok());
        if (!files.empty()) register_files(opened, files);
        fs::copy(live, data(), fs::copy_options::recursive);
        ASSERT_GT(fs::file_size(data() / "baton.db-wal"), 0u);
        write("data/uploads/" + sha256("x").hex() + ".1.tmp", "half an upl");
    }

    static void register_files(const server::DataFolder& opened,
                               const std::vector<std::pair<std::string, std::string>>& files) {
        registry::Caller caller = registry::system_caller();
        caller.user = registry::UserName::parse("dana").value();
        caller.roles = {registry::Role::developer};
        const registry::Call call{.caller = caller, .request_id = "test", .idempotency = {}};
        registry::NewVersion version{.model = registry::ModelName::parse("risk").value(),
                                     .digest = sha256("m"),
                                     .files = {},
                                     .description = {},
                                     .tags = {},
                                     .metadata = {},
                                     .signature = {},
                                     .model_path = {},
                                     .findings = {},
                                     .report = {}};
        for (const auto& [path, content] : files) {
            store_blob(*opened.blobs, content);
            version.files.push_back({path, content.size(), sha256(content)});
        }
        const auto registered = opened.store->write<registry::Version>(
            call, [&](registry::Transaction& transaction) { return register_version(transaction, version); });
        ASSERT_TRUE(registered.ok()) << registered.error().message;
    }

    static void store_blob(artifacts::BlobStore& blobs, const std::string& content) {
        const auto upload = blobs.upload(sha256(content), content.size(), 0).value();
        ASSERT_TRUE(upload->write(std::as_bytes(std::span(content))).ok());
        ASSERT_TRUE(upload->commit().ok());
    }

    fs::path blob(const std::string& content) const {
        const std::string hex = sha256(content).hex();
        return data() / "blobs" / "sha256" / hex.substr(0, 2) / hex;
    }

    // The exit code and document of a run that has changed nothing.
    std::pair<int, Json> fsck() {
        const auto before = picture_of(data());
        const Outcome outcome = baton({"fsck", "--data", data().string(), "--json"});
        EXPECT_EQ(picture_of(data()), before);
        return {outcome.code, Json::parse(outcome.out)};
    }

private:
    const SystemClock clock_;
};

TEST_F(FsckTest, AFolderThatAKilledServerLeftIsReadAsItIs) {
    make_crashed_folder();
    const auto [code, report] = fsck();
    EXPECT_EQ(code, 0) << report;
    EXPECT_EQ(report["blobs"], 2);
    EXPECT_EQ(report["orphaned"].size(), 2u);
}

TEST_F(FsckTest, ADamagedBlobStaysWhereItIs) {
    make_crashed_folder();
    write(fs::relative(blob("good bytes"), folder).string(), "evil bytes");
    const auto [code, report] = fsck();
    EXPECT_EQ(code, 8);
    EXPECT_EQ(report["corrupt"], Json::array({sha256("good bytes").text()}));
}

TEST_F(FsckTest, WhoSuffersIsNamed) {
    make_crashed_folder({{"model.txt", "good bytes"}, {"gone.txt", "lost bytes"}});
    write(fs::relative(blob("good bytes"), folder).string(), "evil bytes");
    fs::remove(blob("lost bytes"));
    const auto [code, report] = fsck();
    EXPECT_EQ(code, 8);
    EXPECT_EQ(report["missing"], Json::array({sha256("lost bytes").text()}));
    ASSERT_EQ(report["affected"].size(), 2u);
    EXPECT_EQ(
        report["affected"][0],
        (Json{{"digest", sha256("good bytes").text()}, {"model", "risk"}, {"version", 1}, {"path", "model.txt"}}));
    const Outcome people = baton({"fsck", "--data", data().string()});
    EXPECT_THAT(people.out, HasSubstr("corrupt: " + sha256("good bytes").text() + "\n  risk/1: model.txt\n"));
    EXPECT_THAT(people.out, HasSubstr("missing: " + sha256("lost bytes").text() + "\n  risk/1: gone.txt\n"));
    EXPECT_THAT(people.err, HasSubstr("hint: the blobs: "));
}

TEST_F(FsckTest, BlobsWithoutMetadataAreAFindingAndNoNewRegistry) {
    make_crashed_folder();
    fs::remove(data() / "baton.db");
    fs::remove(data() / "baton.db-wal");
    for (const bool empty : {false, true}) {
        if (empty) write("data/baton.db", "");
        const auto [code, report] = fsck();
        EXPECT_EQ(code, 8);
        EXPECT_EQ(report["problems"].size(), 1u);
        const auto opened = server::open_data_folder(data(), SystemClock());
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, Code::failed_precondition);
        EXPECT_THAT(opened.error().message, HasSubstr("baton.db is gone"));
        EXPECT_EQ(fs::exists(data() / "baton.db"), empty);
    }
}

TEST_F(FsckTest, MetadataThatCannotBeReadIsAFinding) {
    make_crashed_folder();
    fs::remove(data() / "baton.db-wal");
    write("data/baton.db", std::string(8192, 'x'));
    const auto [code, report] = fsck();
    EXPECT_EQ(code, 8);
    EXPECT_THAT(dump(report["problems"]), HasSubstr("not a database"));
    EXPECT_EQ(report["blobs"], 2);
    EXPECT_TRUE(report["orphaned"].empty());  // who could say
    EXPECT_THAT(baton({"fsck", "--data", data().string()}).err, HasSubstr("hint: the metadata: restore baton.db"));
}

TEST_F(FsckTest, AFolderOfAnOlderBatonIsNotMigrated) {
    namespace storage = registry::storage;
    fs::create_directory(data());
    ASSERT_TRUE(storage::migrate(*storage::open_sqlite(data()).value(), migrations::all().first(1)).ok());
    const auto [code, report] = fsck();
    EXPECT_EQ(code, 0) << report;
}

TEST_F(FsckTest, ABackupWithoutALockFileIsFine) {
    make_crashed_folder();
    fs::remove(data() / "lock");
    EXPECT_EQ(fsck().first, 0);
}

TEST_F(FsckTest, AFolderThatIsNoneOrInUseIsRefused) {
    EXPECT_EQ(baton({"fsck", "--data", data().string()}).code, 3);
    const SystemClock clock;
    const auto opened = server::open_data_folder(data(), clock).value();
    const Outcome outcome = baton({"fsck", "--data", data().string()});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_THAT(outcome.err, HasSubstr("in use"));
}

}  // namespace
}  // namespace baton::cli

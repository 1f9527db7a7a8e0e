#include "artifacts/local/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "fake_file_system.h"
#include "store_helpers.h"
#include "vectors.h"

namespace baton::artifacts {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct FixedClock : Clock {
    Timestamp time{};
    Timestamp now() const override { return time; }
};

class LocalStoreOnFake : public testing::Test {
protected:
    std::unique_ptr<LocalStore> open(std::uint64_t reserve = 0) {
        auto store = LocalStore::open_folder({"/store", reserve}, files, clock);
        EXPECT_TRUE(store.ok()) << store.error().message;
        return *std::move(store);
    }
    // Leaves the first bytes of an upload behind.
    void leave_partial(LocalStore& store, const std::string& bytes) {
        ASSERT_TRUE((*store.upload(sha256(bytes), bytes.size(), 0))->write(as_bytes(bytes.substr(0, 3))).ok());
    }

    FixedClock clock;
    std::shared_ptr<FakeFileSystem> files = std::make_shared<FakeFileSystem>();
    const LocalPaths paths{"/store"};
};

TEST(LocalPaths, AreMadeOfDigests) {
    const Digest digest = sha256("abc");
    const LocalPaths paths("/d");
    const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(paths.blob(digest), "/d/blobs/sha256/ba/" + hex);
    EXPECT_EQ(paths.partial(digest), "/d/uploads/" + hex + ".partial");
    EXPECT_EQ(paths.temporary(digest, 7), "/d/uploads/" + hex + ".7.tmp");
    EXPECT_EQ(paths.set_aside(digest, 0), "/d/corrupt/" + hex);
    EXPECT_EQ(paths.set_aside(digest, 2), "/d/corrupt/" + hex + ".2");
    EXPECT_EQ(LocalPaths::digest_of_partial(hex + ".partial"), digest);
    EXPECT_EQ(LocalPaths::digest_of_partial(hex + ".7.tmp"), std::nullopt);
    EXPECT_EQ(LocalPaths::digest_of_partial("x.partial"), std::nullopt);
}

TEST(LocalStore, MakesAPrivateFolderAndOpensItAgain) {
    const TemporaryFolder folder;
    const std::string root = folder.path() / "deep" / "store";
    ASSERT_TRUE(put(**open_local_store({root}), "content").ok());
    struct stat status {};
    ASSERT_EQ(::stat(root.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    const Digest digest = sha256("content");
    EXPECT_EQ(read_file(LocalPaths(root).blob(digest)), "content");
    EXPECT_EQ(*(*open_local_store({root}))->read(digest), "content");
    ASSERT_EQ(::stat(LocalPaths(root).blob(digest).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(LocalStore, SaysWhyItCannotOpen) {
    EXPECT_EQ(code_of(open_local_store({""})), Code::invalid_argument);
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    const auto store = open_local_store({folder.path() / "file"});
    ASSERT_FALSE(store.ok());
    EXPECT_THAT(store.error().message, testing::HasSubstr("file"));
}

TEST(LocalStore, DoesNotFollowLinks) {
    const TemporaryFolder folder;
    const auto store = *open_local_store({folder.path()});
    std::ofstream(folder.path() / "secret") << "secret";
    ASSERT_TRUE(put(*store, "secret").ok());
    std::filesystem::remove(LocalPaths(folder.path()).blob(sha256("secret")));
    std::filesystem::create_symlink(folder.path() / "secret", LocalPaths(folder.path()).blob(sha256("secret")));
    EXPECT_FALSE(store->open(sha256("secret")).ok());
    EXPECT_FALSE(store->read(sha256("secret")).ok());
}

TEST_F(LocalStoreOnFake, SweepsWhatCannotBeResumed) {
    auto store = open();
    leave_partial(*store, "recent");
    const Digest digest = sha256("stored");
    ASSERT_TRUE(put(*store, "stored").ok());
    files->put(paths.partial(digest), "sto");
    files->put(paths.temporary(digest, 3), "st");
    files->put(paths.uploads() + "/README", "not ours");
    store.reset();
    store = open();
    EXPECT_THAT(*files->list(paths.uploads()), UnorderedElementsAre(sha256("recent").hex() + ".partial", "README"));
    EXPECT_EQ(*store->upload_offset(sha256("recent")), 3u);
}

TEST_F(LocalStoreOnFake, SweepsPartialUploadsAfterSevenDays) {
    auto store = open();
    clock.time = Timestamp(std::chrono::days(100));
    files->set_now(clock.time - partial_upload_lifetime);
    leave_partial(*store, "seven days");
    files->set_now(clock.time - partial_upload_lifetime - std::chrono::seconds(1));
    leave_partial(*store, "more");
    store.reset();
    store = open();
    EXPECT_EQ(*store->upload_offset(sha256("seven days")), 3u);
    EXPECT_EQ(*store->upload_offset(sha256("more")), 0u);
}

TEST_F(LocalStoreOnFake, LeavesNothingBehindASecondUpload) {
    const auto store = open();
    const std::string bytes = "same bytes";
    {
        const auto first = *store->upload(sha256(bytes), bytes.size(), 0);
        const auto second = *store->upload(sha256(bytes), bytes.size(), 0);
        ASSERT_TRUE(first->write(as_bytes(bytes.substr(0, 4))).ok());
        ASSERT_TRUE(second->write(as_bytes(bytes.substr(0, 7))).ok());
        EXPECT_EQ(files->list(paths.uploads())->size(), 2u);
    }
    EXPECT_THAT(*files->list(paths.uploads()), UnorderedElementsAre(sha256(bytes).hex() + ".partial"));
    EXPECT_EQ(*store->upload_offset(sha256(bytes)), 4u);
    ASSERT_TRUE(put(*store, bytes).ok());
    EXPECT_THAT(*files->list(paths.uploads()), IsEmpty());
}

TEST_F(LocalStoreOnFake, KeepsTheReserveFree) {
    const auto store = open(1000);
    const std::string bytes(500, 'b');
    files->set_free_space(1499);
    EXPECT_EQ(code_of(store->upload(sha256(bytes), 500, 0)), Code::out_of_space);
    files->set_free_space(999);
    EXPECT_EQ(code_of(store->upload(sha256(bytes), 0, 0)), Code::out_of_space);
    files->set_free_space(1500);
    const auto upload = store->upload(sha256(bytes), 500, 0);
    ASSERT_TRUE(upload.ok());
    files->set_free_space(1200);  // somebody else wrote
    const Status status = (*upload)->write(as_bytes(bytes));
    EXPECT_EQ(code_of(status), Code::out_of_space);
    EXPECT_FALSE(status.error().hint.empty());
}

TEST_F(LocalStoreOnFake, SetsChangedBlobsAsideAndKeepsThemAll) {
    const auto store = open();
    const Digest digest = sha256("content");
    for (unsigned round = 0; round < 3; ++round) {
        ASSERT_TRUE(put(*store, "content").ok());
        files->flip_bit(paths.blob(digest));
        EXPECT_EQ(code_of(store->read(digest)), Code::integrity);
        EXPECT_TRUE(files->exists(paths.set_aside(digest, round)));
    }
    files->power_loss();
    EXPECT_EQ(files->list(paths.corrupt())->size(), 3u);
    EXPECT_FALSE(is_stored(*store, digest));
}

TEST_F(LocalStoreOnFake, ListsOnlyItsOwnNames) {
    const auto store = open();
    ASSERT_TRUE(put(*store, "content").ok());
    const Digest digest = sha256("content");
    files->put(paths.shard(LocalPaths::shard_of(digest)) + "/core", "x");
    const std::string wrong_shard = paths.shard((LocalPaths::shard_of(digest) + 1) % 256);
    ASSERT_TRUE(files->make_folder(wrong_shard).ok());
    files->put(wrong_shard + '/' + digest.hex(), "x");
    int count = 0;
    ASSERT_TRUE(store
                    ->each([&](const Digest& d, std::uint64_t size) {
                        EXPECT_EQ(d, digest);
                        EXPECT_EQ(size, 7u);
                        return ++count > 0;
                    })
                    .ok());
    EXPECT_EQ(count, 1);
}

std::size_t resident_bytes() {
    std::ifstream stream("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    stream >> total >> resident;
    return resident * 4096;
}

// Uploads, resumes and verifies 64 MiB; none of it may be held in memory.
TEST(LocalStore, NeedsNoMemoryForLargeBlobs) {
    const TemporaryFolder folder;
    const auto store = *open_local_store({folder.path()});
    const std::string piece(256 * 1024, 'p');
    constexpr int pieces = 256;
    Sha256 hash;
    for (int i = 0; i < pieces; ++i) hash.update(piece);
    const Digest digest = hash.finish();
    const std::uint64_t size = piece.size() * pieces;

    const std::size_t before = resident_bytes();
    {
        const auto upload = *store->upload(digest, size, 0);
        for (int i = 0; i < pieces / 2; ++i) ASSERT_TRUE(upload->write(as_bytes(piece)).ok());
    }
    const auto upload = *store->upload(digest, size, size / 2);
    for (int i = pieces / 2; i < pieces; ++i) ASSERT_TRUE(upload->write(as_bytes(piece)).ok());
    ASSERT_TRUE(upload->commit().ok());
    std::uint64_t largest = 0, total = 0;
    EXPECT_TRUE(*store->verify(digest, [&](std::uint64_t bytes) {
        largest = std::max(largest, bytes);
        total += bytes;
    }));
    EXPECT_EQ(total, size);
    EXPECT_LE(largest, 1u << 20);
    EXPECT_LT(resident_bytes(), before + (8u << 20));
}

}  // namespace
}  // namespace baton::artifacts

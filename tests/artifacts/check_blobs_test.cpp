#include "artifacts/check_blobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifacts/local/local_store.h"
#include "fake_file_system.h"
#include "memory_store.h"
#include "store_helpers.h"

namespace baton::artifacts {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CheckBlobs, FindsCorruptMissingAndOrphanedBlobs) {
    MemoryStore store(1 << 20);
    for (const char* content : {"good", "bad", "orphan", "bad orphan"}) ASSERT_TRUE(put(store, content).ok());
    store.flip_bit(sha256("bad"));
    store.flip_bit(sha256("bad orphan"));
    const auto check = check_blobs(store, {sha256("good"), sha256("bad"), sha256("gone")}, [](auto, auto) {});
    ASSERT_TRUE(check.ok());
    EXPECT_EQ(check->blobs, 4u);
    EXPECT_EQ(check->bytes, 4u + 3 + 6 + 10);
    EXPECT_THAT(check->corrupt, testing::UnorderedElementsAre(sha256("bad"), sha256("bad orphan")));
    EXPECT_THAT(check->missing, ElementsAre(sha256("gone")));
    EXPECT_THAT(check->orphaned, testing::UnorderedElementsAre(sha256("orphan"), sha256("bad orphan")));
    EXPECT_TRUE(std::is_sorted(check->corrupt.begin(), check->corrupt.end()));
    EXPECT_TRUE(is_stored(store, sha256("bad")));  // nothing was changed
}

TEST(CheckBlobs, TellsItsProgress) {
    MemoryStore store(1 << 20);
    for (const char* content : {"one", "three", ""}) ASSERT_TRUE(put(store, content).ok());
    std::uint64_t last = 0;
    ASSERT_TRUE(check_blobs(store, {}, [&](std::uint64_t done, std::uint64_t total) {
                    EXPECT_GE(done, last);
                    EXPECT_EQ(total, 8u);
                    last = done;
                }).ok());
    EXPECT_EQ(last, 8u);
}

TEST(CheckBlobs, AnEmptyStoreIsClean) {
    const MemoryStore store(0);
    const auto check = check_blobs(store, {}, [](auto, auto) {});
    EXPECT_EQ(check->blobs, 0u);
    EXPECT_THAT(check->corrupt, IsEmpty());
    EXPECT_THAT(check->missing, IsEmpty());
}

TEST(CheckBlobs, CountsUnreadableBlobsAsCorruptAndGoesOn) {
    const auto files = std::make_shared<FakeFileSystem>();
    const auto store = *LocalStore::open_folder({"/store"}, files, SystemClock());
    for (const char* content : {"one", "two", "three"}) ASSERT_TRUE(put(*store, content).ok());
    const unsigned listing = LocalPaths::shard_count + 3;  // a list of each shard, a look at each blob
    files->fail_operation(listing + 1, FakeFileSystem::Fault::io_error);
    const auto check = check_blobs(*store, {sha256("one"), sha256("two"), sha256("three")}, [](auto, auto) {});
    ASSERT_TRUE(check.ok());
    EXPECT_EQ(check->corrupt.size(), 1u);
    EXPECT_THAT(check->missing, IsEmpty());
    files->fail_operation(1, FakeFileSystem::Fault::io_error);
    EXPECT_FALSE(check_blobs(*store, {}, [](auto, auto) {}).ok());
}

}  // namespace
}  // namespace baton::artifacts

// Whatever fails, and wherever the power goes: an acknowledged blob stays, a blob that is seen is whole, a retry
// succeeds.
#include <gtest/gtest.h>

#include "artifacts/local/local_store.h"
#include "fake_file_system.h"
#include "store_helpers.h"

namespace baton::artifacts {
namespace {

using Fault = FakeFileSystem::Fault;

const std::string content = std::string(3000, 'c') + "ontent";
const Digest digest = sha256(content);
const LocalPaths paths("/srv/data/blobs");

// A machine: its disk outlives the processes that open the store.
class Machine {
public:
    Machine() {
        EXPECT_TRUE(files->make_folder("/srv").ok());
        EXPECT_TRUE(files->sync_folder("/").ok());
    }

    Status start() {
        stop();
        BATON_ASSIGN(store, LocalStore::open_folder({paths.root()}, files, SystemClock()));
        return {};
    }
    void stop() { store.reset(); }
    void power_loss() {
        stop();
        files->power_loss();
    }
    bool stores_whole_blob() {
        const Result<std::string> read = store->read(digest);
        return read.ok() && *read == content;
    }
    std::size_t leftovers() { return files->list(paths.uploads())->size(); }

    std::shared_ptr<FakeFileSystem> files = std::make_shared<FakeFileSystem>();
    std::unique_ptr<LocalStore> store;
};

TEST(LocalStoreFaults, AcknowledgedBlobSurvivesPowerLoss) {
    Machine machine;
    ASSERT_TRUE(machine.start().ok());
    ASSERT_TRUE(put(*machine.store, content).ok());
    machine.power_loss();
    ASSERT_TRUE(machine.start().ok());
    EXPECT_TRUE(machine.stores_whole_blob());
}

// The proof of the test above: without any one of the syncs it would fail.
class IgnoredSync : public testing::TestWithParam<std::string> {};

TEST_P(IgnoredSync, LosesTheBlob) {
    Machine machine;
    machine.files->ignore_sync_of(GetParam());
    ASSERT_TRUE(machine.start().ok());
    ASSERT_TRUE(put(*machine.store, content).ok());
    machine.power_loss();
    ASSERT_TRUE(machine.start().ok());
    const Result<std::string> read = machine.store->read(digest);
    EXPECT_FALSE(read.ok()) << "a sync of " << GetParam() << " is not needed";
}

INSTANTIATE_TEST_SUITE_P(EverySync, IgnoredSync,
                         testing::Values("/srv", "/srv/data", "/srv/data/blobs", "/srv/data/blobs/blobs",
                                         "/srv/data/blobs/blobs/sha256", paths.shard(LocalPaths::shard_of(digest)),
                                         paths.uploads() + "/"));

// A process may die after the rename and before the folder's sync. The name is seen at the next start, and must last
// from then.
TEST(LocalStoreFaults, BlobSeenAfterACrashSurvivesPowerLoss) {
    unsigned seen = 0;
    for (unsigned n = 1;; ++n) {
        Machine machine;
        ASSERT_TRUE(machine.start().ok());
        machine.files->fail_operation(n, Fault::io_error, /*forever=*/true);  // as good as dead
        const bool acknowledged = put(*machine.store, content).ok();
        const bool died = machine.files->has_failed();
        machine.files->stop_failing();
        ASSERT_TRUE(machine.start().ok());
        const bool stored = is_stored(*machine.store, digest);
        seen += stored && !acknowledged;
        machine.power_loss();
        ASSERT_TRUE(machine.start().ok());
        EXPECT_EQ(is_stored(*machine.store, digest), stored) << "operation " << n;
        EXPECT_GE(stored, acknowledged) << "operation " << n;
        if (!died) break;
    }
    EXPECT_GT(seen, 0u);  // the case did occur
}

enum class Then { go_on, restart, power_loss };

struct Injection {
    const char* name;
    Fault fault;
    bool forever;
    Then then;
};

class EveryOperation : public testing::TestWithParam<Injection> {};

// Fails the n-th operation of an upload, for every n.
TEST_P(EveryOperation, LeavesAConsistentStoreAndARetrySucceeds) {
    const Injection& injection = GetParam();
    unsigned failures = 0;
    for (unsigned n = 1;; ++n) {
        Machine machine;
        ASSERT_TRUE(machine.start().ok());
        machine.files->fail_operation(n, injection.fault, injection.forever);
        const bool acknowledged = put(*machine.store, content).ok();
        const bool failed = machine.files->has_failed();
        machine.files->stop_failing();
        failures += !acknowledged;

        if (injection.then == Then::power_loss) machine.power_loss();
        if (injection.then != Then::go_on) {
            ASSERT_TRUE(machine.start().ok());
        }
        if (acknowledged) {
            EXPECT_TRUE(machine.stores_whole_blob()) << "operation " << n;
        }
        if (is_stored(*machine.store, digest)) {
            EXPECT_TRUE(*machine.store->verify(digest, [](std::uint64_t) {})) << "operation " << n;
        }
        EXPECT_TRUE(put(*machine.store, content).ok()) << "operation " << n;
        EXPECT_TRUE(machine.stores_whole_blob());
        machine.power_loss();
        ASSERT_TRUE(machine.start().ok());
        EXPECT_TRUE(machine.stores_whole_blob()) << "operation " << n;
        EXPECT_EQ(machine.leftovers(), 0u) << "operation " << n;
        if (!failed) break;
        ASSERT_LT(n, 1000u);
    }
    EXPECT_EQ(failures > 5, injection.fault != Fault::short_write);  // a short write is no failure
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryOperation,
                         testing::Values(Injection{"IoError", Fault::io_error, false, Then::go_on},
                                         Injection{"IoErrorThenPowerLoss", Fault::io_error, false, Then::power_loss},
                                         Injection{"DeadThenRestart", Fault::io_error, true, Then::restart},
                                         Injection{"DeadThenPowerLoss", Fault::io_error, true, Then::power_loss},
                                         Injection{"NoSpace", Fault::no_space, false, Then::go_on},
                                         Injection{"NoSpaceForever", Fault::no_space, true, Then::go_on},
                                         Injection{"ShortWrite", Fault::short_write, false, Then::go_on}),
                         [](const auto& param) { return param.param.name; });

// Opening can fail anywhere too. What it opens is durable then, and a failed attempt is no obstacle to the next one.
TEST(LocalStoreFaults, OpensAfterAFailedOpening) {
    for (const bool forever : {false, true}) {
        bool failed = true;
        for (unsigned n = 1; failed; ++n) {
            Machine machine;
            machine.files->fail_operation(n, Fault::io_error, forever);
            const bool opened = machine.start().ok();
            failed = machine.files->has_failed();
            machine.files->stop_failing();
            ASSERT_TRUE(opened || machine.start().ok()) << "operation " << n;
            ASSERT_TRUE(put(*machine.store, content).ok());
            machine.power_loss();
            ASSERT_TRUE(machine.start().ok());
            EXPECT_TRUE(machine.stores_whole_blob()) << "operation " << n;
        }
    }
}

// A name whose folder could not be synced may not last, so the same process does not show it either.
TEST(LocalStoreFaults, BlobSeenAfterAFailureSurvivesPowerLoss) {
    bool failed = true;
    for (unsigned n = 1; failed; ++n) {
        Machine machine;
        ASSERT_TRUE(machine.start().ok());
        machine.files->fail_operation(n, Fault::io_error);
        static_cast<void>(put(*machine.store, content));
        failed = machine.files->has_failed();
        machine.files->stop_failing();
        const bool stored = is_stored(*machine.store, digest);
        machine.power_loss();
        ASSERT_TRUE(machine.start().ok());
        EXPECT_EQ(is_stored(*machine.store, digest), stored) << "operation " << n;
    }
}

TEST(LocalStoreFaults, BytesOfAFailedSyncAreNotResumed) {
    Machine machine;
    ASSERT_TRUE(machine.start().ok());
    {
        const auto upload = *machine.store->upload(digest, content.size(), 0);
        ASSERT_TRUE(upload->write(as_bytes(content)).ok());
        machine.files->fail_operation(1, Fault::io_error);
        EXPECT_EQ(code_of(upload->commit()), Code::unavailable);
        EXPECT_FALSE(upload->commit().ok());  // not tried again
    }
    EXPECT_EQ(*machine.store->upload_offset(digest), 0u);
    EXPECT_FALSE(is_stored(*machine.store, digest));
}

TEST(LocalStoreFaults, FullDiskKeepsWhatCameAndRecoversWithoutRestart) {
    Machine machine;
    ASSERT_TRUE(machine.start().ok());
    auto store = *LocalStore::open_folder({paths.root(), 0}, machine.files, SystemClock());
    {
        const auto upload = *store->upload(digest, content.size(), 0);
        ASSERT_TRUE(upload->write(as_bytes(content.substr(0, 1000))).ok());
        machine.files->set_free_space(10);
        EXPECT_EQ(code_of(upload->write(as_bytes(content.substr(1000)))), Code::out_of_space);
        EXPECT_EQ(code_of(upload->write(as_bytes("x"))), Code::out_of_space);  // a failed upload stays failed
        EXPECT_EQ(code_of(upload->commit()), Code::out_of_space);
    }
    EXPECT_EQ(*store->upload_offset(digest), 1000u);
    machine.files->set_free_space(1 << 20);
    const auto upload = *store->upload(digest, content.size(), 1000);
    ASSERT_TRUE(upload->write(as_bytes(content.substr(1000))).ok());
    ASSERT_TRUE(upload->commit().ok());
    EXPECT_EQ(*store->read(digest), content);
}

// The disk takes part of a write and then no more: what it took is neither lost nor counted twice.
TEST(LocalStoreFaults, CountsEveryByteOfAShortWrite) {
    Machine machine;
    ASSERT_TRUE(machine.start().ok());
    {
        const auto upload = *machine.store->upload(digest, content.size(), 0);
        machine.files->fail_operation(2, Fault::short_write);  // after the look at the free space
        ASSERT_TRUE(upload->write(as_bytes(content.substr(0, 2000))).ok());
        EXPECT_TRUE(machine.files->has_failed());
        machine.files->fail_operation(2, Fault::io_error);
        EXPECT_FALSE(upload->write(as_bytes(content.substr(2000))).ok());
    }
    ASSERT_EQ(*machine.store->upload_offset(digest), 2000u);
    const auto upload = *machine.store->upload(digest, content.size(), 2000);
    ASSERT_TRUE(upload->write(as_bytes(content.substr(2000))).ok());
    EXPECT_TRUE(upload->commit().ok());
}

}  // namespace
}  // namespace baton::artifacts

// What every blob store must do. A new driver adds one factory at the end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "artifacts/blob_store.h"
#include "artifacts/local/local_store.h"
#include "fake_file_system.h"
#include "memory_store.h"
#include "store_helpers.h"

namespace baton::artifacts {
namespace {

// A store with room for every test, and a way to change stored bytes behind its back.
class Driver {
public:
    virtual ~Driver() = default;
    virtual BlobStore& store() = 0;
    virtual void flip_bit(const Digest& digest) = 0;
    virtual bool is_thread_safe() const { return true; }
};

class MemoryDriver : public Driver {
public:
    BlobStore& store() override { return store_; }
    void flip_bit(const Digest& digest) override { store_.flip_bit(digest); }

private:
    MemoryStore store_{16 << 20};
};

class DiskDriver : public Driver {
public:
    BlobStore& store() override { return *store_; }
    void flip_bit(const Digest& digest) override {
        std::fstream file(LocalPaths(folder_.path() / "a" / "store").blob(digest), std::ios::in | std::ios::out);
        const char first = static_cast<char>(file.peek() ^ 1);
        file.seekp(0).put(first);
    }

private:
    TemporaryFolder folder_;
    std::unique_ptr<BlobStore> store_ = *open_local_store({folder_.path() / "a" / "store"});
};

class FakeDiskDriver : public Driver {
public:
    BlobStore& store() override { return *store_; }
    void flip_bit(const Digest& digest) override { files_->flip_bit(LocalPaths("/store").blob(digest)); }
    bool is_thread_safe() const override { return false; }

private:
    std::shared_ptr<FakeFileSystem> files_ = std::make_shared<FakeFileSystem>();
    std::unique_ptr<BlobStore> store_ = *LocalStore::open_folder({"/store"}, files_, SystemClock());
};

class BlobStoreContract : public testing::TestWithParam<std::function<std::unique_ptr<Driver>()>> {
protected:
    std::unique_ptr<BlobUpload> start(const std::string& bytes, std::uint64_t offset = 0) {
        auto upload = store.upload(sha256(bytes), bytes.size(), offset);
        EXPECT_TRUE(upload.ok()) << upload.error().message;
        return *std::move(upload);
    }
    std::uint64_t upload_offset(const std::string& bytes) { return *store.upload_offset(sha256(bytes)); }

    std::unique_ptr<Driver> driver = GetParam()();
    BlobStore& store = driver->store();
    const std::string content = std::string(5000, 'x') + "end";
    const Digest digest = sha256(content);
};

TEST_P(BlobStoreContract, StoresAndReads) {
    EXPECT_FALSE(is_stored(store, digest));
    ASSERT_TRUE(put(store, content).ok());
    EXPECT_EQ(**store.size(digest), content.size());
    EXPECT_EQ(*store.read(digest), content);
    EXPECT_EQ(upload_offset(content), 0u);
}

TEST_P(BlobStoreContract, StoresNothingAtAll) {
    ASSERT_TRUE(put(store, "").ok());
    EXPECT_EQ(**store.size(sha256("")), 0u);
    EXPECT_EQ(*store.read(sha256("")), "");
}

TEST_P(BlobStoreContract, HidesAnUploadUntilItIsCommitted) {
    const auto upload = start(content);
    ASSERT_TRUE(upload->write(as_bytes(content)).ok());
    EXPECT_FALSE(is_stored(store, digest));
    ASSERT_TRUE(upload->commit().ok());
    EXPECT_TRUE(is_stored(store, digest));
}

TEST_P(BlobStoreContract, TakesTheSameBytesTwice) {
    ASSERT_TRUE(put(store, content).ok());
    ASSERT_TRUE(put(store, content).ok());
    EXPECT_EQ(*store.read(digest), content);
    EXPECT_EQ(upload_offset(content), 0u);
}

TEST_P(BlobStoreContract, KnowsNothingOfWhatIsNotThere) {
    EXPECT_EQ(code_of(store.open(digest)), Code::not_found);
    EXPECT_EQ(code_of(store.read(digest)), Code::not_found);
    EXPECT_EQ(code_of(store.verify(digest, [](std::uint64_t) {})), Code::not_found);
}

TEST_P(BlobStoreContract, OpensForReadingAtAnyPlace) {
    ASSERT_TRUE(put(store, content).ok());
    const OpenBlob blob = *store.open(digest);
    EXPECT_EQ(blob.size, content.size());
    char tail[4] = {};
    EXPECT_EQ(::pread(blob.descriptor, tail, 3, 5000), 3);
    EXPECT_STREQ(tail, "end");
    EXPECT_EQ(::pread(blob.descriptor, tail, 3, 0), 3);
    EXPECT_STREQ(tail, "xxx");
    ::close(blob.descriptor);
}

TEST_P(BlobStoreContract, RefusesOtherBytesThanDeclared) {
    struct Case {
        std::string declared, sent;
    };
    for (const Case& c : {Case{content, std::string(5003, 'y')}, Case{content, "short"}, Case{content, ""}}) {
        const auto upload = start(c.declared);
        ASSERT_TRUE(upload->write(as_bytes(c.sent)).ok());
        EXPECT_EQ(code_of(upload->commit()), Code::integrity);
        EXPECT_FALSE(is_stored(store, digest));
        EXPECT_EQ(upload_offset(content), 0u);
    }
    EXPECT_TRUE(put(store, content).ok());
}

TEST_P(BlobStoreContract, RefusesMoreBytesThanDeclared) {
    const auto upload = start(content);
    ASSERT_TRUE(upload->write(as_bytes(content)).ok());
    EXPECT_EQ(code_of(upload->write(as_bytes("x"))), Code::too_large);
    EXPECT_EQ(upload->offset(), content.size());
}

TEST_P(BlobStoreContract, EndsOnce) {
    const auto upload = start(content);
    ASSERT_TRUE(upload->write(as_bytes(content)).ok());
    ASSERT_TRUE(upload->commit().ok());
    EXPECT_FALSE(upload->commit().ok());
    EXPECT_FALSE(upload->write(as_bytes("x")).ok());
    EXPECT_EQ(*store.read(digest), content);
}

TEST_P(BlobStoreContract, ResumesWhereItWasBroken) {
    for (const std::size_t cut : {1u, 2000u, 5003u}) {
        const std::string bytes = std::to_string(cut) + content.substr(4);
        {
            const auto upload = start(bytes);
            ASSERT_TRUE(upload->write(as_bytes(bytes.substr(0, std::min(cut, bytes.size())))).ok());
        }
        const std::uint64_t offset = upload_offset(bytes);
        ASSERT_EQ(offset, std::min(cut, bytes.size()));
        const auto upload = start(bytes, offset);
        EXPECT_EQ(upload->offset(), offset);
        ASSERT_TRUE(upload->write(as_bytes(bytes.substr(offset))).ok());
        ASSERT_TRUE(upload->commit().ok());
        EXPECT_EQ(*store.read(sha256(bytes)), bytes);
    }
}

TEST_P(BlobStoreContract, ResumesManyTimes) {
    for (std::uint64_t offset = 0; offset < content.size();) {
        const auto upload = start(content, offset);
        ASSERT_TRUE(upload->write(as_bytes(content.substr(offset, 700))).ok());
        offset = upload->offset();
    }
    ASSERT_TRUE(start(content, content.size())->commit().ok());
    EXPECT_EQ(*store.read(digest), content);
}

TEST_P(BlobStoreContract, FindsOutThatTheResumedBytesWereWrong) {
    { ASSERT_TRUE(start(content)->write(as_bytes("wrong")).ok()); }
    const auto upload = start(content, 5);
    ASSERT_TRUE(upload->write(as_bytes(content.substr(5))).ok());
    EXPECT_EQ(code_of(upload->commit()), Code::integrity);
    EXPECT_EQ(upload_offset(content), 0u);
}

TEST_P(BlobStoreContract, StartsOverAtZero) {
    { ASSERT_TRUE(start(content)->write(as_bytes("wrong")).ok()); }
    ASSERT_TRUE(put(store, content).ok());
    EXPECT_EQ(*store.read(digest), content);
}

TEST_P(BlobStoreContract, RefusesAnyOtherOffset) {
    { ASSERT_TRUE(start(content)->write(as_bytes(content.substr(0, 100))).ok()); }
    for (const std::uint64_t offset : {1u, 99u, 101u, 5003u, 5004u}) {
        EXPECT_EQ(code_of(store.upload(digest, content.size(), offset)), Code::aborted) << offset;
    }
    EXPECT_EQ(code_of(store.upload(digest, 50, 100)), Code::aborted);  // more is there than the declared size
    EXPECT_EQ(upload_offset(content), 100u);
}

TEST_P(BlobStoreContract, LetsOnlyOneResume) {
    const auto first = start(content);
    ASSERT_TRUE(first->write(as_bytes(content.substr(0, 100))).ok());
    const std::uint64_t seen = upload_offset(content);
    if (seen != 0) {
        EXPECT_EQ(code_of(store.upload(digest, content.size(), seen)), Code::aborted);
    }
    ASSERT_TRUE(first->write(as_bytes(content.substr(100))).ok());
    EXPECT_TRUE(first->commit().ok());
}

TEST_P(BlobStoreContract, LetsTwoSendTheSameBytesAtOnce) {
    const auto first = start(content);
    const auto second = start(content);
    ASSERT_TRUE(first->write(as_bytes(content.substr(0, 100))).ok());
    ASSERT_TRUE(second->write(as_bytes(content)).ok());
    ASSERT_TRUE(second->commit().ok());
    EXPECT_EQ(*store.read(digest), content);
    ASSERT_TRUE(first->write(as_bytes(content.substr(100))).ok());
    ASSERT_TRUE(first->commit().ok());
    EXPECT_EQ(*store.read(digest), content);
}

TEST_P(BlobStoreContract, RefusesWhatDoesNotFit) {
    EXPECT_EQ(code_of(store.upload(digest, 1ULL << 60, 0)), Code::out_of_space);
    EXPECT_EQ(code_of(store.upload(digest, ~0ULL, 0)), Code::out_of_space);
    EXPECT_TRUE(put(store, content).ok());
}

TEST_P(BlobStoreContract, FindsChangedBytesAndNeverServesThem) {
    ASSERT_TRUE(put(store, content).ok());
    std::uint64_t seen = 0;
    const auto count = [&](std::uint64_t bytes) { seen += bytes; };
    EXPECT_TRUE(*store.verify(digest, count));
    EXPECT_EQ(seen, content.size());
    driver->flip_bit(digest);
    EXPECT_FALSE(*store.verify(digest, count));
    EXPECT_TRUE(is_stored(store, digest));  // looking changes nothing
    EXPECT_EQ(code_of(store.read(digest)), Code::integrity);
    EXPECT_EQ(code_of(store.read(digest)), Code::not_found);  // set aside
    ASSERT_TRUE(put(store, content).ok());
    EXPECT_EQ(*store.read(digest), content);
}

TEST_P(BlobStoreContract, ListsBlobs) {
    std::set<Digest> expected;
    for (int i = 0; i < 40; ++i) {
        const std::string bytes = std::to_string(i);
        ASSERT_TRUE(put(store, bytes).ok());
        expected.insert(sha256(bytes));
    }
    { ASSERT_TRUE(start(content)->write(as_bytes("partial")).ok()); }
    std::set<Digest> seen;
    ASSERT_TRUE(store
                    .each([&](const Digest& d, std::uint64_t size) {
                        EXPECT_LE(size, 2u);
                        return seen.insert(d).second;
                    })
                    .ok());
    EXPECT_EQ(seen, expected);
    int visits = 0;
    ASSERT_TRUE(store.each([&](const Digest&, std::uint64_t) { return ++visits < 3; }).ok());
    EXPECT_EQ(visits, 3);
}

TEST_P(BlobStoreContract, ServesManyThreads) {
    if (!driver->is_thread_safe()) GTEST_SKIP() << "the fake below it is not thread-safe";
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                const std::string bytes = "blob " + std::to_string((i + t / 2) % 20) + content;
                EXPECT_TRUE(put(store, bytes).ok());
                EXPECT_TRUE(is_stored(store, sha256(bytes)));
                EXPECT_EQ(*store.read(sha256(bytes)), bytes);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(upload_offset("blob " + std::to_string(i) + content), 0u);
}

template <class D>
std::unique_ptr<Driver> make() {
    return std::make_unique<D>();
}
INSTANTIATE_TEST_SUITE_P(Memory, BlobStoreContract, testing::Values(make<MemoryDriver>));
INSTANTIATE_TEST_SUITE_P(Disk, BlobStoreContract, testing::Values(make<DiskDriver>));
INSTANTIATE_TEST_SUITE_P(FakeDisk, BlobStoreContract, testing::Values(make<FakeDiskDriver>));

}  // namespace
}  // namespace baton::artifacts

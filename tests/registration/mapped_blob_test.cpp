#include "server/registration/mapped_blob.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace baton::server {
namespace {

using testing::HasSubstr;

class MappedBlob : public testing::Test {
protected:
    artifacts::OpenBlob blob_of(const std::string& content) const {
        std::ofstream(path(), std::ios::binary) << content;
        return {.descriptor = open(path().c_str(), O_RDONLY | O_CLOEXEC), .size = content.size()};
    }
    std::string path() const { return (folder_.path() / "blob").string(); }

private:
    const TemporaryFolder folder_;
};

TEST_F(MappedBlob, ShowsTheBytes) {
    for (const std::string content : {"", "some bytes"}) {
        std::string seen = "nothing";
        const Status status = with_mapped(blob_of(content), [&](std::string_view bytes) -> Status {
            seen = bytes;
            return {};
        });
        EXPECT_TRUE(status.ok());
        EXPECT_EQ(seen, content);
    }
}

TEST_F(MappedBlob, HandsOnWhatTheLookSays) {
    const Status status =
        with_mapped(blob_of("x"), [](std::string_view) -> Status { return invalid_argument("a bad file"); });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "a bad file");
}

TEST_F(MappedBlob, ClosesTheDescriptor) {
    const artifacts::OpenBlob blob = blob_of("x");
    EXPECT_TRUE(with_mapped(blob, [](std::string_view) { return Status(); }).ok());
    EXPECT_EQ(fcntl(blob.descriptor, F_GETFD), -1);
}

// A file that loses its pages under a reader gives the same signal as a disk that fails.
TEST_F(MappedBlob, SurvivesADiskThatFails) {
    const std::string content(3 << 20, 'a');
    for (int round = 0; round < 2; ++round) {
        std::size_t letters = 0;
        const Status status = with_mapped(blob_of(content), [&](std::string_view bytes) -> Status {
            EXPECT_EQ(truncate(path().c_str(), 0), 0);
            for (const char c : bytes) letters += c == 'a' ? 1 : 0;
            return {};
        });
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, Code::unavailable);
        EXPECT_THAT(status.error().message, HasSubstr("cannot be read"));
        EXPECT_LT(letters, content.size());
    }
}

TEST_F(MappedBlob, LeavesOtherFaultsAlone) {
    const auto elsewhere = [this] {
        const artifacts::OpenBlob other = blob_of(std::string(4096, 'b'));
        const auto* bytes =
            static_cast<const char*>(mmap(nullptr, other.size, PROT_READ, MAP_PRIVATE, other.descriptor, 0));
        static_cast<void>(with_mapped(blob_of("x"), [&](std::string_view) -> Status {
            if (truncate(path().c_str(), 0) == 0 && *static_cast<const volatile char*>(bytes) == 'b') std::exit(0);
            return {};
        }));
        std::exit(0);
    };
    EXPECT_EXIT(elsewhere(), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace baton::server

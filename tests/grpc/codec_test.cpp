#include "server/grpc/codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "server/grpc/inference.pb.h"
#include "server/inference/timeout.h"

namespace baton::server::grpc {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = std::chrono::system_clock;

constexpr Clock::time_point none = Clock::time_point::max();

class TimeLimit : public testing::Test {
protected:
    std::optional<microseconds> limit(Clock::time_point deadline, std::optional<std::int64_t> parameter) const {
        ::inference::ModelInferRequest request;
        if (parameter) (*request.mutable_parameters())["timeout"].set_int64_param(*parameter);
        return time_limit(request, deadline, now_);
    }
    const Clock::time_point now_ = Clock::now();
};

TEST_F(TimeLimit, IsTheSoonerOfDeadlineAndParameter) {
    EXPECT_EQ(limit(none, std::nullopt), std::nullopt);
    EXPECT_EQ(limit(none, 1500), microseconds(1500));
    EXPECT_EQ(limit(now_ + milliseconds(2), std::nullopt), milliseconds(2));
    EXPECT_EQ(limit(now_ + milliseconds(2), 1500), microseconds(1500));
    EXPECT_EQ(limit(now_ + milliseconds(1), 1500), milliseconds(1));
}

TEST_F(TimeLimit, IsADayAtMost) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(limit(none, most), hours(24));
    EXPECT_EQ(limit(now_ + hours(100'000), most), hours(24));
    EXPECT_EQ(timeout_of(std::numeric_limits<std::uint64_t>::max()), hours(24));
}

TEST_F(TimeLimit, NothingIsLeftAfterTheDeadlineAndNoParameterIsNone) {
    EXPECT_EQ(limit(now_, std::nullopt), microseconds(1));
    EXPECT_EQ(limit(now_ - hours(1), 1500), microseconds(1));
    for (const std::int64_t parameter : {std::int64_t{0}, std::numeric_limits<std::int64_t>::min()}) {
        EXPECT_EQ(limit(none, parameter), std::nullopt) << parameter;
    }
}

TEST(DecodeInputs, RefusesParametersThatAskForWhatIsNotThere) {
    const auto refuses = [](const ::inference::ModelInferRequest& request) {
        const auto inputs = decode_inputs(request, {});
        return !inputs.ok() && inputs.error().code == Code::unimplemented;
    };
    ::inference::ModelInferRequest request;
    (*request.mutable_parameters())["sequence_id"].set_int64_param(0);  // in none, as clients say
    (*request.mutable_parameters())["priority"].set_int64_param(3);
    request.add_outputs()->set_name("y");
    EXPECT_FALSE(refuses(request));
    auto classifying = request;
    (*classifying.mutable_outputs(0)->mutable_parameters())["classification"].set_int64_param(2);
    EXPECT_TRUE(refuses(classifying));
    auto sharing = request;
    (*sharing.add_inputs()->mutable_parameters())["shared_memory_region"].set_string_param("region");
    EXPECT_TRUE(refuses(sharing));
    auto in_sequence = request;
    (*in_sequence.mutable_parameters())["sequence_id"].set_int64_param(7);
    EXPECT_TRUE(refuses(in_sequence));
}

TEST(MemoryOf, CountsWhatElementsTakeOnceParsed) {
    ::inference::ModelInferRequest request;
    EXPECT_EQ(memory_of(request), 0U);
    auto& contents = *request.add_inputs()->mutable_contents();
    for (int i = 0; i < 1000; ++i) contents.add_int64_contents(1);  // a byte each on the wire
    EXPECT_EQ(memory_of(request), 8000U);
    contents.add_bytes_contents(std::string(100, 'x'));
    request.add_raw_input_contents(std::string(5000, 'x'));
    EXPECT_EQ(memory_of(request), 8000 + 100 + 5000 + 2 * sizeof(std::string));
}

}  // namespace
}  // namespace baton::server::grpc

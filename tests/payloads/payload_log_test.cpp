#include "server/payloads/payload_log.h"

#include <gtest/gtest.h>

#include <thread>

namespace baton::server {
namespace {

Payload payload(std::string model, std::string request) {
    return {.time = {},
            .model = std::move(model),
            .request_id = {},
            .status = 200,
            .request = std::move(request),
            .response = {}};
}

TEST(PayloadLog, KeepsTheLatestOfEachModelUpToItsCapacity) {
    PayloadLog log(3, 1);
    for (const char* request : {"1", "2", "3", "4"}) log.add(payload("a", request));
    log.add(payload("b", "5"));
    ASSERT_EQ(log.latest("a", 10).size(), 2U);
    EXPECT_EQ(log.latest("a", 10)[0].request, "4");
    EXPECT_EQ(log.latest("a", 1).size(), 1U);
    EXPECT_EQ(log.latest("b", 10).size(), 1U);
    EXPECT_EQ(log.dropped(), 0U);
}

TEST(PayloadLog, TakesTheShareThatWasAskedFor) {
    PayloadLog log(10, 0.25);
    int wanted = 0;
    for (int i = 0; i < 100; ++i) wanted += log.wants_next() ? 1 : 0;
    EXPECT_EQ(wanted, 25);
}

TEST(PayloadLog, CutsLongBodies) {
    PayloadLog log(1, 1);
    log.add(payload("a", std::string(PayloadLog::longest_body + 1, 'x')));
    EXPECT_EQ(log.latest("a", 1)[0].request.size(), PayloadLog::longest_body);
}

// Every one is either kept or counted as dropped, whoever adds at the same time.
TEST(PayloadLog, LosesNothingUncounted) {
    constexpr std::size_t each = 2000;
    PayloadLog log(10'000, 1);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (std::size_t j = 0; j < each; ++j) log.add(payload("a", "x"));
            });
        }
    }
    EXPECT_EQ(log.latest("a", 10'000).size() + log.dropped(), 4 * each);
}

}  // namespace
}  // namespace baton::server

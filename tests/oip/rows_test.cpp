#include "server/inference/rows.h"

#include <gtest/gtest.h>

namespace baton::server {
namespace {

using inference::Shape;

TEST(FillOpenDimension, GivesItWhatTheElementsLeave) {
    EXPECT_EQ(fill_open_dimension({-1, 3}, 12), Shape({4, 3}));
    EXPECT_EQ(fill_open_dimension({2, -1}, 0), Shape({2, 0}));
    EXPECT_EQ(fill_open_dimension({-1}, 7), Shape({7}));
}

TEST(FillOpenDimension, LeavesAShapeWhereNoneVaries) {
    EXPECT_EQ(fill_open_dimension({2, 3}, 12), Shape({2, 3}));
    EXPECT_EQ(fill_open_dimension({}, 1), Shape());
}

TEST(FillOpenDimension, RefusesWhatDoesNotComeOutEven) {
    EXPECT_EQ(fill_open_dimension({-1, 3}, 13), std::nullopt);
    EXPECT_EQ(fill_open_dimension({-1, -1}, 12), std::nullopt);
    EXPECT_EQ(fill_open_dimension({-1, 0}, 0), std::nullopt);
}

}  // namespace
}  // namespace baton::server

#include "base/digest.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

const std::string abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, HashesInOneOrManyPieces) {
    EXPECT_EQ(sha256("abc").text(), abc);
    Sha256 hash;
    for (const char* piece : {"a", "", "bc"}) hash.update(std::string_view(piece));
    EXPECT_EQ(hash.finish().text(), abc);
}

TEST(Digest, ParsesExactlyItsTextForm) {
    EXPECT_EQ(Digest::parse(abc), sha256("abc"));
    EXPECT_EQ(Digest::parse(abc.substr(7)), std::nullopt);
    EXPECT_EQ(Digest::parse(abc + "0"), std::nullopt);
    EXPECT_EQ(Digest::parse("sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), std::nullopt);
    EXPECT_EQ(Digest::parse(""), std::nullopt);
}

}  // namespace
}  // namespace baton

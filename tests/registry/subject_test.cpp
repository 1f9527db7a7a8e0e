#include "registry/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::registry {
namespace {

Subject example() {
    return {.version = sha256(""),
            .reports = {sha256("abc"), sha256("")},
            .environment = production(),
            .policy_version = 1};
}

// The bytes of docs/formats.md; the digest is what sha256sum says of them.
TEST(Subject, HasOneSpelling) {
    EXPECT_EQ(canonical_subject(example()),
              R"({"environment":"production","format":"baton-subject/1","policy":1,"reports":[)"
              R"("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",)"
              R"("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],)"
              R"("version":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})");
    EXPECT_EQ(subject_digest(example()).text(),
              "sha256:7fe3d7f66531eed1292565974d31184fdff35acc0b92a618a25de8be9a4237f4");
}

TEST(Subject, TheOrderOfReportsDoesNotMatter) {
    Subject subject = example();
    std::swap(subject.reports[0], subject.reports[1]);
    EXPECT_EQ(subject_digest(subject), subject_digest(example()));
}

TEST(Subject, EachPartMakesAnother) {
    std::vector<Subject> others(6, example());
    others[0].version = sha256("abc");
    others[1].reports.pop_back();
    others[2].reports.push_back(sha256("abc"));
    others[3].reports[0] = sha256("another");
    others[4].environment = Environment::trusted("staging");
    others[5].policy_version = 2;
    for (const Subject& other : others) EXPECT_NE(subject_digest(other), subject_digest(example()));
}

}  // namespace
}  // namespace baton::registry

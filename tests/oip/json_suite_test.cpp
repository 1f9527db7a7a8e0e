// JSONTestSuite against the reader that both inference protocols decode with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "server/oip/codec.h"
#include "tests/oip/json_suite.h"

namespace baton::server::oip {
namespace {

using testing_support::JsonFile;

class JsonSuite : public testing::Test {
protected:
    void SetUp() override {
        if (files_.empty()) GTEST_SKIP() << "JSONTestSuite is not there; BATON_VECTORS names the folder it is in";
    }

    const std::vector<JsonFile> files_ = testing_support::json_suite();
};

// Judged by the suite; objects that name a key twice are legal JSON that we refuse all the same.
bool must_refuse(const JsonFile& file) {
    return file.name.starts_with("n_") || file.name.starts_with("y_object_duplicated_key");
}

TEST_F(JsonSuite, ValuesThatAreIgnoredAreCheckedAllTheSame) {
    for (const JsonFile& file : files_) {
        std::string body = R"({"inputs":[],"ignored":)" + file.text + "}";
        const auto request = decode_infer_request(body);
        if (must_refuse(file)) {
            EXPECT_FALSE(request.ok()) << file.name;
        } else if (file.name.starts_with("y_")) {
            EXPECT_TRUE(request.ok()) << file.name << ": " << request.error().message;
        }
    }
}

TEST_F(JsonSuite, NoFileIsAnInferenceRequest) {
    for (const JsonFile& file : files_) {
        std::string body = file.text;
        const auto request = decode_infer_request(body);
        ASSERT_FALSE(request.ok()) << file.name;
        EXPECT_EQ(request.error().code, Code::invalid_argument) << file.name;
    }
}

TEST_F(JsonSuite, BrokenTensorDataIsRefusedInAnyOrderOfKeys) {
    // The protocol's own words for what JSON cannot say.
    const std::set<std::string> words = {"n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"};
    for (const JsonFile& file : files_) {
        std::string last = R"({"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":)" + file.text + "}]}";
        std::string first = R"({"inputs":[{"data":)" + file.text + R"(,"name":"x","datatype":"FP64","shape":[1]}]})";
        const auto in_order = decode_infer_request(last);
        const auto postponed = decode_infer_request(first);
        if (must_refuse(file)) {
            EXPECT_EQ(in_order.ok(), words.contains(file.name)) << file.name;
            EXPECT_EQ(postponed.ok(), words.contains(file.name)) << file.name;
        }
    }
}

// The choices that the suite leaves open. Changing one of these is a change of the protocol.
TEST_F(JsonSuite, OpenQuestionsAreAnsweredOnceAndForAll) {
    const std::set<std::string> accepted = {
        "i_number_too_big_neg_int.json",  // integers that no integer type holds are numbers like any other
        "i_number_too_big_pos_int.json",     "i_number_very_big_negative_int.json",
        "i_number_double_huge_neg_exp.json",  // too close to zero is zero
        "i_number_real_underflow.json",
    };
    std::set<std::string> found;
    for (const JsonFile& file : files_) {
        if (!file.name.starts_with("i_")) continue;
        std::string body = R"({"inputs":[],"ignored":)" + file.text + "}";
        if (decode_infer_request(body).ok()) found.insert(file.name);
    }
    EXPECT_EQ(found, accepted);
}

}  // namespace
}  // namespace baton::server::oip

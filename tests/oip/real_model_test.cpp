// Models that scikit-learn trained, from their file to the answers of both protocols.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>

#include "inference/live_set.h"
#include "server/inference/service.h"
#include "server/oip/routes.h"
#include "server/tfserving/routes.h"
#include "tests/oip/ask.h"

namespace baton::server {
namespace {

using nlohmann::json;

std::string read_file(const std::string& name) {
    std::ifstream stream(BATON_SOURCE_DIR "/tests/data/models/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// All numbers of a list of lists, in order.
std::vector<double> numbers_in(const json& value) {
    if (value.is_number()) return {value.get<double>()};
    std::vector<double> numbers;
    for (const auto& element : value) std::ranges::copy(numbers_in(element), std::back_inserter(numbers));
    return numbers;
}

// One model of tests/data, live behind both protocols.
class RealModel : public testing::TestWithParam<const char*> {
protected:
    RealModel() {
        oip::add_routes(router_, service_);
        tfserving::add_routes(router_, service_);
        live_set_.on_change([this] {
            { const std::lock_guard lock(mutex_); }
            changed_.notify_all();
        });
        live_set_.want(1, {{.model = "real",
                            .environment = "production",
                            .version = 1,
                            .digest = sha256("manifest"),
                            .model_file = sha256(file_),
                            .revision = 1}});
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return live_set_.settled(1); });
    }

    json post(const std::string& path, const json& body) {
        const Response response = testing_support::ask(router_, Method::post, path, body.dump());
        EXPECT_EQ(response.status, 200) << testing_support::body_of(response);
        return json::parse(testing_support::body_of(response));
    }

    // The two outputs of a classifier against what scikit-learn answered.
    void expect_agreement(const json& labels, const json& probabilities) {
        const json& expected = known_["expected"];
        EXPECT_EQ(labels, expected["labels"]);
        EXPECT_THAT(numbers_in(probabilities),
                    testing::Pointwise(testing::DoubleNear(1e-5), numbers_in(expected["probabilities"])));
    }

    const std::string name_ = GetParam();
    const std::string file_ = read_file(name_ + ".onnx");
    const json known_ = json::parse(read_file(name_ + ".json"));

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    inference::LiveTable table_;
    inference::LiveSet live_set_{{}, table_, [this](const Digest&) -> Result<std::string> { return file_; }};
    WorkerPool pool_{1, 8};
    InferenceService service_{table_, live_set_, pool_, [](const Request&, std::string_view) { return Status(); }, {}};
    Router router_;
};

TEST_P(RealModel, AnswersTheOpenInferenceProtocol) {
    const json& rows = known_["rows"];
    const json answer =
        post("/v2/models/real/infer",
             {{"inputs",
               {{{"name", "X"}, {"datatype", "FP32"}, {"shape", {rows.size(), rows[0].size()}}, {"data", rows}}}}});
    ASSERT_EQ(answer["outputs"].size(), 2U);
    EXPECT_EQ(answer["outputs"][1]["shape"], json({rows.size(), known_["classes"].size()}));
    expect_agreement(answer["outputs"][0]["data"], answer["outputs"][1]["data"]);
}

TEST_P(RealModel, AnswersTensorFlowServing) {
    const json answer = post("/v1/models/real:predict", {{"instances", known_["rows"]}});
    json labels = json::array();
    json probabilities = json::array();
    for (const auto& prediction : answer["predictions"]) {
        labels.push_back(prediction["output_label"]);
        probabilities.push_back(prediction["output_probability"]);
    }
    expect_agreement(labels, probabilities);
}

INSTANTIATE_TEST_SUITE_P(Classifiers, RealModel,
                         testing::Values("logreg-multinomial-zipmap", "logreg-names-scaled-zipmap"));

}  // namespace
}  // namespace baton::server

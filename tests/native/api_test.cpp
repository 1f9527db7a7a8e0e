#include "server/native/api.h"

#include <filesystem>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifacts/blob_store.h"
#include "registry/workflow.h"
#include "server/native/routes.h"
#include "tests/support/temporary_folder.h"

namespace baton::server::native {
namespace {

using testing::HasSubstr;

// The real parts on a folder of its own, with the token of the first admin and one of a developer.
class ApiTest : public testing::Test {
protected:
    ApiTest() {
        add_routes(router_, api_);
        admin_ = bootstrap_admin(*store_).value()->secret;
        EXPECT_EQ(send("POST", "/api/v1/users", R"({"name":"dana","roles":["developer"]})", admin_).status, 201);
        dana_ = make_token({.user = registry::UserName::trusted("dana"), .name = {}});
    }

    std::string make_token(const registry::NewToken& wanted) {
        const registry::Call call{registry::system_caller(), "test", std::nullopt};
        const auto token = store_->write<registry::CreatedToken>(
            call, [&](registry::Transaction& transaction) { return create_token(transaction, wanted); });
        return token->secret;
    }
    void lose_blob(std::string_view content) {
        std::vector<std::filesystem::path> lost;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
            if (entry.path().filename() == sha256(content).hex()) lost.push_back(entry.path());
        ASSERT_EQ(lost.size(), 1U);
        std::filesystem::remove(lost[0]);
    }
    void store_blob(std::string_view content) {
        const auto upload = blobs_->upload(sha256(content), content.size(), 0);
        ASSERT_TRUE(upload.ok()) << upload.error().message;
        ASSERT_TRUE((*upload)->write(std::as_bytes(std::span(content))).ok());
        ASSERT_TRUE((*upload)->commit().ok());
    }

    Response send(std::string_view method, const std::string& path, std::string body, const std::string& token,
                  const std::string& key = {}) {
        Request request;
        request.method = method == "POST" ? Method::post : method == "PATCH" ? Method::patch : Method::get;
        request.target = request.path = path;
        request.body = std::move(body);
        request.headers.add("Authorization", "Bearer " + token);
        if (!key.empty()) request.headers.add("Idempotency-Key", key);
        Router::Match match = router_.match(request.method, path);
        request.parameters = std::move(match.parameters);
        return std::get<Pooled>(match.route->handler).handler(request);
    }
    std::int64_t live_revision() {
        const auto live = store_->read<registry::LiveSnapshot>(
            [](const registry::Snapshot& s) { return live_snapshot(s, nullptr, std::nullopt); });
        return live->revision;
    }
    static std::string text(const Response& response) { return std::get<std::string>(response.body); }

    const TemporaryFolder folder_;
    const SystemClock clock_;
    const std::unique_ptr<registry::Store> store_ = registry::Store::open(folder_.path(), clock_).value();
    const std::unique_ptr<artifacts::BlobStore> blobs_ =
        artifacts::open_local_store({.folder = (folder_.path() / "blobs").string()}).value();
    registry::Authenticator authenticator_{*store_, clock_};
    LiveWatch watch_;
    inference::LiveTable table_;
    const inference::Engines engines_;
    inference::LiveSet live_set_{{}, table_, [](const Digest&) -> Result<std::string> { return not_found("none"); }};
    WorkerPool pool_{1, 1};
    WorkerPool registrations_{1, 1};
    const Api api_{{*store_, authenticator_, *blobs_, live_set_, engines_, watch_, pool_, registrations_}, {}};
    Router router_;
    std::string admin_;
    std::string dana_;
};

// A body is read before the one writer is asked for: while another change runs, a malformed request is answered.
TEST_F(ApiTest, NobodyHoldsTheWriterWhileABodyIsRead) {
    const std::vector<std::pair<std::string, std::string>> requests = {
        {"POST", "/api/v1/models"},
        {"PATCH", "/api/v1/models/m"},
        {"POST", "/api/v1/models/m/versions"},
        {"PATCH", "/api/v1/models/m/versions/1"},
        {"POST", "/api/v1/models/m/versions/1/reports"},
        {"POST", "/api/v1/models/m/versions/1/requests"},
        {"POST", "/api/v1/requests/1/comments"},
        {"POST", "/api/v1/requests/1/approvals"},
        {"POST", "/api/v1/requests/1/rejection"},
        {"POST", "/api/v1/requests/1/withdrawal"},
        {"POST", "/api/v1/models/m/versions/1/retirement"},
        {"POST", "/api/v1/users"},
        {"PATCH", "/api/v1/users/dana"},
        {"POST", "/api/v1/tokens"},
    };
    std::vector<std::future<Response>> answers;
    const registry::Call call{registry::system_caller(), "test", std::nullopt};
    const auto held = store_->write<int>(call, [&](registry::Transaction&) -> Result<int> {
        int answered = 0;
        for (const auto& [method, path] : requests) {
            answers.push_back(std::async(std::launch::async, [&, method = method, path = path] {
                return send(method, path, R"({"nonsense":)", dana_, "key");
            }));
            const bool in_time = answers.back().wait_for(std::chrono::seconds(5)) == std::future_status::ready;
            EXPECT_TRUE(in_time) << method << ' ' << path;
            if (!in_time) break;
            ++answered;
        }
        return answered;
    });
    EXPECT_EQ(*held, static_cast<int>(requests.size()));
    for (auto& answer : answers) EXPECT_EQ(answer.get().status, 400);
}

std::string one_file(std::string_view content) {
    return R"({"files":[{"path":"weights.txt","size":)" + std::to_string(content.size()) + R"(,"digest":")" +
           sha256(content).text() + R"("}]})";
}

// A repeat is answered from what is stored: it looks at no file again, and cannot fail where the first succeeded.
TEST_F(ApiTest, ARepeatedRegistrationDoesNoWork) {
    store_blob("weights");
    const std::string path = "/api/v1/models/m/versions";
    const Response first = send("POST", path, one_file("weights"), dana_, "key");
    ASSERT_EQ(first.status, 201) << text(first);
    lose_blob("weights");
    ASSERT_EQ(send("POST", path, one_file("weights"), dana_, "another-key").status, 422) << "the bytes are gone";
    const Response again = send("POST", path, one_file("weights"), dana_, "key");
    EXPECT_EQ(again.status, 201) << text(again);
    EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
    EXPECT_EQ(text(again), text(first));
}

TEST_F(ApiTest, AnAnswerIsRepeatedToTheSameRightsOnly) {
    const std::string narrow = make_token({.user = registry::UserName::trusted("dana"), .name = {}, .models = {"x*"}});
    ASSERT_EQ(send("POST", "/api/v1/models", R"({"name":"m"})", dana_, "key").status, 201);
    const Response refused = send("POST", "/api/v1/models", R"({"name":"m"})", narrow, "key");
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(text(refused), HasSubstr("idempotency key"));
}

// However many register at once, they wait for each other and leave the other workers to other requests.
// One change wakes all of them, and the pool has room for one.
TEST_F(ApiTest, EveryLongPollIsAnsweredHoweverManyWake) {
    std::vector<std::future<int>> statuses;
    const Router::Match match = router_.match(Method::get, "/api/v1/live");
    for (int i = 0; i < 10; ++i) {
        const auto request = std::make_shared<Request>();
        request->path = "/api/v1/live";
        request->query = "wait=60&since=" + std::to_string(live_revision());
        request->headers.add("Authorization", "Bearer " + dana_);
        auto status = std::make_shared<std::promise<int>>();
        statuses.push_back(status->get_future());
        std::get<Async>(match.route->handler).handler(request, Responder([status](const Response& response) {
                                                          status->set_value(response.status);
                                                      }));
        std::promise<void> begun;  // the pool has one thread
        ASSERT_TRUE(pool_.submit_step([&] { begun.set_value(); }));
        begun.get_future().wait();
    }
    watch_.stop();
    for (auto& status : statuses) EXPECT_EQ(status.get(), 200);
}

TEST_F(ApiTest, RegistrationsHaveWorkersOfTheirOwn) {
    const Router::Match match = router_.match(Method::post, "/api/v1/models/m/versions");
    EXPECT_EQ(std::get<Pooled>(match.route->handler).pool, &registrations_);
}

TEST_F(ApiTest, WhoIsNobodyIsToldThatFirst) {
    EXPECT_EQ(send("POST", "/api/v1/models", "nonsense", "btp_nobody").status, 401);
}

}  // namespace
}  // namespace baton::server::native

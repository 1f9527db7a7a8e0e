#include "cli/problem.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error_codes.h"

namespace baton::cli {
namespace {

Error problem_of(int status, std::string body) {
    return problem({.status = status, .headers = {}, .body = std::move(body)});
}

TEST(Problem, EveryCodeKeepsItsExitCode) {
    const std::vector<std::pair<std::string, int>> cases = {
        {"invalid_argument", 2},  {"unauthenticated", 4},     {"permission_denied", 4}, {"not_found", 3},
        {"already_exists", 5},    {"failed_precondition", 5}, {"aborted", 5},           {"blobs_missing", 5},
        {"integrity", 8},         {"unsupported_model", 2},   {"too_large", 2},         {"resource_exhausted", 7},
        {"deadline_exceeded", 7}, {"out_of_space", 7},        {"unavailable", 7},       {"internal", 1}};
    for (const auto& [code, exit] : cases) {
        EXPECT_EQ(exit_code(problem_of(418, "{\"code\":\"" + code + "\",\"detail\":\"x\"}").code), exit) << code;
    }
}

TEST(Problem, WithoutACodeTheStatusDecides) {
    const std::vector<std::pair<int, Code>> cases = {
        {400, Code::invalid_argument},  {401, Code::unauthenticated},     {403, Code::permission_denied},
        {404, Code::not_found},         {409, Code::failed_precondition}, {412, Code::aborted},
        {413, Code::too_large},         {422, Code::invalid_argument},    {429, Code::resource_exhausted},
        {500, Code::internal},          {502, Code::unavailable},         {503, Code::unavailable},
        {504, Code::deadline_exceeded}, {507, Code::out_of_space}};
    for (const auto& [status, code] : cases) EXPECT_EQ(problem_of(status, "<html>").code, code) << status;
    EXPECT_EQ(problem_of(502, "<html>").message, "the server answered with status 502");
    EXPECT_EQ(problem_of(404, R"({"error":"Request for unknown model"})").message, "Request for unknown model");
}

TEST(Problem, PrintsALineForEverythingThatIsMissing) {
    const Error error =
        problem_of(409, R"({"code":"failed_precondition","detail":"cannot be promoted","hint":"ask alex",
        "missing":[{"requirement":"approvals","explanation":"0 of 1"},{"requirement":"report","explanation":"none"}],
        "errors":[{"field":"notes","message":"too long"}],"digests":["sha256:ab"]})");
    std::ostringstream out;
    print_error(out, error, Style(false));
    EXPECT_EQ(out.str(),
              "error: cannot be promoted\n"
              "  notes: too long\n"
              "  missing approvals: 0 of 1\n"
              "  missing report: none\n"
              "  sha256:ab\n"
              "hint: ask alex\n");
    const Json document = error_document(error)["error"];
    EXPECT_EQ(document["code"], "failed_precondition");
    EXPECT_EQ(document["missing"].size(), 2u);
    EXPECT_EQ(document["fields"][0]["field"], "notes");
}

TEST(Problem, SaysNothingTwice) {
    const Error error = problem_of(409, R"({"code":"failed_precondition","detail":"there is no canary",
        "missing":[{"requirement":"canary","explanation":"there is no canary"}]})");
    std::ostringstream out;
    print_error(out, error, Style(false));
    EXPECT_EQ(out.str(), "error: there is no canary\n");
}

TEST(Problem, ABugNamesTheRequest) {
    EXPECT_EQ(problem_of(500, R"({"code":"internal","detail":"bug","request_id":"r7"})").message, "bug (request r7)");
}

}  // namespace
}  // namespace baton::cli

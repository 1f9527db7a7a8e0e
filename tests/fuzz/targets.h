// What is fuzzed: one function for each reader of what strangers send.
//
// Each takes any bytes, the first of which choose among its variants, and returns; it aborts when a promise is broken.
// mutation_test.cpp runs them on damaged copies of the corpus in every test run; with the option BATON_FUZZ each is
// also a libFuzzer program (scripts/fuzz).
#pragma once

#include <span>
#include <string_view>

namespace baton::fuzz {

void open_inference(std::string_view bytes);
void tensorflow_serving(std::string_view bytes);
void mlflow_scoring(std::string_view bytes);
void grpc_inference(std::string_view bytes);
void compression(std::string_view bytes);
void http_request(std::string_view bytes);

struct Target {
    std::string_view name;  // of the folder in corpus/
    void (*run)(std::string_view);
};
std::span<const Target> targets();

}  // namespace baton::fuzz

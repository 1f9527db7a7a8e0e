// How long our decoding of an inference request takes beside simdjson alone.
//
//     bench_decode
//
// For requests of 1 and of 100 rows of 30 FP32 values, in JSON, prints one line of JSON: rows, bytes, microseconds of
// ours (a checked request with its tensor), of simdjson's plain interface (the same numbers into a vector of floats,
// nothing else; the same flags), and the kernel that simdjson has chosen for this processor. Each is the best of thirty
// rounds that alternate, on one thread.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "server/oip/codec.h"

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

constexpr int features = 30;
constexpr int rounds = 30;
constexpr Microseconds round_length{20'000};

// The shortest text that is read as the same float: what clients send.
std::string number_text(float number) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string request_of(int rows) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::string body = R"({"inputs": [{"name": "X", "shape": [)" + std::to_string(rows) + ", " +
                       std::to_string(features) + R"(], "datatype": "FP32", "data": [)";
    for (int i = 0; i < rows * features; ++i) {
        if (i > 0) body += ", ";
        body += number_text(normal(random));
    }
    return body + "]}]}";
}

std::vector<float> decode_ours(std::string& body) {
    const auto request = baton::server::oip::decode_infer_request(body);
    if (!request.ok()) std::abort();
    const auto values = request->inputs.at(0).values<float>();
    return {values.begin(), values.end()};
}

std::vector<float> decode_alone(simdjson::ondemand::parser& parser, const simdjson::padded_string& body) {
    std::vector<float> values;
    auto document = parser.iterate(body);
    for (auto input : document["inputs"]) {
        for (double number : input["data"]) values.push_back(static_cast<float>(number));
    }
    return values;
}

// Microseconds a call in one round.
template <class Call>
double time_round(Call&& call) {
    int done = 0;
    const auto start = std::chrono::steady_clock::now();
    Microseconds spent{};
    while (spent < round_length) {
        for (int i = 0; i < 8; ++i) call();
        done += 8;
        spent = std::chrono::steady_clock::now() - start;
    }
    return spent.count() / done;
}

void measure(int rows) {
    std::string body = request_of(rows);
    const simdjson::padded_string padded(body);
    simdjson::ondemand::parser parser;
    if (decode_ours(body) != decode_alone(parser, padded)) std::abort();
    double ours = std::numeric_limits<double>::max();
    double alone = ours;
    for (int round = 0; round < rounds; ++round) {
        ours = std::min(ours, time_round([&] {
                            if (!baton::server::oip::decode_infer_request(body).ok()) std::abort();
                        }));
        alone = std::min(alone, time_round([&] {
                             if (decode_alone(parser, padded).empty()) std::abort();
                         }));
    }
    std::printf("{\"rows\":%d,\"bytes\":%zu,\"ours\":%.3f,\"simdjson\":%.3f,\"kernel\":\"%s\"}\n", rows, body.size(),
                ours, alone, simdjson::get_active_implementation()->name().c_str());
}

}  // namespace

int main() {
    for (const int rows : {1, 100}) measure(rows);
    return 0;
}

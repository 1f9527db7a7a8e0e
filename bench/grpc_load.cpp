// Load on a server of the Open Inference Protocol over gRPC.
//
//     bench_grpc_load ADDRESS:PORT MODEL INPUT ROWS CALLS SECONDS
//
// Keeps CALLS calls of ROWS rows with 30 FP32 values in raw form under way, each on a connection of its own, from one
// thread. Prints one line of JSON: calls, failed, seconds, p99 in microseconds, and the CPU seconds of this program.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "server/grpc/inference.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using Stub = inference::GRPCInferenceService::Stub;

constexpr int features = 30;

ModelInferRequest make_request(const std::string& model, const std::string& name, int rows) {
    ModelInferRequest request;
    request.set_model_name(model);
    auto& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype("FP32");
    input.add_shape(rows);
    input.add_shape(features);
    std::vector<float> values;
    for (int i = 0; i < rows * features; ++i) values.push_back(0.1f * static_cast<float>(i % features) - 1);
    std::string& raw = *request.add_raw_input_contents();
    raw.resize(values.size() * sizeof(float));
    std::memcpy(raw.data(), values.data(), raw.size());
    return request;
}

// A connection, and the one call that is under way on it.
class Caller {
public:
    explicit Caller(const std::string& address) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all channels share one connection
        stub_ = inference::GRPCInferenceService::NewStub(
            grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    }

    void start(const ModelInferRequest& request, grpc::CompletionQueue& queue) {
        context_ = std::make_unique<grpc::ClientContext>();
        context_->set_wait_for_ready(true);
        started_ = Clock::now();
        reader_ = stub_->AsyncModelInfer(context_.get(), request, &queue);
        reader_->Finish(&response_, &status_, this);
    }

    bool succeeded() const { return status_.ok() && response_.outputs_size() > 0; }
    double microseconds() const { return std::chrono::duration<double, std::micro>(Clock::now() - started_).count(); }
    const grpc::Status& status() const { return status_; }

private:
    std::unique_ptr<Stub> stub_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<ModelInferResponse>> reader_;
    ModelInferResponse response_;
    grpc::Status status_;
    Clock::time_point started_;
};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Outcome {
    std::vector<double> microseconds;
    std::size_t failed = 0;
};

// Ends when no call is under way any more.
Outcome run(std::vector<Caller>& callers, const ModelInferRequest& request, std::chrono::seconds length) {
    grpc::CompletionQueue queue;
    Outcome outcome;
    const Clock::time_point end = Clock::now() + length;
    for (Caller& caller : callers) caller.start(request, queue);
    std::size_t under_way = callers.size();
    void* tag = nullptr;
    bool ok = false;
    while (under_way > 0 && queue.Next(&tag, &ok)) {
        Caller& caller = *static_cast<Caller*>(tag);
        outcome.microseconds.push_back(caller.microseconds());
        if (!caller.succeeded() && outcome.failed++ == 0) {
            std::fprintf(stderr, "%s\n", caller.status().error_message().c_str());
        }
        if (Clock::now() < end) {
            caller.start(request, queue);
        } else {
            --under_way;
        }
    }
    return outcome;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: bench_grpc_load ADDRESS:PORT MODEL INPUT ROWS CALLS SECONDS\n");
        return 2;
    }
    const ModelInferRequest request = make_request(argv[2], argv[3], std::atoi(argv[4]));
    std::vector<Caller> callers;
    for (int i = 0; i < std::atoi(argv[5]); ++i) callers.emplace_back(argv[1]);
    run(callers, request, std::chrono::seconds(0));  // connects
    const double used = cpu_seconds();
    const auto start = Clock::now();
    Outcome outcome = run(callers, request, std::chrono::seconds(std::atoi(argv[6])));
    const std::chrono::duration<double> spent = Clock::now() - start;
    auto& times = outcome.microseconds;
    const auto p99 = times.begin() + static_cast<std::ptrdiff_t>(times.size() * 99 / 100);
    std::nth_element(times.begin(), p99, times.end());
    std::printf("{\"calls\":%zu,\"failed\":%zu,\"seconds\":%.6f,\"p99\":%.1f,\"cpu\":%.6f}\n", times.size(),
                outcome.failed, spent.count(), *p99, cpu_seconds() - used);
    return 0;
}

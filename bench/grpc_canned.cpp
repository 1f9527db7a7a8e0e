// The least that a gRPC server written with the same library can do: a canned answer to every inference.
//
//     bench_grpc_canned        prints the port
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "server/grpc/inference.grpc.pb.h"

namespace {

// One label, as a classifier gives it for one row.
class Canned final : public inference::GRPCInferenceService::CallbackService {
public:
    Canned() {
        answer_.set_model_name("bench");
        auto& output = *answer_.add_outputs();
        output.set_name("label");
        output.set_datatype("INT64");
        output.add_shape(1);
        *answer_.add_raw_output_contents() = std::string(sizeof(std::int64_t), '\0');
    }

    grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context, const inference::ModelInferRequest*,
                                         inference::ModelInferResponse* response) override {
        *response = answer_;
        grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }

private:
    inference::ModelInferResponse answer_;
};

}  // namespace

int main() {
    Canned service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const auto server = builder.BuildAndStart();
    if (!server) return 1;
    std::printf("%d\n", port);
    std::fflush(stdout);
    server->Wait();
    return 0;
}

#include "server/grpc/server.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>

#include "base/error_codes.h"
#include "base/text.h"
#include "server/grpc/codec.h"
#include "server/grpc/inference.grpc.pb.h"
#include "server/inference/json_writer.h"

namespace baton::server::grpc {
namespace {

using ::grpc::CallbackServerContext;
using ::grpc::ServerUnaryReactor;
using ::grpc::StatusCode;
using inference::ServedVersionPtr;

constexpr std::string_view status_field = "grpc-status";

// The one place where errors get their status here.
StatusCode status_of(Code code) {
    switch (code) {
        case Code::invalid_argument:
        case Code::too_large:
            return StatusCode::INVALID_ARGUMENT;
        case Code::unauthenticated:
            return StatusCode::UNAUTHENTICATED;
        case Code::permission_denied:
            return StatusCode::PERMISSION_DENIED;
        case Code::not_found:
            return StatusCode::NOT_FOUND;
        case Code::already_exists:
            return StatusCode::ALREADY_EXISTS;
        case Code::failed_precondition:
        case Code::blobs_missing:
        case Code::unsupported_model:
            return StatusCode::FAILED_PRECONDITION;
        case Code::aborted:
            return StatusCode::ABORTED;
        case Code::integrity:
            return StatusCode::DATA_LOSS;
        case Code::resource_exhausted:
        case Code::out_of_space:
            return StatusCode::RESOURCE_EXHAUSTED;
        case Code::deadline_exceeded:
            return StatusCode::DEADLINE_EXCEEDED;
        case Code::unavailable:
            return StatusCode::UNAVAILABLE;
        case Code::unimplemented:
            return StatusCode::UNIMPLEMENTED;
        case Code::internal:
            break;
    }
    return StatusCode::INTERNAL;
}

::grpc::Status refusal(const Error& error) { return {status_of(error.code), error_message(error)}; }

// What authorisation and logs look at: the call's metadata as header fields.
std::shared_ptr<Request> request_of(const CallbackServerContext& context) {
    auto request = std::make_shared<Request>();
    request->method = Method::post;
    request->peer = context.peer();
    for (const auto& [key, value] : context.client_metadata()) {
        request->headers.add({key.data(), key.size()}, {value.data(), value.size()});
    }
    return request;
}

// A message as the payload log keeps it: in protobuf's JSON, unless it is large.
std::string text_of(const google::protobuf::Message& message) {
    const std::size_t size = message.ByteSizeLong();
    if (size > PayloadLog::longest_body) return "a message of " + std::to_string(size) + " bytes";
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) return "a message that has no JSON form";
    return text;
}

// One ModelInfer call. The messages live until the call is finished.
class Exchange : public InferenceExchange {
public:
    Exchange(const CallbackServerContext& context, const ::inference::ModelInferRequest& request,
             ::inference::ModelInferResponse& response, std::shared_ptr<MemoryBudget> budget, RequestMemory memory)
        : deadline_(context.deadline()),
          request_(request),
          response_(response),
          budget_(std::move(budget)),
          memory_(std::move(memory)) {}

    Result<std::vector<inference::Tensor>> decode(std::string&, const inference::ServedVersion&,
                                                  const DecodeLimits& limits) override {
        return decode_inputs(request_, limits);
    }

    std::optional<std::chrono::microseconds> timeout() const override { return time_limit(request_, deadline_, came_); }

    Result<Response> encode(const inference::ServedVersion& version,
                            std::span<const inference::Tensor> outputs) override {
        BATON_TRY(encode_outputs(request_, version, outputs, response_));
        return Response();
    }

    // The status travels in a header field, as the message does in the body.
    Response refuse(const Error& error) const override {
        const ::grpc::Status status = refusal(error);
        Response response = Response::text(http_status(error.code), status.error_message());
        response.headers.add(status_field, std::to_string(status.error_code()));
        return response;
    }

    std::optional<Kept> kept(const Response& response) const override {
        return Kept{text_of(request_),
                    response.status == 200 ? text_of(response_) : std::get<std::string>(response.body)};
    }

private:
    const std::chrono::system_clock::time_point came_ = std::chrono::system_clock::now();
    const std::chrono::system_clock::time_point deadline_;
    const ::inference::ModelInferRequest& request_;
    ::inference::ModelInferResponse& response_;
    const std::shared_ptr<MemoryBudget> budget_;  // which may outlive the server, as this does when it is the last
    const RequestMemory memory_;                  // of the request
};

::grpc::Status outcome_of(const Response& response) {
    if (response.status == 200) return ::grpc::Status::OK;
    const auto field = response.headers.get(status_field);
    const auto status = field ? parse_whole<int>(*field) : std::nullopt;
    return {static_cast<StatusCode>(status.value_or(StatusCode::INTERNAL)), std::get<std::string>(response.body)};
}

class Service final : public ::inference::GRPCInferenceService::CallbackService {
public:
    Service(const InferenceService& service, std::size_t held_bytes)
        : service_(service), held_(std::make_shared<MemoryBudget>(held_bytes)) {}

    ServerUnaryReactor* ServerLive(CallbackServerContext* context, const ::inference::ServerLiveRequest*,
                                   ::inference::ServerLiveResponse* response) override {
        response->set_live(true);
        return finish(*context, ::grpc::Status::OK);
    }

    ServerUnaryReactor* ServerReady(CallbackServerContext* context, const ::inference::ServerReadyRequest*,
                                    ::inference::ServerReadyResponse* response) override {
        response->set_ready(service_.ready());
        return finish(*context, ::grpc::Status::OK);
    }

    ServerUnaryReactor* ServerMetadata(CallbackServerContext* context, const ::inference::ServerMetadataRequest*,
                                       ::inference::ServerMetadataResponse* response) override {
        response->set_name(service_.options().server_name);
        response->set_version(service_.options().server_version);
        return finish(*context, ::grpc::Status::OK);
    }

    ServerUnaryReactor* ModelReady(CallbackServerContext* context, const ::inference::ModelReadyRequest* request,
                                   ::inference::ModelReadyResponse* response) override {
        const auto version = served(*context, request->name(), request->version());
        if (!version.ok() && version.error().code != Code::unavailable) return refuse(*context, version.error());
        response->set_ready(version.ok());
        return finish(*context, ::grpc::Status::OK);
    }

    ServerUnaryReactor* ModelMetadata(CallbackServerContext* context, const ::inference::ModelMetadataRequest* request,
                                      ::inference::ModelMetadataResponse* response) override {
        const auto version = served(*context, request->name(), request->version());
        if (!version.ok()) return refuse(*context, version.error());
        describe(**version, *response);
        return finish(*context, ::grpc::Status::OK);
    }

    ServerUnaryReactor* ModelInfer(CallbackServerContext* context, const ::inference::ModelInferRequest* request,
                                   ::inference::ModelInferResponse* response) override {
        const auto target = parse_target(request->model_name(), request->model_version());
        if (!target.ok()) return refuse(*context, target.error());
        RequestMemory memory(*held_);
        if (const Status status = memory.take(memory_of(*request)); !status.ok()) {
            return refuse(*context, status.error());
        }
        ServerUnaryReactor* reactor = context->DefaultReactor();
        Responder respond([reactor](const Response& answer) { reactor->Finish(outcome_of(answer)); });
        service_.infer(request_of(*context), *target,
                       std::make_unique<Exchange>(*context, *request, *response, held_, std::move(memory)),
                       std::move(respond));
        return reactor;
    }

private:
    static ServerUnaryReactor* finish(CallbackServerContext& context, const ::grpc::Status& status) {
        ServerUnaryReactor* reactor = context.DefaultReactor();
        reactor->Finish(status);
        return reactor;
    }
    static ServerUnaryReactor* refuse(CallbackServerContext& context, const Error& error) {
        return finish(context, refusal(error));
    }

    Result<ServedVersionPtr> served(const CallbackServerContext& context, const std::string& model,
                                    const std::string& version) const {
        BATON_ASSIGN(const InferenceTarget target, parse_target(model, version));
        BATON_TRY(service_.authorize(*request_of(context), model));
        return service_.find(target);
    }

    void describe(const inference::ServedVersion& version, ::inference::ModelMetadataResponse& response) const {
        response.set_name(version.model);
        response.set_platform(std::string(oip_platform));
        const auto routes = service_.routes();
        if (const auto* entry = routes->find(version.model)) {
            for (const auto& loaded : entry->versions) response.add_versions(std::to_string(loaded->version));
        }
        const auto add = [](const inference::TensorSpec& spec, auto& tensor) {
            tensor.set_name(spec.name);
            tensor.set_datatype(std::string(inference::data_type_name(spec.type)));
            for (const std::int64_t extent : spec.shape) tensor.add_shape(extent);
        };
        for (const auto& spec : version.engine->signature().inputs) add(spec, *response.add_inputs());
        for (const auto& spec : version.engine->signature().outputs) add(spec, *response.add_outputs());
    }

    const InferenceService& service_;
    // For messages: they are parsed before anybody asks who sent them.
    const std::shared_ptr<MemoryBudget> held_;
};

class Server final : public GrpcServer {
public:
    Server(const InferenceService& service, const GrpcOptions& options) : service_(service, options.held_bytes) {}

    ~Server() override { drain(std::chrono::milliseconds(0)); }

    Status start(const GrpcOptions& options) {
        const bool is_v6 = options.address.find(':') != std::string::npos;
        const std::string host = is_v6 ? "[" + options.address + "]" : options.address;
        const std::string listen = host + ":" + std::to_string(options.port);
        ::grpc::ResourceQuota quota;
        quota.SetMaxThreads(options.threads);
        quota.Resize(options.receive_bytes);
        ::grpc::ServerBuilder builder;
        builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes));
        builder.SetResourceQuota(quota);
        builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.calls_per_connection);
        builder.AddListeningPort(listen, ::grpc::InsecureServerCredentials(), &port_);
        builder.RegisterService(&service_);
        server_ = builder.BuildAndStart();
        if (server_ && port_ != 0) return {};
        server_.reset();
        return Error{.code = Code::unavailable,
                     .message = "cannot listen for gRPC on " + listen,
                     .hint = "choose another address or port, or stop what is using it"};
    }

    std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

    void drain(std::chrono::milliseconds grace) override {
        if (server_) server_->Shutdown(std::chrono::system_clock::now() + grace);
    }

private:
    Service service_;
    int port_ = 0;
    std::unique_ptr<::grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<GrpcServer>> start_grpc_server(const GrpcOptions& options, const InferenceService& service) {
    silence_protobuf();
    auto server = std::make_unique<Server>(service, options);
    BATON_TRY(server->start(options));
    return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace baton::server::grpc

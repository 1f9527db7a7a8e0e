#include "tests/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "server/grpc/codec.h"
#include "server/grpc/inference.pb.h"
#include "server/inference/binary_tensor.h"
#include "server/inference/compression.h"
#include "server/inference/timeout.h"
#include "server/mlflow/scoring_codec.h"
#include "server/oip/codec.h"
#include "server/tfserving/codec.h"
#include "server/tfserving/examples.h"
#include "server/transport/beast/chunk_decoder.h"
#include "server/transport/beast/request_head.h"

namespace baton::fuzz {
namespace {

using inference::DataType;
using inference::Signature;
using inference::Tensor;

constexpr std::size_t memory_limit = 64u << 20;
constexpr std::size_t max_rows = 100'000;

void require(bool holds) {
    if (!holds) std::abort();
}

// A request's limits, as the server sets them.
struct Limits {
    server::MemoryBudget budget{memory_limit};
    server::RequestMemory memory{budget};
    server::DecodeLimits limits{.memory = &memory, .max_rows = max_rows};
};

std::uint8_t take_byte(std::string_view& bytes) {
    if (bytes.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    return byte;
}

const Signature& signature_of(std::uint8_t choice) {
    static const std::array<Signature, 4> signatures = {
        Signature{{{"x", DataType::fp32, {-1, 2}}}, {{"y", DataType::fp32, {-1, 1}}}},
        Signature{{{"a", DataType::int64, {-1, 1}}, {"b", DataType::bytes, {-1}}, {"c", DataType::boolean, {-1, 1}}},
                  {}},
        Signature{{{"text", DataType::bytes, {-1, 1}}}, {}},
        Signature{{{"z", DataType::uint8, {-1, -1, 3}}}, {}},
    };
    return signatures[choice % signatures.size()];
}

bool is_equal(const Tensor& a, const Tensor& b) {
    if (a.name != b.name || a.type() != b.type() || a.shape() != b.shape()) return false;
    if (a.type() == DataType::bytes) return std::ranges::equal(a.values<std::string>(), b.values<std::string>());
    return std::ranges::equal(a.raw(), b.raw());
}

// What was read is well-formed, and comes back from its binary form.
void check_tensors(const std::vector<Tensor>& tensors) {
    for (const Tensor& tensor : tensors) {
        require(inference::element_count(tensor.shape()) == tensor.size());
        std::string bytes;
        server::append_binary(bytes, tensor);
        require(bytes.size() == server::binary_size(tensor));
        const auto back = server::read_binary_tensor(tensor.name, tensor.type(), tensor.shape(), bytes);
        require(back.ok() && is_equal(*back, tensor));
    }
}

template <class T>
void check(const Result<T>& result) {
    if (!result.ok()) require(result.error().code != Code::internal && !result.error().message.empty());
}

// A model whose outputs are these inputs.
class Echo : public inference::Model {
public:
    explicit Echo(const std::vector<Tensor>& inputs) {
        for (const Tensor& tensor : inputs) signature_.outputs.push_back({tensor.name, tensor.type(), tensor.shape()});
    }
    std::string_view engine() const override { return "echo"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override {
        return std::vector<Tensor>(inputs.begin(), inputs.end());
    }

private:
    Signature signature_;
};

::inference::ModelInferRequest asked_again(const ::inference::ModelInferResponse& response) {
    ::inference::ModelInferRequest request;
    for (const auto& output : response.outputs()) {
        auto& input = *request.add_inputs();
        input.set_name(output.name());
        input.set_datatype(output.datatype());
        *input.mutable_shape() = output.shape();
        *input.mutable_contents() = output.contents();
    }
    *request.mutable_raw_input_contents() = response.raw_output_contents();
    return request;
}

struct Chunked {
    server::ChunkDecoder::State state = server::ChunkDecoder::State::more;
    std::string content;
    std::size_t left = 0;  // of the input, behind the body
    bool operator==(const Chunked&) const = default;
};

// What a chunked body holds when it arrives in pieces of that size.
Chunked read_chunks(std::string_view bytes, std::size_t piece_size) {
    using State = server::ChunkDecoder::State;
    server::ChunkDecoder decoder;
    Chunked read;
    while (read.state == State::more && !bytes.empty()) {
        std::string_view input = bytes.substr(0, piece_size);
        bytes.remove_prefix(input.size());
        do {
            std::string_view piece;
            read.state = decoder.next(input, piece);
            if (read.state == State::data) read.content += piece;
        } while (read.state == State::data);
        require(read.state != State::more || input.empty());
        read.left = input.size() + bytes.size();
    }
    return read;
}

}  // namespace

// Two bytes say how long the JSON is: 65535 stands for a body of JSON alone, 0 for a raw one.
void open_inference(std::string_view bytes) {
    std::size_t json_size = take_byte(bytes);
    json_size += std::size_t{256} * take_byte(bytes);
    std::string body(bytes);
    Limits bounds;
    std::optional<std::size_t> size;
    if (json_size != 65535) size = json_size;
    const Signature& signature_of_raw = signature_of(static_cast<std::uint8_t>(bytes.size()));
    const auto request = size == 0U ? server::oip::decode_raw_request(body, signature_of_raw, bounds.limits)
                                    : server::oip::decode_infer_request(body, size, bounds.limits);
    check(request);
    require(body == bytes);
    if (!request.ok()) return;
    check_tensors(request->inputs);

    Signature signature;
    for (const Tensor& tensor : request->inputs)
        signature.outputs.push_back({tensor.name, tensor.type(), tensor.shape()});
    const auto selected = server::oip::select_outputs(signature, *request);
    check(selected);
    if (!selected.ok()) return;
    const auto answer = server::oip::encode_infer_response({.model = "m",
                                                            .version = 1,
                                                            .id = request->id,
                                                            .signature = signature,
                                                            .outputs = request->inputs,
                                                            .selected = *selected});
    check(answer);
    if (answer.ok()) require(answer->json_size.value_or(0) <= answer->body.size());
}

void tensorflow_serving(std::string_view bytes) {
    const bool examples = take_byte(bytes) % 2 != 0;
    const Signature& signature = signature_of(take_byte(bytes));
    std::string body(bytes);
    Limits bounds;
    if (examples) {
        const auto inputs = server::tfserving::decode_examples(body, signature, bounds.limits);
        check(inputs);
        if (inputs.ok()) check_tensors(*inputs);
        return;
    }
    const auto request = server::tfserving::decode_predict_request(body, signature, bounds.limits);
    check(request);
    if (!request.ok() || request->inputs.empty()) return;
    check_tensors(request->inputs);
    check(server::tfserving::encode_predict_response(request->form, request->inputs));
}

void mlflow_scoring(std::string_view bytes) {
    const bool csv = take_byte(bytes) % 2 != 0;
    const Signature& signature = signature_of(take_byte(bytes));
    std::string body(bytes);
    Limits bounds;
    static const std::vector<std::string> features = {"q", "p"};
    const server::mlflow::ModelColumns model{signature, features};
    const auto inputs = csv ? server::mlflow::decode_scoring_csv(body, model, bounds.limits)
                            : server::mlflow::decode_scoring_json(body, model, bounds.limits);
    check(inputs);
    if (!inputs.ok()) return;
    check_tensors(*inputs);
    check(server::mlflow::encode_predictions(*inputs));
}

// Answers what it was asked.
void grpc_inference(std::string_view bytes) {
    server::grpc::silence_protobuf();
    ::inference::ModelInferRequest request;
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    const auto now = std::chrono::system_clock::now();
    const auto limit = server::grpc::time_limit(request, std::chrono::system_clock::time_point::max(), now);
    require(!limit || (*limit > limit->zero() && *limit <= server::longest_timeout));
    Limits bounds;
    const auto inputs = server::grpc::decode_inputs(request, bounds.limits);
    check(inputs);
    if (!inputs.ok()) return;
    check_tensors(*inputs);

    inference::ServedVersion version;
    version.engine = std::make_shared<Echo>(*inputs);
    ::inference::ModelInferResponse response;
    const Status encoded = server::grpc::encode_outputs(request, version, *inputs, response);
    if (!encoded.ok()) return require(encoded.error().code == Code::invalid_argument);
    if (request.outputs_size() > 0) return;
    const auto again = server::grpc::decode_inputs(asked_again(response), {});
    require(again.ok() && std::ranges::equal(*again, *inputs, is_equal));
}

void compression(std::string_view bytes) {
    const auto coding = take_byte(bytes) % 2 == 0 ? server::Coding::gzip : server::Coding::deflate;
    Limits bounds;
    const auto content = server::decompress(coding, bytes, memory_limit / 4, bounds.limits);
    check(content);
    if (content.ok()) {
        const auto again = server::decompress(coding, server::compress(coding, *content), memory_limit, {});
        require(again.ok() && *again == *content);
    }
    static_cast<void>(server::accepted_coding(bytes));
    static_cast<void>(server::parse_coding(bytes));
}

// The first byte says where the rest is cut in two: what is read does not depend on how it arrives.
void http_request(std::string_view bytes) {
    using State = server::HeadScanner::State;
    const std::size_t cut = std::min<std::size_t>(take_byte(bytes), bytes.size());
    server::HeadScanner scanner;
    const State state = scanner.scan(bytes);
    server::HeadScanner in_pieces;
    State pieces_state = in_pieces.scan(bytes.substr(0, cut));
    if (pieces_state == State::incomplete) pieces_state = in_pieces.scan(bytes);
    require(pieces_state == state);
    if (state != State::complete) return;
    require(scanner.size() <= bytes.size() && in_pieces.size() == scanner.size());

    server::Request request;
    const auto parsed = server::parse_head(bytes.substr(0, scanner.size()), request);
    if (const auto* refusal = std::get_if<server::Refusal>(&parsed)) {
        return require(refusal->status >= 400 && refusal->status < 600);
    }
    require(request.path.starts_with('/') && request.target.starts_with(request.path));
    const auto& framing = std::get<server::Framing>(parsed);
    require(!framing.chunked || (framing.length == 0 && !framing.http_1_0));
    if (!framing.chunked) return;
    const std::string_view body = bytes.substr(scanner.size());
    const Chunked at_once = read_chunks(body, body.size());
    require(at_once == read_chunks(body, cut % 7 + 1));
    require(at_once.content.size() + at_once.left <= body.size());
}

std::span<const Target> targets() {
    static constexpr std::array<Target, 6> all = {
        Target{"open_inference", open_inference}, Target{"tensorflow_serving", tensorflow_serving},
        Target{"mlflow_scoring", mlflow_scoring}, Target{"grpc_inference", grpc_inference},
        Target{"compression", compression},       Target{"http_request", http_request}};
    return all;
}

}  // namespace baton::fuzz

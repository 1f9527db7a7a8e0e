// baton serve: runs the server in this process.
#include <CLI/CLI.hpp>

#include "cli/verbs/verbs.h"
#include "server/app/serve.h"

namespace baton::cli {
namespace {

using OptionsPtr = std::shared_ptr<server::ServeOptions>;

void add_places(CLI::App& verb, const OptionsPtr& options) {
    const auto text_option = [&](const char* name, std::string& value, const char* help, const char* type) {
        verb.add_option(name, value, help)->type_name(type)->capture_default_str();
    };
    verb.add_option("--data", options->data, "Folder of the data; made when absent")
        ->type_name("DIR")
        ->capture_default_str();
    text_option("--listen", options->listen, "Address and port; port 0 picks a free one", "ADDR:PORT");
    text_option("--grpc-listen", options->grpc_listen, "Open Inference Protocol over gRPC on a port of its own",
                "ADDR:PORT");
    text_option("--management-listen", options->management_listen, "Health and metrics on a port of their own",
                "ADDR:PORT");
    text_option("--environment", options->environment, "Whose live versions answer predictions", "ENV");
    verb.add_option("--onnxruntime", options->onnxruntime,
                    "ONNX Runtime's library, libonnxruntime.so.1; found by itself where set-up put it. off: do without")
        ->envname("BATON_ONNXRUNTIME")
        ->type_name("FILE");
    text_option("--server-name", options->server_name, "What inference clients are told, as some look for one", "NAME");
}

void add_openness(CLI::App& verb, const OptionsPtr& options) {
    verb.add_flag("--anonymous-inference", options->anonymous_inference, "Predictions need no token");
    verb.add_flag("--anonymous-live", options->anonymous_live, "Reading what is live needs no token");
}

void add_sizes(CLI::App& verb, const OptionsPtr& options) {
    verb.add_option("--loops", options->loops, "Event loops; 0: one less than there are cores")->type_name("N");
    verb.add_option("--workers", options->workers, "Threads for what may block, and as many for models that take long")
        ->type_name("N")
        ->capture_default_str();
    verb.add_option("--max-connections", options->connections, "Open connections in all; more are answered 503")
        ->type_name("N")
        ->capture_default_str();
    verb.add_option("--max-connections-per-peer", options->connections_per_peer, "Open connections of one address")
        ->type_name("N")
        ->capture_default_str();
}

void add_inference(CLI::App& verb, const OptionsPtr& options) {
    verb.add_option_function<long>(
            "--inference-timeout",
            [options](long seconds) { options->inference_timeout = std::chrono::seconds(seconds); },
            "How long a prediction may wait for a worker unless it says so itself (default 30); 0: for ever")
        ->type_name("SECONDS")
        ->check(CLI::Range(0L, 86'400L).description(""));
    verb.add_option_function<long>(
            "--run-limit", [options](long seconds) { options->run_limit = std::chrono::seconds(seconds); },
            "How long a model in ONNX Runtime may run for one prediction before it is stopped (default 60)")
        ->type_name("SECONDS")
        ->check(CLI::Range(1L, 86'400L).description(""));
    verb.add_option("--batch", options->batches,
                    "Run requests for MODEL (* stands for any letters) that wait together, up to ROWS rows; repeatable")
        ->type_name("MODEL=ROWS")
        ->allow_extra_args(false);
    verb.add_option_function<long>(
            "--batch-wait-us",
            [options](long microseconds) { options->batch_wait = std::chrono::microseconds(microseconds); },
            "How long a worker waits for a batch to fill (default 0: it takes what is there)")
        ->type_name("N")
        ->check(CLI::Range(0L, 1'000'000L).description(""));
}

void add_records(CLI::App& verb, const OptionsPtr& options) {
    verb.add_option("--payload-log", options->payload_log,
                    "Keep the latest N (at most 4096) inference requests and answers in memory for deployers; 0: none")
        ->type_name("N")
        ->capture_default_str();
    verb.add_option("--payload-sample", options->payload_sample, "The share of requests that --payload-log keeps")
        ->type_name("SHARE")
        ->capture_default_str();
    verb.add_flag_callback(
        "--no-access-log", [options] { options->access_log = false; }, "No line a request on standard error");
}

}  // namespace

void add_serve(CLI::App& root, Action& chosen) {
    const auto options = std::make_shared<server::ServeOptions>();
    CLI::App* verb = add_verb(root, "serve", "Run the server; on a fresh folder it prints a one-time admin token",
                              {"baton serve", "baton serve --data /var/lib/baton --listen 0.0.0.0:8080",
                               "baton serve --listen 127.0.0.1:0 --anonymous-inference"});
    for (const auto add : {add_places, add_openness, add_sizes, add_inference, add_records}) add(*verb, options);
    when_chosen(verb, chosen, [options](Context& context) {
        return server::serve(*options, [&context] { return context.io().stop_requested(); });
    });
}

}  // namespace baton::cli

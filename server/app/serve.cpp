#include "server/app/serve.h"

#include <cstdio>
#include <future>
#include <thread>

#include "base/text.h"
#include "inference/live_set.h"
#include "registry/identity.h"
#include "registry/workflow.h"
#include "server/app/access_log.h"
#include "server/app/batch_rules.h"
#include "server/app/data_folder.h"
#include "server/app/health.h"
#include "server/app/live_feed.h"
#include "server/app/process.h"
#include "server/auth/credentials.h"
#include "server/grpc/server.h"
#include "server/inference/service.h"
#include "server/kserve/routes.h"
#include "server/live/watch.h"
#include "server/log/log.h"
#include "server/mlflow/scoring_routes.h"
#include "server/native/payloads.h"
#include "server/native/routes.h"
#include "server/oip/routes.h"
#include "server/tfserving/routes.h"
#include "server/transport/server.h"

namespace baton::server {
namespace {

constexpr std::size_t worker_queue = 1024;
constexpr std::size_t model_queue = 4096;        // of which one version has half: thousands of clients wait at once
constexpr std::size_t registration_queue = 256;  // shorter, as their bodies are large
constexpr std::chrono::seconds drain_grace{10};
constexpr std::chrono::milliseconds poll_interval{100};
constexpr std::chrono::seconds upkeep_interval{15};
constexpr std::size_t most_workers = 1024;
constexpr std::size_t most_loops = 256;
constexpr std::size_t most_payloads = 4096;  // of two bodies of at most 64 KiB: half a gigabyte
constexpr std::chrono::microseconds most_batch_wait{std::chrono::seconds(1)};

struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};

Result<ListenAddress> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    ListenAddress listen;
    if (colon != std::string::npos) {
        const auto port = parse_whole<std::uint16_t>(std::string_view(text).substr(colon + 1));
        listen.port = port.value_or(0);
        listen.address = text.substr(0, colon);
        if (listen.address.starts_with('[') && listen.address.ends_with(']')) {  // [::1]:8080
            listen.address = listen.address.substr(1, listen.address.size() - 2);
        }
        if (port && !listen.address.empty()) return listen;
    }
    return invalid_argument("\"" + text + "\" is no address to listen on.",
                            "Write ADDRESS:PORT, for example 127.0.0.1:8080; port 0 picks a free one.");
}

std::string url_of(const ListenAddress& listen, std::uint16_t port) {
    const bool v6 = listen.address.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + listen.address + "]" : listen.address) + ":" + std::to_string(port);
}

// Whoever started the server waits for lines that did not come.
Error unsaid(bool token_is_lost) {
    Error error{.code = Code::unavailable, .message = "Standard output cannot be written."};
    if (token_is_lost) {
        error.message += " The admin token was made, but nobody has seen it.";
        error.hint = "`baton token create --user admin --data DIR` makes another.";
    }
    return error;
}

// Every object of a running server, in the order in which they need each other: destroyed from the bottom up.
class App {
public:
    App(const ServeOptions& options, const BatchRules& batches, DataFolder folder, const Clock& clock)
        : options_(options),
          payloads_(payload_log(options)),
          folder_(std::move(folder)),
          authenticator_(*folder_.store, clock),
          engines_(open_runtime(options)),
          live_set_(live_set_options(options, batches, *folder_.store, engines_), live_table_,
                    [this](const Digest& digest) { return folder_.blobs->read(digest); }),
          api_({*folder_.store, authenticator_, *folder_.blobs, live_set_, engines_, *watch_, pool_, registrations_},
               {options.anonymous_live, BATON_VERSION}),
          inference_(live_table_, live_set_, models_, inference_authorizer(), inference_options(options)),
          health_{live_table_, live_set_, metrics_, pool_, models_, draining_},
          registrations_(std::max<std::size_t>(1, options.workers / 2), registration_queue),
          models_(options.workers, model_queue),
          pool_(options.workers, worker_queue) {}

    ~App() {
        watch_->stop();       // who still waits needs the pool and the API
        engines_.stop_all();  // also where the start failed: what is being loaded holds the end up no longer
        log_event(LogLevel::info, "stopped");
    }

    Status start() {
        live_set_.on_change([this] {
            watch_->notify();
            live_feed_.log_changes();
        });
        BATON_TRY(authenticator_.catch_up());
        BATON_TRY(live_feed_.start());
        native::add_routes(router_, api_);
        native::add_payload_routes(router_, api_, payloads_ ? &*payloads_ : nullptr);
        oip::add_routes(router_, inference_);
        tfserving::add_routes(router_, inference_);
        kserve::add_routes(router_, inference_);
        mlflow::add_scoring_routes(router_, inference_);
        add_health_routes(router_, health_);
        add_health_routes(management_router_, health_);
        BATON_ASSIGN(const ListenAddress listen, parse_listen(options_.listen));
        BATON_ASSIGN(server_, start_beast_server(transport_options(listen), router_, pool_));
        url_ = url_of(listen, server_->port());
        if (!options_.grpc_listen.empty()) {
            BATON_ASSIGN(const ListenAddress address, parse_listen(options_.grpc_listen));
            grpc::GrpcOptions grpc_options;
            grpc_options.address = address.address;
            grpc_options.port = address.port;
            BATON_ASSIGN(grpc_, start_grpc_server(grpc_options, inference_));
            grpc_address_ =
                options_.grpc_listen.substr(0, options_.grpc_listen.rfind(':') + 1) + std::to_string(grpc_->port());
        }
        if (!options_.management_listen.empty()) {
            BATON_ASSIGN(const ListenAddress management, parse_listen(options_.management_listen));
            TransportOptions transport;
            transport.address = management.address;
            transport.port = management.port;
            BATON_ASSIGN(management_, start_httplib_server(transport, management_router_));
            management_url_ = url_of(management, management_->port());
        }
        return {};
    }

    // The admin token is made only now: a start that failed must not use it up unseen.
    Status announce() {
        BATON_ASSIGN(const std::optional<registry::CreatedToken> admin, bootstrap_admin(*folder_.store));
        if (admin) std::printf("admin token: %s\n", admin->secret.c_str());
        if (!grpc_address_.empty()) std::printf("baton gRPC on %s\n", grpc_address_.c_str());
        if (!management_url_.empty()) std::printf("baton management on %s\n", management_url_.c_str());
        std::printf("baton listening on %s\n", url_.c_str());
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return unsaid(admin.has_value());
        log_event(LogLevel::info, "listening", {{"url", url_}, {"data", options_.data.string()}});
        return {};
    }

    void run(const std::function<bool()>& stop_requested) {
        auto next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
        while (!stop_requested()) {
            std::this_thread::sleep_for(poll_interval);
            static_cast<void>(authenticator_.catch_up());  // upkeep() says why it fails
            if (std::chrono::steady_clock::now() < next_upkeep) continue;
            upkeep();
            next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
        }
        draining_ = true;
        log_event(LogLevel::info, "draining");
        watch_->stop();  // long polls are answered now, so that they do not hold the drain up
        drain();
        checkpoint();
    }

private:
    // gRPC's drain ends only with its last call, so what still runs when the grace is over is stopped first.
    void drain() {
        const auto until = std::chrono::steady_clock::now() + drain_grace;
        const std::future<void> calls = std::async(std::launch::async, [this] {
            if (grpc_) grpc_->drain(drain_grace);
        });
        server_->drain(drain_grace);
        calls.wait_until(until);
        engines_.stop_all();
        calls.wait();
    }

    // Without it the models of the Eigen engine are served all the same.
    static inference::Engines::RuntimeResult open_runtime(const ServeOptions& options) {
        if (options.onnxruntime == "off") {
            return Error{.code = Code::unavailable, .message = "this server runs without ONNX Runtime"};
        }
        auto runtime =
            inference::onnxruntime::Runtime::start({.library = options.onnxruntime, .run_limit = options.run_limit});
        if (runtime.ok()) {
            log_event(LogLevel::info, "onnxruntime_loaded",
                      {{"version", (*runtime)->version()}, {"library", (*runtime)->path()}});
        } else {
            log_event(LogLevel::warning, "onnxruntime_missing",
                      {{"message", runtime.error().message}, {"hint", runtime.error().hint}});
        }
        return runtime;
    }

    static inference::LiveSet::Options live_set_options(const ServeOptions& options, const BatchRules& batches,
                                                        const registry::Store& store,
                                                        const inference::Engines& engines) {
        inference::LiveSet::Options live;
        live.environment = options.environment;
        live.load_model = [&engines](
                              std::string_view bytes,
                              inference::EngineChoice choice) -> Result<std::shared_ptr<const inference::Model>> {
            BATON_ASSIGN(inference::OnnxModel opened, engines.open(bytes, choice));
            return std::shared_ptr<const inference::Model>(std::move(opened.model));
        };
        live.batching = [batches, wait = options.batch_wait](std::string_view model) {
            return inference::Batching{.rows = batches.rows_for(model), .wait = wait, .queue = worker_queue};
        };
        live.read_golden = [&store](const inference::WantedSlot& slot) { return read_golden(store, slot); };
        return live;
    }

    InferenceService::Options inference_options(const ServeOptions& options) {
        InferenceService::Options inference;
        inference.environment = options.environment;
        inference.server_name = options.server_name;
        inference.server_version = BATON_VERSION;
        inference.timeout = options.inference_timeout;
        inference.ready = [this] { return is_ready(health_); };
        inference.payloads = payloads_ ? &*payloads_ : nullptr;
        return inference;
    }

    // Any valid token whose scope has the model may ask; nobody needs one where the operator opened inference.
    InferenceService::Authorize inference_authorizer() const {
        if (options_.anonymous_inference) return [](const Request&, std::string_view) { return Status(); };
        return [this](const Request& request, std::string_view model) -> Status {
            BATON_ASSIGN(const registry::Caller caller, authenticate(request, authenticator_));
            BATON_ASSIGN(const registry::ModelName name, registry::ModelName::parse(model));
            return require_read(caller, name);
        };
    }

    TransportOptions transport_options(const ListenAddress& listen) {
        TransportOptions transport;
        transport.address = listen.address;
        transport.port = listen.port;
        transport.loops = options_.loops;
        transport.limits.connections = options_.connections;
        transport.limits.connections_per_peer = options_.connections_per_peer;
        transport.on_answered = [this, access_log = options_.access_log](const Request& request,
                                                                         const Answered& answered) {
            metrics_.record(answered.status, answered.took);
            if (access_log) log_access(request, answered);
        };
        return transport;
    }

    void upkeep() {
        live_feed_.catch_up();
        if (const Status status = authenticator_.catch_up(); !status.ok()) warn("users_not_read", status.error());
        expire_overdue_requests();
        if (const Status status = authenticator_.record_use(*folder_.store); !status.ok()) {
            warn("token_use_not_recorded", status.error());
        }
        checkpoint();
    }

    static void warn(const char* event, const Error& error) {
        log_event(LogLevel::warning, event, {{"message", error.message}});
    }

    void expire_overdue_requests() {
        const registry::Call call{registry::system_caller(), "upkeep", std::nullopt};
        const auto expired = folder_.store->write<std::int64_t>(
            call, [](registry::Transaction& transaction) { return registry::expire_requests(transaction); });
        if (!expired.ok()) warn("overdue_requests_not_ended", expired.error());
    }

    void checkpoint() {
        if (Status status = folder_.store->checkpoint(); !status.ok()) {
            warn("write_ahead_log_not_folded_in", status.error());
        }
    }

    static std::optional<PayloadLog> payload_log(const ServeOptions& options) {
        if (options.payload_log == 0) return std::nullopt;
        return std::optional<PayloadLog>(std::in_place, options.payload_log, options.payload_sample);
    }

    const ServeOptions options_;
    std::optional<PayloadLog> payloads_;
    std::atomic<bool> draining_{false};
    RequestMetrics metrics_;
    DataFolder folder_;
    registry::Authenticator authenticator_;
    const std::shared_ptr<LiveWatch> watch_ = std::make_shared<LiveWatch>();
    inference::LiveTable live_table_;
    const inference::Engines engines_;
    LiveFeed live_feed_{*folder_.store, live_set_};  // before the live set, whose last load still reports to it
    inference::LiveSet live_set_;
    native::Api api_;
    InferenceService inference_;
    Health health_;
    Router router_;
    Router management_router_;
    // Behind what their tasks use: gone, with the last task, before it.
    WorkerPool registrations_;
    WorkerPool models_;  // run what takes too long for a loop
    WorkerPool pool_;
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<HttpServer> management_;
    std::unique_ptr<grpc::GrpcServer> grpc_;
    std::string url_;
    std::string management_url_;
    std::string grpc_address_;
};

Status check(const ServeOptions& options) {
    BATON_TRY(registry::Environment::parse(options.environment));
    if (options.workers == 0 || options.workers > most_workers) {
        return invalid_argument("--workers must be 1 to " + std::to_string(most_workers));
    }
    if (options.inference_timeout.count() < 0) return invalid_argument("--inference-timeout must not be negative");
    if (options.run_limit.count() < 1 || options.run_limit > std::chrono::hours(24)) {
        return invalid_argument("--run-limit must be 1 to 86400");
    }
    if (options.batch_wait < options.batch_wait.zero() || options.batch_wait > most_batch_wait) {
        return invalid_argument("--batch-wait-us must be 0 to " + std::to_string(most_batch_wait.count()));
    }
    if (options.loops > most_loops) return invalid_argument("--loops must be 0 to " + std::to_string(most_loops));
    if (options.payload_log > most_payloads) {
        return invalid_argument("--payload-log must be at most " + std::to_string(most_payloads),
                                "to see more of them, keep a share: --payload-sample 0.01");
    }
    if (options.payload_sample <= 0 || options.payload_sample > 1) {
        return invalid_argument("--payload-sample must be above 0 and at most 1");
    }
    if (options.connections == 0 || options.connections_per_peer == 0) {
        return invalid_argument("--max-connections and --max-connections-per-peer must be at least 1");
    }
    return {};
}

}  // namespace

Status serve(const ServeOptions& options, const std::function<bool()>& stop_requested) {
    BATON_TRY(check(options));
    BATON_ASSIGN(const BatchRules batches, BatchRules::parse(options.batches));
    const SystemClock clock;
    BATON_ASSIGN(DataFolder folder, open_data_folder(options.data, clock));
    prepare_process();
    start_log();
    Status status = [&]() -> Status {
        App app(options, batches, std::move(folder), clock);
        BATON_TRY(app.start());
        BATON_TRY(app.announce());
        app.run(stop_requested);
        return {};
    }();
    stop_log();
    return status;
}

}  // namespace baton::server

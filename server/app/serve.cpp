#include "server/app/serve.h"

#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <thread>

#include <spdlog/spdlog.h>

#include "inference/live_set.h"
#include "registry/identity.h"
#include "registry/workflow.h"
#include "server/app/data_folder.h"
#include "server/app/health.h"
#include "server/app/live_feed.h"
#include "server/app/log.h"
#include "server/auth/credentials.h"
#include "server/inference/service.h"
#include "server/live/watch.h"
#include "server/native/routes.h"
#include "server/oip/routes.h"
#include "server/tfserving/routes.h"
#include "server/transport/server.h"

namespace baton::server {
namespace {

constexpr std::size_t worker_queue = 1024;
constexpr std::chrono::seconds drain_grace{10};
constexpr std::chrono::milliseconds poll_interval{100};
constexpr std::chrono::seconds upkeep_interval{60};

struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};

Result<ListenAddress> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    ListenAddress listen;
    if (colon != std::string::npos) {
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, listen.port);
        listen.address = text.substr(0, colon);
        if (listen.address.starts_with('[') && listen.address.ends_with(']')) {  // [::1]:8080
            listen.address = listen.address.substr(1, listen.address.size() - 2);
        }
        if (error == std::errc() && stop == end && !listen.address.empty()) return listen;
    }
    return invalid_argument("\"" + text + "\" is no address to listen on.",
                            "Write ADDRESS:PORT, for example 127.0.0.1:8080; port 0 picks a free one.");
}

std::string url_of(const ListenAddress& listen, std::uint16_t port) {
    const bool v6 = listen.address.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + listen.address + "]" : listen.address) + ":" + std::to_string(port);
}

// Every object of a running server, in the order in which they need each other: destroyed from the bottom up.
class App {
public:
    App(const ServeOptions& options, DataFolder folder, const Clock& clock)
        : options_(options),
          folder_(std::move(folder)),
          authenticator_(*folder_.store, clock),
          live_set_(live_set_options(options), live_table_,
                    [this](const Digest& digest) { return folder_.blobs->read(digest); }),
          api_({*folder_.store, authenticator_, *folder_.blobs, live_set_, *watch_, pool_},
               {options.anonymous_live, BATON_VERSION}),
          inference_(live_table_, live_set_, pool_, inference_authorizer(), inference_options(options)),
          health_{live_table_, live_set_, metrics_, pool_, draining_},
          pool_(options.workers, worker_queue) {}

    Status start() {
        live_set_.on_change([watch = watch_] { watch->notify(); });
        BATON_TRY(connect_live_set(*folder_.store, live_set_));
        native::add_routes(router_, api_);
        oip::add_routes(router_, inference_);
        tfserving::add_routes(router_, inference_);
        add_health_routes(router_, health_);
        add_health_routes(management_router_, health_);
        BATON_ASSIGN(const ListenAddress listen, parse_listen(options_.listen));
        BATON_ASSIGN(server_, start_beast_server(transport_options(listen), router_, pool_));
        url_ = url_of(listen, server_->port());
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
        if (!management_url_.empty()) std::printf("baton management on %s\n", management_url_.c_str());
        std::printf("baton listening on %s\n", url_.c_str());
        std::fflush(stdout);
        return {};
    }

    void run(const std::function<bool()>& stop_requested) {
        auto next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
        while (!stop_requested()) {
            std::this_thread::sleep_for(poll_interval);
            if (std::chrono::steady_clock::now() < next_upkeep) continue;
            expire_overdue_requests();
            checkpoint();
            next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
        }
        draining_ = true;
        watch_->stop();  // long polls are answered now, so that they do not hold the drain up
        server_->drain(drain_grace);
        checkpoint();
    }

private:
    static inference::LiveSet::Options live_set_options(const ServeOptions& options) {
        inference::LiveSet::Options live;
        live.environment = options.environment;
        return live;
    }

    InferenceService::Options inference_options(const ServeOptions& options) const {
        InferenceService::Options inference;
        inference.environment = options.environment;
        inference.server_version = BATON_VERSION;
        inference.ready = [this] { return !draining_.load(); };
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
        transport.on_answered = [this, access_log = options_.access_log](const Request& request,
                                                                         const Answered& answered) {
            metrics_.record(answered.status, answered.took);
            if (access_log) log_access(request, answered);
        };
        return transport;
    }

    void expire_overdue_requests() {
        const registry::Call call{registry::system_caller(), "upkeep", std::nullopt};
        const auto expired = folder_.store->write<std::int64_t>(
            call, [](registry::Transaction& transaction) { return registry::expire_requests(transaction); });
        if (!expired.ok()) spdlog::warn("overdue requests were not ended: {}", expired.error().message);
    }

    void checkpoint() {
        if (Status status = folder_.store->checkpoint(); !status.ok()) {
            spdlog::warn("the write-ahead log was not folded in: {}", status.error().message);
        }
    }

    const ServeOptions options_;
    std::atomic<bool> draining_{false};
    RequestMetrics metrics_;
    DataFolder folder_;
    registry::Authenticator authenticator_;
    const std::shared_ptr<LiveWatch> watch_ = std::make_shared<LiveWatch>();
    inference::LiveTable live_table_;
    inference::LiveSet live_set_;
    native::Api api_;
    InferenceService inference_;
    Health health_;
    Router router_;
    Router management_router_;
    WorkerPool pool_;  // behind what its tasks use: gone, with its last task, before them
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<HttpServer> management_;
    std::string url_;
    std::string management_url_;
};

// A connection is a descriptor, and the usual soft limit of 1,024 is far below what the front door can hold.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Status serve(const ServeOptions& options, const std::function<bool()>& stop_requested) {
    const SystemClock clock;
    BATON_ASSIGN(DataFolder folder, open_data_folder(options.data, clock));
    start_log();
    raise_descriptor_limit();
    Status status = [&]() -> Status {
        App app(options, std::move(folder), clock);
        BATON_TRY(app.start());
        BATON_TRY(app.announce());
        app.run(stop_requested);
        return {};
    }();
    stop_log();
    return status;
}

}  // namespace baton::server

#include "server/transport/beast/connection.h"

#include "server/log/log.h"
#include "server/transport/safe_call.h"

namespace baton::server {

using boost::asio::ip::tcp;
using boost::system::error_code;

// The way back for handlers that answer by themselves. Outlives the connection if they do.
class Connection::LateAnswers final : public AnswerSink {
public:
    LateAnswers(std::weak_ptr<Connection> connection, std::shared_ptr<Mailbox> mailbox)
        : connection_(std::move(connection)), mailbox_(std::move(mailbox)) {}

    void send(std::uint64_t serial, Response&& response) override {
        if (mailbox_->is_on_loop()) {
            const auto self = connection_.lock();
            if (!self) return;
            // Inside the handler: advance() goes on with the answer when the handler returns.
            if (self->advancing_ && self->awaits_answer(serial)) return self->answer(std::move(response));
        }
        mailbox_->post([connection = connection_, serial, response = std::move(response)]() mutable {
            const auto self = connection.lock();
            if (!self || !self->awaits_answer(serial)) return;
            self->answer(std::move(response));
            self->advance();
        });
    }

private:
    const std::weak_ptr<Connection> connection_;
    const std::shared_ptr<Mailbox> mailbox_;
};

Connection::Connection(Socket socket, Loop& loop, Shared& shared, std::string peer)
    : socket_(std::move(socket)), loop_(loop), shared_(shared), deadline_(loop.io()), peer_(std::move(peer)) {}

void Connection::start(bool admitted) {
    error_code ec;
    socket_.non_blocking(true, ec);
    socket_.set_option(tcp::no_delay(true), ec);  // a peer that is gone shows at the first read
    deadline_.start(weak_from_this(), [this] { expired(); });
    deadline_.set(Clock::now() + limits().head_time);
    if (!admitted) {
        begin_request();
        refuse(503, "too many connections are open");
    }
    advance();
}

void Connection::advance() {
    if (advancing_) return;
    advancing_ = true;
    for (bool progress = true; progress;) {
        switch (phase_) {
            case Phase::head:
                progress = take_head();
                break;
            case Phase::body:
                progress = take_body();
                break;
            case Phase::ready:
                dispatch();
                break;
            case Phase::uploading:
                progress = pump_upload();
                break;
            case Phase::answering:
                progress = flush();
                break;
            case Phase::lingering:
                input_.clear();
                read_to_input();
                progress = false;
                break;
            case Phase::running:
            case Phase::closed:
                progress = false;
                break;
        }
    }
    advancing_ = false;
}

void Connection::expired() {
    switch (phase_) {
        case Phase::head:
            if (!head_begun_) return close();
            begin_request();
            refuse(408, "the request head did not arrive in time");
            break;
        case Phase::body:
            refuse(408, "the request body did not arrive in time");
            break;
        case Phase::uploading:
            check_upload_rate();
            break;
        default:
            return close();
    }
    advance();
}

void Connection::close_if_idle() {
    error_code ec;
    if (phase_ == Phase::head && !head_begun_ && socket_.available(ec) == 0) close();
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    if (unanswered_ && status_ != 0) note_answered(Clock::now());
    if (intake_) drop_sink();
    body_.reset();
    deadline_.stop();
    error_code ignored;
    socket_.close(ignored);
    loop_.forget(shared_from_this(), peer_);
}

// What came of a body that is not wanted any more must not keep others from sending theirs.
void Connection::give_body_back() {
    body_.reset();
    if (request_.use_count() == 1) std::string().swap(request_->body);
    std::string().swap(upload_buffer_);
    std::string().swap(out_body_);
}

void Connection::linger() {
    phase_ = Phase::lingering;
    error_code ec;
    if (reading_) {
        socket_.cancel(ec);  // what it reads into is given back once it has ended
    } else {
        give_body_back();
    }
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    if (ec) return close();
    deadline_.set(Clock::now() + limits().linger_time);
}

void Connection::read(std::span<char> into, void (Connection::*then)(std::size_t)) {
    if (reading_) return;
    reading_ = true;
    socket_.async_read_some(boost::asio::buffer(into.data(), into.size()),
                            [self = shared_from_this(), then](const error_code& ec, std::size_t bytes) {
                                self->reading_ = false;
                                self->received_ += bytes;
                                if (self->phase_ == Phase::closed) return;
                                if (self->phase_ == Phase::lingering) self->give_body_back();
                                if (!ec) {
                                    ((*self).*then)(bytes);
                                } else if (ec != boost::asio::error::operation_aborted) {
                                    self->peer_finished();
                                }
                                self->advance();
                            });
}

void Connection::read_to_input() { read(input_.space(), &Connection::input_came); }

void Connection::input_came(std::size_t bytes) { input_.commit(bytes); }

void Connection::peer_finished() {
    if (phase_ == Phase::uploading) return upload_broke();
    // While an answer is on its way the peer may well have said all it had to say: it finds the end of the connection
    // when the next request is looked for.
    if (phase_ != Phase::running && phase_ != Phase::answering) close();
}

bool Connection::take_head() {
    const std::string_view bytes = input_.view().substr(0, limits().head_bytes);
    switch (scanner_.scan(bytes)) {
        case HeadScanner::State::complete:
            begin_request();
            head_came(bytes.substr(0, scanner_.size()));
            return true;
        case HeadScanner::State::malformed:
            begin_request();
            refuse(400, "the request head is malformed");
            return true;
        case HeadScanner::State::incomplete:
            break;
    }
    if (bytes.size() == limits().head_bytes) {
        begin_request();
        scanner_.in_request_line() ? refuse(414, "the request target is too long")
                                   : refuse(431, "the request head is too large");
        return true;
    }
    if (!bytes.empty() && !head_begun_) {
        head_begun_ = true;
        deadline_.set(Clock::now() + limits().head_time);
    }
    if (shared_.draining) close_if_idle();
    if (phase_ == Phase::head) read_to_input();
    return false;
}

void Connection::begin_request() {
    started_ = Clock::now();
    deadline_.clear();
    ++serial_;
    unanswered_ = true;
    status_ = 0;
    close_after_ = false;
    framing_ = {};
    head_only_ = false;
    if (!request_) {
        request_ = std::make_shared<Request>();
        route_ = nullptr;
    }
    request_->method = Method::other;
    for (std::string* part : {&request_->target, &request_->path, &request_->query, &request_->body}) part->clear();
    request_->peer = peer_;
    request_->headers.clear();
}

void Connection::head_came(std::string_view head) {
    const std::size_t head_size = head.size();
    const auto parsed = parse_head(head, *request_);
    input_.consume(head_size);
    head_only_ = request_->method == Method::head;
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(refusal->status, refusal->reason);
    framing_ = std::get<Framing>(parsed);

    if (!asks_the_same_path()) {
        Router::Match match = shared_.router.match(request_->method, request_->path);
        if (match.route == nullptr) return no_route(match);
        route_ = match.route;
        routed_method_ = request_->method;
        routed_path_ = request_->path;
        request_->parameters = std::move(match.parameters);
    }
    if (framing_.length > route_->body_limit) return gather(BodyReader::State::too_large);
    if (std::holds_alternative<Upload>(route_->handler)) return begin_upload();
    if (!framing_.has_body()) {
        request_->body.reserve(Request::body_padding);
        phase_ = Phase::ready;
        return;
    }
    body_.emplace(framing_, route_->body_limit, 0, request_->body, shared_.budget);
    deadline_.set(started_ + limits().body_time);
    phase_ = Phase::body;
    if (framing_.expects_continue && input_.empty()) invite_body();
}

// As the request before did, whose route and parameters are still there.
bool Connection::asks_the_same_path() const {
    return route_ != nullptr && request_->method == routed_method_ && request_->path == routed_path_;
}

void Connection::no_route(const Router::Match& match) {
    route_ = nullptr;
    request_->parameters.clear();
    pass_over_body();
    if (match.status == 405) {
        Response response = shared_.router.error(
            *request_, invalid_argument("this path does not take that method", "it takes " + match.allowed), 405);
        response.headers.set("Allow", match.allowed);
        answer(std::move(response));
    } else if (match.status == 404) {
        answer_error(404, "nothing is found at this path");
    } else {
        answer_error(400, "the path is malformed");
    }
}

// A body that nobody takes: if it is here, the connection can go on behind it; otherwise it ends with the answer.
void Connection::pass_over_body() {
    if (framing_.chunked || framing_.length > input_.size()) {
        close_after_ = true;
    } else {
        input_.consume(static_cast<std::size_t>(framing_.length));
    }
}

bool Connection::take_body() {
    gather(body_->take(input_));
    if (phase_ != Phase::body) return true;
    if (const std::span<char> space = body_->space(); !space.empty()) {
        read(space, &Connection::body_came);
    } else if (framing_.chunked) {
        read_to_input();
    } else {
        gather(BodyReader::State::no_memory);
        return true;
    }
    return false;
}

void Connection::body_came(std::size_t bytes) {
    if (phase_ == Phase::body) gather(body_->took(bytes));
}

void Connection::gather(BodyReader::State state) {
    switch (state) {
        case BodyReader::State::more:
            break;
        case BodyReader::State::complete:
            deadline_.clear();
            phase_ = Phase::ready;
            break;
        case BodyReader::State::malformed:
            refuse(400, "the chunked body is malformed");
            break;
        case BodyReader::State::too_large:
            refuse(413, "the body is larger than the " + std::to_string(route_->body_limit) + " bytes taken here");
            break;
        case BodyReader::State::no_memory:
            refuse(503, "too many request bodies are being received");
            break;
    }
}

void Connection::dispatch() {
    phase_ = Phase::running;
    if (const auto* direct = std::get_if<Inline>(&route_->handler)) {
        handler_returned(call_safely([&] { return direct->handler(*request_); }));
    } else if (const auto* pooled = std::get_if<Pooled>(&route_->handler)) {
        run_pooled(*pooled);
    } else {
        run_async(std::get<Async>(route_->handler).handler);
    }
}

void Connection::handler_returned(Result<Response> response) {
    response ? answer(*std::move(response)) : answer_error(response.error(), 500);
}

void Connection::run_pooled(const Pooled& route) {
    const bool taken = on_pool(
        false,
        [request = request_, &handler = route.handler] { return call_safely([&] { return handler(*request); }); },
        [](Connection& self, Result<Response> response) { self.handler_returned(std::move(response)); }, route.pool);
    if (!taken) answer_error(503, "all workers are busy");
}

void Connection::run_async(const AsyncHandler& handler) {
    if (!late_answers_) late_answers_ = std::make_shared<LateAnswers>(weak_from_this(), loop_.mailbox());
    try {
        handler(request_, Responder(late_answers_, serial_));
    } catch (const std::exception& error) {
        // The responder was dropped on the way out, and has answered 500.
        log_failure(std::string("a handler failed: ") + error.what());
    }
}

}  // namespace baton::server

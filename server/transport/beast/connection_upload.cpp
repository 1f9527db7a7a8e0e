// How a connection hands a streamed request body to its sink.
#include "base/error_codes.h"
#include "server/transport/beast/connection.h"
#include "server/transport/safe_call.h"

namespace baton::server {
namespace {

constexpr std::size_t chunked_input_capacity = 64 * 1024;  // chunks are decoded out of the input buffer

}  // namespace

void Connection::begin_upload() {
    phase_ = Phase::running;
    const UploadHandler& handler = std::get<Upload>(route_->handler).handler;
    const bool taken = on_pool(
        false, [request = request_, &handler] { return call_safely([&] { return handler(*request); }); },
        [](Connection& self, Result<UploadStart> start) { self.upload_began(std::move(start)); });
    if (taken) return;
    pass_over_body();
    answer_error(503, "all workers are busy");
}

void Connection::upload_began(Result<UploadStart> start) {
    if (!start || std::holds_alternative<Response>(*start)) {
        pass_over_body();
        if (!start) return answer_error(start.error(), 500);
        return answer(std::get<Response>(*std::move(start)));
    }
    intake_ = std::make_unique<Intake>();
    intake_->sink = std::get<std::unique_ptr<BodySink>>(*std::move(start));
    if (framing_.chunked) input_.reserve(chunked_input_capacity);
    body_.emplace(framing_, route_->body_limit, Intake::piece_size, upload_buffer_, shared_.budget);
    start_rate_window();
    phase_ = Phase::uploading;
    if (framing_.expects_continue && input_.empty()) invite_body();
}

bool Connection::pump_upload() {
    if (reading_) return false;
    bool piece_is_due = intake_->broke;
    if (!intake_->broke) {
        piece_is_due = gather_upload();
        if (phase_ != Phase::uploading) return true;
    }
    if (!piece_is_due) return false;
    if (intake_->writing) {
        intake_->blocked_in_window = true;
        return false;
    }
    if (body_->gathered() > 0) {
        write_piece();
        return true;
    }
    intake_->broke ? close() : finish_upload();
    return false;
}

// Reads on where there is room. True: what is gathered should be written before more is read. Refuses what is wrong.
bool Connection::gather_upload() {
    BodyReader::State state = body_->take(input_);
    if (state == BodyReader::State::more && !body_->window_is_full()) {
        if (const std::span<char> space = body_->space(); !space.empty()) {
            read(space, &Connection::upload_came);
            return false;
        }
        if (framing_.chunked) {
            read_to_input();
            return false;
        }
        state = BodyReader::State::no_memory;
    }
    // Short of memory, a smaller piece has to do; without any, the upload has to wait for its turn.
    const bool smaller_piece = state == BodyReader::State::no_memory && (body_->gathered() > 0 || intake_->writing);
    if (state != BodyReader::State::complete && !smaller_piece) gather(state);
    return true;
}

void Connection::upload_came(std::size_t bytes) {
    if (phase_ == Phase::uploading) body_->took(bytes);
}

void Connection::write_piece() {
    const auto piece = std::make_shared<std::string>();
    body_->take_out(*piece);
    intake_->writing = true;
    const bool taken = on_pool(
        true,
        [sink = intake_->sink, piece] {
            return call_safely([&] { return sink->write(std::as_bytes(std::span(*piece))); });
        },
        [](Connection& self, const Status& status) { self.piece_written(status); });
    if (!taken) close();
}

void Connection::piece_written(const Status& status) {
    intake_->writing = false;
    if (status.ok() || intake_->broke || phase_ != Phase::uploading) return;
    close_after_ = !body_->is_complete();
    answer_error(status.error(), http_status(status.error().code));
}

void Connection::finish_upload() {
    phase_ = Phase::running;
    deadline_.clear();
    const bool taken = on_pool(
        true, [sink = intake_->sink] { return call_safely([&] { return sink->finish(); }); },
        [](Connection& self, Result<Response> response) { self.handler_returned(std::move(response)); });
    if (!taken) close();
}

void Connection::upload_broke() { intake_->broke = true; }

void Connection::start_rate_window() {
    intake_->received_before = received_;
    intake_->blocked_in_window = false;
    deadline_.set(Clock::now() + limits().rate_window);
}

void Connection::check_upload_rate() {
    const auto window = static_cast<std::uint64_t>(limits().rate_window.count());
    const std::uint64_t least = limits().minimum_rate * window / 1000;
    const bool is_senders_fault = !intake_->writing && !intake_->blocked_in_window;
    if (is_senders_fault && received_ - intake_->received_before < least) {
        return refuse(408, "the upload is slower than " + std::to_string(limits().minimum_rate) + " bytes a second");
    }
    start_rate_window();
}

void Connection::drop_sink() {
    // On the pool, since it may remove files. A step that is running keeps the sink until it is done.
    if (intake_->sink) shared_.pool.submit_step([sink = std::move(intake_->sink)] {});
}

}  // namespace baton::server

// How a connection answers: whole bodies in one write, files with sendfile, streams chunk by chunk.
#include <array>
#include <charconv>

#include "server/transport/beast/connection.h"
#include "server/transport/beast/response_head.h"
#include "server/transport/safe_call.h"

namespace baton::server {
namespace {

using boost::system::error_code;

Code code_of(int status) {
    switch (status) {
        case 404:
            return Code::not_found;
        case 408:
            return Code::deadline_exceeded;
        case 413:
        case 414:
        case 431:
            return Code::too_large;
        case 500:
            return Code::internal;
        case 503:
            return Code::resource_exhausted;
        default:
            return Code::invalid_argument;
    }
}

constexpr std::size_t small_answer = 4 * 1024;  // bodies up to this are sent from the head's own buffer
constexpr std::size_t usual_head = 2 * 1024;    // header bytes; the memory of larger ones is not kept

// An idle connection keeps small buffers for its next request, and gives large ones back.
void give_back_if_large(std::string& buffer) {
    if (buffer.capacity() > InputBuffer::initial_capacity) std::string().swap(buffer);
}

// What a chunk's content is preceded by.
void append_chunk_size(std::string& out, std::size_t size) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end).append("\r\n");
}

}  // namespace

void Connection::invite_body() {
    output_ = Output::invitation;
    out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    out_body_.clear();
    out_written_ = 0;
    answer_length_.reset();
    write_due_ = Clock::time_point::max();
    after_invitation_ = phase_;
    phase_ = Phase::answering;
}

// The time of a body that is invited starts when the invitation was written: writing may have had to wait.
void Connection::invited() {
    phase_ = after_invitation_;
    if (phase_ == Phase::uploading) return start_rate_window();
    deadline_.set(Clock::now() + limits().body_time);
}

void Connection::answer_error(const Error& error, int status) {
    Response response = shared_.router.error(*request_, error, status);
    if (status == 503 && !response.headers.contains("Retry-After")) response.headers.add("Retry-After", "1");
    answer(std::move(response));
}

void Connection::answer_error(int status, std::string message) {
    answer_error(Error{.code = code_of(status), .message = std::move(message)}, status);
}

void Connection::refuse(int status, std::string message) {
    close_after_ = true;
    answer_error(status, std::move(message));
}

void Connection::answer(Response&& response) {
    phase_ = Phase::answering;
    status_ = response.status;
    close_after_ = close_after_ || !framing_.keep_alive || shared_.draining;
    const bool has_body = status_allows_body(response.status) && !head_only_;
    Delivery delivery{
        .date = loop_.date(), .http_1_0 = framing_.http_1_0, .close = close_after_, .length = std::nullopt};
    out_body_.clear();
    out_written_ = 0;
    write_due_ = Clock::time_point::max();
    output_ = Output::whole;
    if (auto* text = std::get_if<std::string>(&response.body)) {
        delivery.length = text->size();
        if (has_body) out_body_.swap(*text);
    } else if (auto* file = std::get_if<FileBody>(&response.body)) {
        delivery.length = file->length();
        if (has_body && file->length() > 0) {
            file_.emplace(std::move(*file));
            output_ = Output::file;
        }
    } else if (has_body) {
        stream_ = std::make_shared<ChunkedBody>(std::move(std::get<ChunkedBody>(response.body)));
        stream_ended_ = false;
        output_ = Output::stream;
        // Over HTTP/1.0 only the end of the connection ends such a body.
        close_after_ = delivery.close = close_after_ || framing_.http_1_0;
    }
    if (const auto id = request_->id(); id && !response.headers.contains("X-Request-Id")) {
        response.headers.add("X-Request-Id", *id);
    }
    answer_length_ = delivery.length;
    out_head_.clear();
    append_head(out_head_, response, delivery);
    if (out_body_.size() <= small_answer) {
        out_head_ += out_body_;
        out_body_.clear();
    }
    if (shared_.options.on_answered) answer_headers_ = std::move(response.headers);
}

// Head and body in one system call, and for most answers in one go.
bool Connection::flush() {
    const std::size_t total = out_head_.size() + out_body_.size();
    while (out_written_ < total) {
        const std::size_t of_head = std::min(out_written_, out_head_.size());
        const std::size_t of_body = out_written_ - of_head;
        const auto head = boost::asio::buffer(out_head_.data() + of_head, out_head_.size() - of_head);
        const auto body = boost::asio::buffer(out_body_.data() + of_body, out_body_.size() - of_body);
        error_code ec;
        const std::size_t written = out_body_.empty() ? socket_.write_some(head, ec)  // cheaper than gathering one
                                                      : socket_.write_some(std::array{head, body}, ec);
        if (ec == boost::asio::error::would_block) {
            wait_until_writable(&Connection::advance);
            return false;
        }
        if (ec) {
            close();
            return false;
        }
        out_written_ += written;
    }
    flushed();
    return true;
}

void Connection::wait_until_writable(void (Connection::*then)()) {
    if (waiting_) return;
    waiting_ = true;
    const Clock::time_point now = Clock::now();
    if (answer_length_ && write_due_ == Clock::time_point::max()) {
        const std::chrono::seconds at_minimum_rate(*answer_length_ / limits().minimum_rate);
        write_due_ = now + limits().write_time + at_minimum_rate;
    }
    deadline_.set(std::min(now + limits().write_time, write_due_));
    socket_.async_wait(boost::asio::socket_base::wait_write, [self = shared_from_this(), then](const error_code& ec) {
        self->waiting_ = false;
        if (self->phase_ == Phase::closed) return;
        if (ec) return self->close();
        self->deadline_.clear();
        ((*self).*then)();
    });
}

void Connection::flushed() {
    switch (output_) {
        case Output::invitation:
            invited();
            break;
        case Output::whole:
            finish_answer();
            break;
        case Output::file:
            transfer_ = FileTransfer::create(*std::exchange(file_, std::nullopt), socket_.native_handle());
            transfer_ ? send_file() : close();
            break;
        case Output::stream:
            stream_ended_ ? finish_answer() : next_chunk();
            break;
    }
}

void Connection::finish_answer() {
    const Clock::time_point now = Clock::now();
    note_answered(now);
    transfer_.reset();
    stream_.reset();
    if (intake_) drop_sink();
    if (close_after_) return linger();
    body_.reset();
    intake_.reset();
    if (request_.use_count() > 1 || request_->headers.wire_size() > usual_head) request_.reset();
    if (request_) give_back_if_large(request_->body);
    for (std::string* buffer : {&upload_buffer_, &out_body_}) give_back_if_large(*buffer);
    input_.give_back_if_large();
    scanner_.reset();
    head_begun_ = false;
    phase_ = Phase::head;
    deadline_.set(now + limits().idle_time);
}

void Connection::note_answered(Clock::time_point now) {
    if (!std::exchange(unanswered_, false) || !shared_.options.on_answered) return;
    shared_.options.on_answered(*request_, {status_, answer_headers_, now - started_});
}

void Connection::send_file() {
    phase_ = Phase::running;
    const bool taken = on_pool(
        true, [transfer = transfer_] { return transfer->advance(); },
        [](Connection& self, FileTransfer::State state) { self.file_sent(state); });
    if (!taken) close();
}

void Connection::file_sent(FileTransfer::State state) {
    switch (state) {
        case FileTransfer::State::more:
            send_file();
            break;
        case FileTransfer::State::done:
            finish_answer();
            break;
        case FileTransfer::State::blocked:
            wait_until_writable(&Connection::send_file);
            break;
        case FileTransfer::State::failed:
            close();
            break;
    }
}

void Connection::next_chunk() {
    phase_ = Phase::running;
    const bool taken = on_pool(
        true, [stream = stream_] { return call_safely(stream->next); },
        [](Connection& self, Result<std::string> piece) { self.chunk_came(std::move(piece)); });
    if (!taken) close();
}

void Connection::chunk_came(Result<std::string> piece) {
    if (!piece) return close();  // without the last chunk, so that the client can tell
    stream_ended_ = piece->empty();
    out_head_.clear();
    out_body_ = *std::move(piece);
    out_written_ = 0;
    if (!framing_.http_1_0) {
        append_chunk_size(out_head_, out_body_.size());
        out_body_.append("\r\n");
    }
    phase_ = Phase::answering;
}

}  // namespace baton::server

// One client's connection: a state machine that lives on one loop.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "server/transport/beast/asio.h"
#include "server/transport/beast/body_reader.h"
#include "server/transport/beast/deadline.h"
#include "server/transport/beast/file_transfer.h"
#include "server/transport/beast/input_buffer.h"
#include "server/transport/beast/loop.h"
#include "server/transport/beast/request_head.h"

namespace baton::server {

// Reads one request at a time and reads on only when its answer is written, so neither unread output nor a pipeline of
// requests takes memory. Not thread-safe: only its loop calls it. What runs on the pool holds no reference to it and
// comes back through the loop's mailbox.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Socket socket, Loop& loop, Shared& shared, std::string peer);

    void start(bool admitted);  // not admitted: is told 503 and closed
    void close_if_idle();       // for draining: between two requests, with nothing of the next one here

private:
    using Clock = std::chrono::steady_clock;

    enum class Phase {
        head,       // of the next request is awaited
        body,       // is gathered for a handler that wants it whole
        ready,      // for the handler
        running,    // the handler has the request; nothing is read
        uploading,  // the body goes to a sink
        answering,  // output is being written
        lingering,  // answered for good; what still comes is thrown away, so that the peer can read the answer
        closed,
    };
    // What the output is the end of.
    enum class Output { invitation, whole, file, stream };
    struct Intake;
    class LateAnswers;

    // Does what can be done without waiting. Every event ends in a call of it.
    void advance();
    void expired();
    void close();
    void linger();
    void give_body_back();

    // connection.cpp: each returns false when advance() has to wait for an event.
    bool take_head();
    void begin_request();
    void head_came(std::string_view head);
    bool asks_the_same_path() const;
    void no_route(const Router::Match& match);
    void pass_over_body();
    bool take_body();
    void read(std::span<char> into, void (Connection::*then)(std::size_t));
    void read_to_input();
    void input_came(std::size_t bytes);
    void body_came(std::size_t bytes);
    void gather(BodyReader::State state);
    void peer_finished();

    // connection.cpp: handlers
    void dispatch();
    void handler_returned(Result<Response> response);
    void run_pooled(const Pooled& route);
    void run_async(const AsyncHandler& handler);
    bool awaits_answer(std::uint64_t serial) const { return phase_ == Phase::running && serial_ == serial; }

    // connection_answer.cpp
    void invite_body();
    void invited();
    void answer(Response&& response);
    void answer_error(int status, std::string message);
    void answer_error(const Error& error, int status);
    void refuse(int status, std::string message);  // answers, then closes
    bool flush();
    void flushed();
    void wait_until_writable(void (Connection::*then)());
    void finish_answer();
    void note_answered(Clock::time_point now);
    void send_file();
    void file_sent(FileTransfer::State state);
    void next_chunk();
    void chunk_came(Result<std::string> piece);

    // connection_upload.cpp
    using UploadStart = std::variant<Response, std::unique_ptr<BodySink>>;
    void begin_upload();
    void upload_began(Result<UploadStart> start);
    bool pump_upload();
    bool gather_upload();
    void upload_came(std::size_t bytes);
    void write_piece();
    void piece_written(const Status& status);
    void finish_upload();
    void upload_broke();
    void start_rate_window();
    void check_upload_rate();
    void drop_sink();

    // Runs `work()` on the pool and `then(*this, result)` back on the loop, unless the connection has ended. False: the
    // pool took it not. `step`: see WorkerPool::submit_step().
    template <class Work, class Then>
    bool on_pool(bool step, Work work, Then then, WorkerPool* pool = nullptr);

    const TransportLimits& limits() const { return shared_.options.limits; }

    Socket socket_;
    Loop& loop_;
    Shared& shared_;
    Deadline deadline_;

    const std::string peer_;
    Phase phase_ = Phase::head;
    bool advancing_ = false;
    bool reading_ = false;  // into input_, request_.body or upload_buffer_, which are left alone as long
    bool waiting_ = false;  // for the socket to take more
    std::uint64_t received_ = 0;
    InputBuffer input_;

    // The request being read or answered.
    HeadScanner scanner_;
    bool head_begun_ = false;
    Framing framing_;
    std::shared_ptr<Request> request_;  // shared with the handler; used again when no handler keeps it
    const Route* route_ = nullptr;      // with the method and path that it was found for
    Method routed_method_ = Method::other;
    std::string routed_path_;
    std::optional<BodyReader> body_;
    std::unique_ptr<Intake> intake_;
    std::string upload_buffer_;
    Clock::time_point started_{};
    std::uint64_t serial_ = 0;                  // of the request, so that a late answer is not taken for the next one's
    std::shared_ptr<AnswerSink> late_answers_;  // made for the first handler that answers by itself

    // Its answer.
    bool close_after_ = false;
    bool unanswered_ = false;
    int status_ = 0;
    Headers answer_headers_;
    Output output_ = Output::whole;
    Phase after_invitation_ = Phase::body;
    bool head_only_ = false;
    std::string out_head_;
    std::string out_body_;
    std::size_t out_written_ = 0;
    std::optional<std::uint64_t> answer_length_;              // of the body, where it is known beforehand
    Clock::time_point write_due_ = Clock::time_point::max();  // by then an answer of known length must be taken
    std::optional<FileBody> file_;
    std::shared_ptr<FileTransfer> transfer_;
    std::shared_ptr<ChunkedBody> stream_;
    bool stream_ended_ = false;
};

// A request body on its way to its sink. At most two pieces are in memory: one being gathered, one being written.
struct Connection::Intake {
    static constexpr std::size_t piece_size = 256 * 1024;

    std::shared_ptr<BodySink> sink;
    bool writing = false;               // the sink is busy on the pool
    bool broke = false;                 // the peer will send no more: what is here is written, then the sink dropped
    std::uint64_t received_before = 0;  // this window of the rate check
    bool blocked_in_window = false;     // reading waited for the sink: the rate is not the sender's
};

template <class Work, class Then>
bool Connection::on_pool(bool step, Work work, Then then, WorkerPool* pool) {
    struct Call {
        Work work;
        Then then;
        std::weak_ptr<Connection> connection;
        std::shared_ptr<Mailbox> mailbox;
        std::shared_ptr<Gate> gate;
    };
    const auto call =
        std::make_shared<Call>(Call{std::move(work), std::move(then), weak_from_this(), loop_.mailbox(), loop_.gate()});
    std::function<void()> task = [call] {
        if (!call->gate->enter()) return;
        auto result = call->work();
        call->gate->leave();
        call->mailbox->post([call, result = std::move(result)]() mutable {
            const auto self = call->connection.lock();
            if (!self || self->phase_ == Phase::closed) return;
            call->then(*self, std::move(result));
            self->advance();
        });
    };
    WorkerPool& chosen = pool != nullptr ? *pool : shared_.pool;
    return step ? chosen.submit_step(std::move(task)) : chosen.submit(std::move(task));
}

}  // namespace baton::server

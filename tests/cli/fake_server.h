// A small HTTP server for tests of the command line: it answers from a table of handlers, remembers what it was sent,
// and can break a connection in the middle of a body, either way. One connection at a time, each for one request.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace baton::cli {

struct FakeRequest {
    std::string method;
    std::string target;                          // with the query, as sent
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;                            // what arrived before `FakeServer::break_uploads_at` cut it off
    std::string header(const std::string& name) const;
    std::string path() const;  // without the query
};

struct FakeAnswer {
    int status = 200;
    std::string body = {};
    std::map<std::string, std::string> headers = {};
    std::optional<std::size_t> break_after = {};  // the connection ends after so many bytes of the body
};

class FakeServer {
public:
    using Handler = std::function<FakeAnswer(const FakeRequest&)>;

    FakeServer();
    ~FakeServer();

    // "GET /api/v1/models" without the query; the newest handler of a route counts. Unknown routes answer a problem,
    // 404.
    void on(const std::string& route, Handler handler);
    void on(const std::string& route, const std::string& body, int status = 200);
    // The next request whose body is longer loses its connection after so many bytes, and gets no answer; its handler
    // is told.
    void break_next_upload_at(std::size_t bytes);

    std::string url() const;
    std::vector<FakeRequest> requests() const;
    std::vector<FakeRequest> requests(const std::string& route) const;

private:
    void run();
    void serve(int connection);
    bool read_request(int connection, FakeRequest& request);
    FakeAnswer answer(const FakeRequest& request);

    int listener_ = -1;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::map<std::string, Handler> handlers_;
    std::vector<FakeRequest> requests_;
    std::optional<std::size_t> break_at_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace baton::cli

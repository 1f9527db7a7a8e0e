// A server with a route of every kind, and what tests need to look into it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/transport/server.h"

namespace baton::server {

// What became of the uploads of a server. Thread-safe.
class UploadLog {
public:
    struct Entry {
        std::string bytes;
        bool finished = false;
        bool dropped = false;
        std::size_t largest_piece = 0;
    };

    void hold_writes(bool hold);
    void wait_while_held();
    void update(const std::function<void(Entry&)>& change);
    // The state once `enough` of it is true; after some seconds as it is.
    Entry wait_for(const std::function<bool(const Entry&)>& enough);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    Entry entry_;
    bool held_ = false;
};

// Limits that let every timeout be seen in a fraction of a second.
TransportLimits short_limits();

class TestServer {
public:
    enum class Kind { beast, httplib };

    explicit TestServer(Kind kind, TransportOptions options = {.limits = short_limits()}, std::size_t workers = 2,
                        std::size_t queue = 8);
    ~TestServer();

    std::uint16_t port() const { return server_->port(); }
    HttpServer& server() { return *server_; }
    WorkerPool& pool() { return pool_; }
    UploadLog& uploads() { return uploads_; }

    // Answers the requests to /held so far, waiting until there are `count` of them.
    void answer_held(std::size_t count = 1);
    std::size_t held();

    static constexpr std::size_t file_size = 3 * 1024 * 1024 + 17;
    static const std::string& file_content();
    static constexpr std::size_t big_size = 32 * 1024 * 1024;

private:
    void add_plain_routes();
    void add_body_routes();
    void add_async_routes();
    void add_upload_route();
    Response file_response(const Request& request) const;

    const std::string file_path_;
    UploadLog uploads_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Responder> held_;          // guarded by mutex_
    std::vector<std::jthread> answerers_;  // guarded by mutex_
    Router router_;
    WorkerPool own_pool_{1, 1};  // of one route
    WorkerPool pool_;
    std::unique_ptr<HttpServer> server_;
};

std::string kind_name(const testing::TestParamInfo<TestServer::Kind>& info);

}  // namespace baton::server

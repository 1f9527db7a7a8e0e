// A part of a file on its way into a socket.
#pragma once

#include <cstdint>
#include <memory>

#include "server/transport/http.h"

namespace baton::server {

// Moved forward on the worker pool, since reading the file may block; the socket never does. One call at a time.
class FileTransfer {
public:
    enum class State { more, done, blocked, failed };

    // Works on a duplicate of `socket`, so that the connection may end at any time; null when there is none to be had.
    static std::unique_ptr<FileTransfer> create(FileBody file, int socket);
    ~FileTransfer();
    FileTransfer(const FileTransfer&) = delete;
    FileTransfer& operator=(const FileTransfer&) = delete;

    // Sends some. `blocked`: the socket takes no more for now; `failed`: the peer is gone, or the file shorter than
    // promised.
    State advance();

private:
    FileTransfer(FileBody file, int socket);

    FileBody file_;
    const int socket_;
    std::uint64_t offset_;
    std::uint64_t remaining_;
};

}  // namespace baton::server

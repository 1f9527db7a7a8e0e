#include "server/transport/beast/file_transfer.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace baton::server {
namespace {

constexpr std::uint64_t piece_size = 256 * 1024;
constexpr int pieces_per_step = 8;  // then other work of the pool has its turn

}  // namespace

std::unique_ptr<FileTransfer> FileTransfer::create(FileBody file, int socket) {
    const int duplicate = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) return nullptr;
    return std::unique_ptr<FileTransfer>(new FileTransfer(std::move(file), duplicate));
}

FileTransfer::FileTransfer(FileBody file, int socket)
    : file_(std::move(file)), socket_(socket), offset_(file_.offset()), remaining_(file_.length()) {}

FileTransfer::~FileTransfer() { ::close(socket_); }

FileTransfer::State FileTransfer::advance() {
    for (int piece = 0; piece < pieces_per_step && remaining_ > 0;) {
        auto offset = static_cast<off_t>(offset_);
        const auto size = static_cast<std::size_t>(std::min(remaining_, piece_size));
        const ssize_t sent = ::sendfile(socket_, file_.descriptor(), &offset, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return State::blocked;
        if (sent <= 0) return State::failed;
        offset_ += static_cast<std::uint64_t>(sent);
        remaining_ -= static_cast<std::uint64_t>(sent);
        ++piece;
    }
    return remaining_ > 0 ? State::more : State::done;
}

}  // namespace baton::server

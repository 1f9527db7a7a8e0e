#include "server/registration/mapped_blob.h"

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>

namespace baton::server {
namespace {

class Mapping;
thread_local Mapping* innermost = nullptr;  // the signal comes to the thread that reads

class Mapping {
public:
    Mapping(int descriptor, std::size_t size) : size_(size), outer_(innermost) {
        if (size_ > 0) address_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (is_open()) innermost = this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (!is_open()) return;
        innermost = outer_;
        if (size_ > 0) munmap(address_, size_);
    }

    bool is_open() const { return address_ != MAP_FAILED; }
    bool failed() const { return failed_ != 0; }
    std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

    // Puts zeros in the place of the mapping of this thread that has the address. Runs in a signal handler: it calls
    // nothing but the kernel.
    static bool replace(const void* address) {
        for (Mapping* mapping = innermost; mapping != nullptr; mapping = mapping->outer_) {
            const auto* begin = static_cast<const char*>(mapping->address_);
            if (address < begin || address >= begin + mapping->size_) continue;
            mapping->failed_ = 1;
            return mmap(mapping->address_, mapping->size_, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                   MAP_FAILED;
        }
        return false;
    }

private:
    void* address_ = nullptr;  // null for an empty blob
    const std::size_t size_;
    Mapping* const outer_;
    volatile std::sig_atomic_t failed_ = 0;
};

void on_bus_error(int signal, siginfo_t* info, void*) {
    if (Mapping::replace(info->si_addr)) return;  // and the read is done again
    std::signal(signal, SIG_DFL);                 // not ours: it comes again and ends the process
}

void handle_bus_errors() {
    static const int installed = [] {
        struct sigaction action = {};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO;
        return sigaction(SIGBUS, &action, nullptr);
    }();
    static_cast<void>(installed);
}

}  // namespace

Status with_mapped(const artifacts::OpenBlob& blob, const std::function<Status(std::string_view)>& look) {
    handle_bus_errors();
    const Mapping mapping(blob.descriptor, blob.size);
    close(blob.descriptor);
    if (!mapping.is_open()) {
        return Error{.code = Code::unavailable, .message = "A stored file cannot be mapped into memory."};
    }
    Status status = look(mapping.bytes());
    if (mapping.failed()) {
        return Error{.code = Code::unavailable,
                     .message = "A stored file cannot be read: the disk failed, or the file was shortened.",
                     .hint = "run \"baton fsck\" on the data folder and check the disk"};
    }
    return status;
}

}  // namespace baton::server

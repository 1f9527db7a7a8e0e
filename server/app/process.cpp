#include "server/app/process.h"

#include <malloc.h>
#include <sys/resource.h>

namespace baton::server {
namespace {

// A connection is a descriptor, and the usual soft limit of 1,024 is far below what the front door can hold.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// glibc learns from each large block that is freed to keep larger ones, up to 32 MiB for each of its arenas: after a
// burst of large requests hundreds of megabytes stayed. With fixed limits, blocks from 4 MiB on go back when they are
// freed; smaller ones, those of usual requests, stay at hand, up to 1 MiB behind what is in use. With 8 MiB instead, a
// thousand loads of models made the server grow by a tenth (tests/e2e/soak.py).
void give_back_large_blocks() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

}  // namespace

void prepare_process() {
    raise_descriptor_limit();
    give_back_large_blocks();
}

}  // namespace baton::server

#include "inference/background.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace baton::inference {

void lower_priority(int by) {
    // On Linux a thread has a niceness of its own.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), by);
}

}  // namespace baton::inference

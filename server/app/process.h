// What a serving process asks of the operating system and the C library.
#pragma once

namespace baton::server {

// Once, when it starts. What cannot be had is done without.
void prepare_process();

}  // namespace baton::server

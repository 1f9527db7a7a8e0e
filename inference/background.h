// Threads whose work can wait for that of requests.
#pragma once

namespace baton::inference {

// Makes the calling thread yield to others where the processor is short; 19 is the most. Best effort.
void lower_priority(int by);

}  // namespace baton::inference

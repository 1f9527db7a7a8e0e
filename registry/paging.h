// Lists in pages, with a filter and an order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace baton::registry {

struct PageRequest {
    std::int64_t size = 100;    // 1 to 1000
    std::string token = {};     // opaque, from the page before; empty: the first page
    std::string order_by = {};  // "created_at desc, name"; empty: the list's own order
    std::string filter = {};    // "stage = 'live' AND metrics.roc_auc >= 0.9"; empty: all
};

template <class T>
struct Page {
    std::vector<T> items;
    std::string next_token;  // empty on the last page
};

}  // namespace baton::registry

#include "inference/departures.h"

#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace baton::inference {
namespace {

// Moves those for which `is_free` holds to a list of their own.
template <class T, class IsFree>
std::vector<T> take_free(std::vector<T>& all, IsFree is_free) {
    const auto kept = std::stable_partition(all.begin(), all.end(), [&](const T& one) { return !is_free(one); });
    std::vector<T> free(std::make_move_iterator(kept), std::make_move_iterator(all.end()));
    all.erase(kept, all.end());
    return free;
}

}  // namespace

void Departures::add(std::vector<ServedVersionPtr> versions, std::vector<std::shared_ptr<Shadow>> shadows) {
    const std::lock_guard lock(mutex_);
    std::ranges::move(versions, std::back_inserter(versions_));
    std::ranges::move(shadows, std::back_inserter(shadows_));
}

bool Departures::release() {
    std::vector<ServedVersionPtr> versions;
    std::vector<std::shared_ptr<Shadow>> shadows;
    {
        // A count of one is this list's own, and from here nobody can get another.
        const std::lock_guard lock(mutex_);
        shadows = take_free(shadows_, [](const auto& s) { return s.use_count() == 1 && s->has_stopped(); });
        versions = take_free(versions_, [](const auto& v) { return v.use_count() == 1; });
    }
    if (versions.empty() && shadows.empty()) return false;
    versions.clear();
    shadows.clear();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    return true;
}

bool Departures::empty() const {
    const std::lock_guard lock(mutex_);
    return versions_.empty() && shadows_.empty();
}

std::vector<DepartingVersion> Departures::list() const {
    std::vector<DepartingVersion> departing;
    const std::lock_guard lock(mutex_);
    for (const ServedVersionPtr& version : versions_) {
        departing.push_back({.model = version->model,
                             .version = version->version,
                             .warm = false,
                             .in_flight = static_cast<std::size_t>(version.use_count() - 1)});
    }
    return departing;
}

}  // namespace baton::inference

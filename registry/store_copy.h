// A folder's metadata for those who only look at it.
#pragma once

#include <filesystem>
#include <memory>

#include "registry/store.h"

namespace baton::registry {

// A private copy of the metadata in a temporary folder (below TMPDIR, readable by its owner alone), brought to this
// binary's schema there. In the folder itself nothing is made, changed or removed, so it may be on a read-only disk and
// of an older schema. Holds the folder's lock for its life. Not thread-safe.
class StoreCopy {
public:
    // not_found: no metadata in `folder`. failed_precondition: another process has it open, or a newer Baton has
    // written it. internal: it is damaged. `clock` must outlive the object.
    static Result<StoreCopy> take(const std::filesystem::path& folder, const Clock& clock);
    StoreCopy(StoreCopy&& other) noexcept;
    StoreCopy& operator=(StoreCopy&&) = delete;
    ~StoreCopy();

    const Store& store() const;

private:
    struct Impl;
    explicit StoreCopy(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::registry

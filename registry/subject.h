// What a decision on a promotion request is about: all the evidence that its author had before them, in one digest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "registry/names.h"

namespace baton::registry {

// A decision counts for exactly this. When any part changes, the digest does, and the decision lapses.
struct Subject {
    Digest version;               // of the manifest
    std::vector<Digest> reports;  // of all validation reports of the version, in any order
    Environment environment;
    std::int64_t policy_version = 0;
};

// The text that the digest is taken of. Format: docs/formats.md.
std::string canonical_subject(const Subject& subject);
Digest subject_digest(const Subject& subject);

}  // namespace baton::registry

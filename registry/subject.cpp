#include "registry/subject.h"

#include <algorithm>

#include "registry/canonical_json.h"

namespace baton::registry {

std::string canonical_subject(const Subject& subject) {
    std::vector<std::string> reports;
    for (const Digest& report : subject.reports) reports.push_back(canonical_string(report.text()));
    std::sort(reports.begin(), reports.end());
    return canonical_object({{"environment", canonical_string(subject.environment.text())},
                             {"format", canonical_string("baton-subject/1")},
                             {"policy", std::to_string(subject.policy_version)},
                             {"reports", canonical_array(reports)},
                             {"version", canonical_string(subject.version.text())}});
}

Digest subject_digest(const Subject& subject) { return sha256(canonical_subject(subject)); }

}  // namespace baton::registry

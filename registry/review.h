// Requests as people see them; what the files of the workflow share.
#pragma once

#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/policy.h"
#include "registry/store.h"

namespace baton::registry {

// A stored request with what is derived: an open one is weighed against what holds now (its state becomes `approved` or
// `expired` by that, and it has warnings), a closed one stays as it was when it was closed.
PromotionRequest review(const Snapshot&, PromotionRequest stored);

// What the policy looks at.
RequestFacts facts_of(const Snapshot&, const PromotionRequest&);

// The reviewed request; not_found also when the caller may not see its model.
Result<PromotionRequest> find_reviewed(const Snapshot&, const Caller&, RequestId);
// For what only an open request allows: failed_precondition when it is closed or expired.
Status require_open(const PromotionRequest& reviewed);

// Ends an open request, keeping what the policy says of it now; traffic rules that rest on it end too.
void close(Transaction&, PromotionRequest reviewed, RequestState state, const std::string& reason);

// failed_precondition with those of the requirements that are not satisfied.
Error refusal(std::string message, const std::vector<Requirement>& requirements, std::string hint = {});

bool is_blank(const std::string& text);  // nothing but white space
// What people write: UTF-8 of at most 16 KiB; not blank when `required`.
enum class Presence { optional, required };
Status check_text(const std::string& field, const std::string& text, Presence presence);

std::string request_object(RequestId id);                                 // request/7
std::string version_text(const ModelName& model, VersionNumber version);  // credit-risk/3
// The details that every audit entry of a request has.
std::map<std::string, std::string> audit_details(const PromotionRequest& request);

}  // namespace baton::registry

#include "registry/storage/verdict_json.h"

#include <nlohmann/json.hpp>

#include "registry/storage/database.h"

namespace baton::registry::storage {

std::string verdict_to_json(const PromotionRequest& request) {
    nlohmann::json decisions = nlohmann::json::array();
    for (const Approval& approval : request.approvals)
        decisions.push_back({{"counts", approval.counts}, {"reason_not", approval.reason_not}});
    nlohmann::json requirements = nlohmann::json::array();
    for (const Requirement& requirement : request.evaluation.requirements) {
        requirements.push_back({{"requirement", requirement.requirement},
                                {"satisfied", requirement.satisfied},
                                {"explanation", requirement.explanation}});
    }
    nlohmann::json verdict = {{"decisions", std::move(decisions)},
                              {"requirements", std::move(requirements)},
                              {"satisfied", request.evaluation.satisfied}};
    if (request.subject) verdict["subject"] = request.subject->text();
    return verdict.dump();
}

void apply_verdict(std::string_view json, PromotionRequest& request) {
    try {
        const nlohmann::json verdict = nlohmann::json::parse(json);
        const nlohmann::json& decisions = verdict.at("decisions");
        for (std::size_t i = 0; i < request.approvals.size(); ++i) {
            decisions.at(i).at("counts").get_to(request.approvals[i].counts);
            decisions.at(i).at("reason_not").get_to(request.approvals[i].reason_not);
        }
        // Verdicts of old have no subject.
        if (const auto subject = verdict.find("subject"); subject != verdict.end())
            request.subject = Digest::parse(subject->get<std::string>());
        request.evaluation = {.satisfied = verdict.at("satisfied").get<bool>(), .requirements = {}};
        for (const nlohmann::json& requirement : verdict.at("requirements")) {
            request.evaluation.requirements.push_back(
                {.requirement = requirement.at("requirement").get<std::string>(),
                 .satisfied = requirement.at("satisfied").get<bool>(),
                 .explanation = requirement.at("explanation").get<std::string>()});
        }
    } catch (const nlohmann::json::exception& error) {
        throw StorageError(StorageError::Kind::corrupt, error.what());
    }
}

}  // namespace baton::registry::storage

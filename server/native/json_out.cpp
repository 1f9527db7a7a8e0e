#include "server/native/json_out.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace baton::server::native {
namespace {

using nlohmann::json;

// Free text may hold bytes that are no UTF-8 (it is checked on the way in, but a database can be edited).
std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string time(Timestamp at) { return format_timestamp(at); }

json optional_time(const std::optional<Timestamp>& at) { return at ? json(time(*at)) : json(nullptr); }

json tensor_fields(const std::vector<registry::TensorField>& fields) {
    json list = json::array();
    for (const auto& field : fields) {
        list.push_back({{"name", field.name}, {"datatype", field.datatype}, {"shape", field.shape}});
    }
    return list;
}

json signature(const registry::ModelSignature& value) {
    return {{"inputs", tensor_fields(value.inputs)}, {"outputs", tensor_fields(value.outputs)}};
}

json roles(const registry::Roles& held) {
    json list = json::array();
    for (const registry::Role role : held) list.push_back(registry::role_name(role));
    return list;
}

json evaluation(const registry::Evaluation& value) {
    json list = json::array();
    for (const auto& requirement : value.requirements) {
        list.push_back({{"requirement", requirement.requirement},
                        {"satisfied", requirement.satisfied},
                        {"explanation", requirement.explanation}});
    }
    return {{"satisfied", value.satisfied}, {"requirements", list}};
}

json approvals(const std::vector<registry::Approval>& given) {
    json list = json::array();
    for (const auto& approval : given) {
        json item = {{"user", approval.user.text()},     {"decision", registry::decision_name(approval.decision)},
                     {"digest", approval.digest.text()}, {"comment", approval.comment},
                     {"at", time(approval.at)},          {"counts", approval.counts}};
        if (approval.subject) item["subject_digest"] = approval.subject->text();
        if (approval.policy_version) item["policy_version"] = *approval.policy_version;
        if (!approval.reason_not.empty()) item["reason_not"] = approval.reason_not;
        list.push_back(std::move(item));
    }
    return list;
}

json slot(const registry::Slot& value, const SlotStatuses& statuses) {
    json item = {{"model", value.model.text()}, {"environment", value.environment.text()},
                 {"version", value.version},    {"digest", value.digest.text()},
                 {"revision", value.revision},  {"since", time(value.since)},
                 {"by", value.by.text()}};
    if (value.request) item["request_id"] = *value.request;
    if (value.rollback_of) item["rollback_of"] = *value.rollback_of;
    if (!value.reason.empty()) item["reason"] = value.reason;
    if (value.until) {
        item["until"] = time(*value.until);
        return item;
    }
    const auto status = std::find_if(statuses.begin(), statuses.end(), [&](const inference::SlotStatus& candidate) {
        return candidate.role == inference::SlotRole::live && candidate.model == value.model.text() &&
               candidate.environment == value.environment.text();
    });
    const bool current = status != statuses.end() && status->revision == static_cast<std::uint64_t>(value.revision);
    item["serving"] = current ? inference::serving_state_name(status->state) : "loading";
    item["message"] = current ? status->message : "";
    const bool answered = status != statuses.end() && status->answering.has_value();
    item["serving_version"] = answered ? json(*status->answering) : json(nullptr);
    if (current && !status->engine.empty()) item["engine"] = status->engine;
    return item;
}

json token(const registry::Token& value) {
    return {{"id", value.id},
            {"user", value.user.text()},
            {"name", value.name},
            {"roles", roles(value.roles)},
            {"models", value.models},
            {"environments", value.environments},
            {"created_at", time(value.created_at)},
            {"expires_at", optional_time(value.expires_at)},
            {"last_used_at", optional_time(value.last_used_at)}};
}

}  // namespace

std::string to_json(const registry::Model& model) {
    json live = json::array();
    for (const auto& entry : model.live) {
        live.push_back({{"environment", entry.environment.text()},
                        {"version", entry.version},
                        {"digest", entry.digest.text()},
                        {"since", time(entry.since)}});
    }
    return dump({{"name", model.name.text()},
                 {"description", model.description},
                 {"owner", model.owner.text()},
                 {"tags", model.tags},
                 {"created_at", time(model.created_at)},
                 {"updated_at", time(model.updated_at)},
                 {"versions", model.versions},
                 {"latest_version", model.latest_version ? json(*model.latest_version) : json(nullptr)},
                 {"live", live},
                 {"aliases", model.aliases}});
}

std::string to_json(const registry::Version& version) {
    json files = json::array();
    for (const auto& file : version.files) {
        files.push_back({{"path", file.path}, {"size", file.size}, {"digest", file.digest.text()}});
    }
    json findings = json::array();
    for (const auto& finding : version.findings) {
        findings.push_back({{"severity", finding.severity}, {"code", finding.code}, {"message", finding.message}});
    }
    return dump({{"model", version.model.text()},
                 {"version", version.number},
                 {"digest", version.digest.text()},
                 {"stage", registry::stage_name(version.stage)},
                 {"created_at", time(version.created_at)},
                 {"created_by", version.created_by.text()},
                 {"description", version.description},
                 {"tags", version.tags},
                 {"metadata", version.metadata},
                 {"signature", signature(version.signature)},
                 {"engine", version.engine},
                 {"model_path", version.model_path},
                 {"files", files},
                 {"size", version.size},
                 {"live_in", version.live_in},
                 {"findings", findings},
                 {"aliases", version.aliases}});
}

std::string to_json(const registry::ModelSignature& value) { return dump(signature(value)); }

std::string to_json(const registry::Report& report) {
    json body = json::parse(report.details, nullptr, false);  // ci, slices, per_class_metrics, baselines
    if (!body.is_object()) body = json::object();
    json dataset = {{"name", report.dataset_name}, {"context", report.dataset_context}};
    dataset["digest"] = report.dataset_digest ? json(report.dataset_digest->text()) : json(nullptr);
    dataset["rows"] = report.dataset_rows ? json(*report.dataset_rows) : json(nullptr);
    body.update({{"id", report.id},
                 {"dataset", dataset},
                 {"digest", report.digest.text()},
                 {"task", report.task},
                 {"metrics", report.metrics},
                 {"trust", report.trust == registry::Trust::verified ? "verified" : "claimed"},
                 {"created_at", time(report.created_at)},
                 {"created_by", report.created_by.text()},
                 {"note", report.note}});
    return dump(body);
}

std::string to_json(const registry::HistoryEntry& entry) {
    json item = {{"time", time(entry.time)},
                 {"actor", entry.actor.text()},
                 {"change", entry.change},
                 {"stage", registry::stage_name(entry.stage)},
                 {"reason", entry.reason}};
    if (entry.environment) item["environment"] = entry.environment->text();
    if (entry.request) item["request_id"] = *entry.request;
    return dump(item);
}

std::string to_json(const registry::PromotionRequest& request) {
    json comments = json::array();
    for (const auto& comment : request.comments) {
        comments.push_back(
            {{"id", comment.id}, {"user", comment.user.text()}, {"text", comment.text}, {"at", time(comment.at)}});
    }
    json baseline = nullptr;
    if (request.baseline) {
        baseline = {{"version", request.baseline->version}, {"digest", request.baseline->digest.text()}};
    }
    return dump({{"id", request.id},
                 {"model", request.model.text()},
                 {"version", request.version},
                 {"digest", request.digest.text()},
                 {"subject_digest", request.subject ? json(request.subject->text()) : json(nullptr)},
                 {"environment", request.environment.text()},
                 {"state", registry::request_state_name(request.state)},
                 {"requester", request.requester.text()},
                 {"notes", request.notes},
                 {"created_at", time(request.created_at)},
                 {"expires_at", time(request.expires_at)},
                 {"baseline", baseline},
                 {"closing_reason", request.closing_reason},
                 {"approvals", approvals(request.approvals)},
                 {"comments", comments},
                 {"evaluation", evaluation(request.evaluation)},
                 {"warnings", request.warnings}});
}

std::string to_json(const registry::AuditEntry& entry) {
    return dump({{"seq", entry.sequence},
                 {"time", time(entry.time)},
                 {"actor", entry.actor},
                 {"action", entry.action},
                 {"object", entry.object},
                 {"digest", entry.digest ? json(entry.digest->text()) : json(nullptr)},
                 {"details", entry.details},
                 {"request_id", entry.request_id},
                 {"method", entry.method},
                 {"credential", entry.credential.empty() ? json(nullptr) : json(entry.credential)},
                 {"format", "baton-audit/" + std::to_string(entry.format)},
                 {"hash", entry.hash.text()}});
}

std::string to_json(const registry::User& user) {
    return dump({{"name", user.name.text()},
                 {"roles", roles(user.roles)},
                 {"disabled", user.disabled},
                 {"created_at", time(user.created_at)}});
}

std::string to_json(const registry::Token& value) { return dump(token(value)); }

std::string to_json(const registry::CreatedToken& created) {
    json item = token(created.token);
    item["secret"] = created.secret;
    return dump(item);
}

std::string to_json(const registry::Caller& caller) {
    return dump({{"user", caller.user.text()},
                 {"token_id", caller.token_id},
                 {"roles", roles(caller.roles)},
                 {"models", caller.models},
                 {"environments", caller.environments},
                 {"expires_at", optional_time(caller.expires_at)}});
}

std::string to_json(const registry::Slot& value, const SlotStatuses& statuses) { return dump(slot(value, statuses)); }

std::string to_json(const registry::LiveSnapshot& snapshot, const SlotStatuses& statuses,
                    const std::vector<inference::DepartingVersion>& departing) {
    json slots = json::array();
    for (const auto& value : snapshot.slots) slots.push_back(slot(value, statuses));
    json leaving = json::array();
    for (const auto& version : departing) {
        leaving.push_back({{"model", version.model},
                           {"version", version.version},
                           {"state", version.warm ? "warm" : "draining"},
                           {"in_flight", version.in_flight}});
    }
    return dump({{"revision", snapshot.revision}, {"slots", slots}, {"departing", leaving}});
}

std::string to_json(const registry::SlotHistory& history, const SlotStatuses& statuses) {
    json current = json::array();
    for (const auto& value : history.current) current.push_back(slot(value, statuses));
    json past = json::array();
    for (const auto& value : history.past) past.push_back(slot(value, statuses));
    return dump({{"current", current}, {"past", past}});
}

std::string with_warnings(const std::string& object, const std::vector<std::string>& warnings) {
    json document = json::parse(object);
    document["warnings"] = warnings;
    return dump(document);
}

std::string with_warnings_of(const std::string& earlier, const std::string& object) {
    const json before = json::parse(earlier);
    const auto warnings = before.find("warnings");
    if (warnings == before.end()) return object;
    return with_warnings(object, warnings->get<std::vector<std::string>>());
}

std::string json_string(std::string_view text) { return dump(json(text)); }

std::string json_array(const std::vector<std::string>& items) {
    std::string text = "[";
    for (const std::string& item : items) {
        if (text.size() > 1) text += ',';
        text += item;
    }
    return text + "]";
}

std::string json_strings(const std::vector<std::string>& texts) { return dump(json(texts)); }

}  // namespace baton::server::native

#include "registry/objects.h"

#include <array>
#include <utility>

namespace baton::registry {
namespace {

constexpr std::array<std::pair<RequestState, std::string_view>, 6> request_states = {{
    {RequestState::open, "open"},
    {RequestState::approved, "approved"},
    {RequestState::executed, "executed"},
    {RequestState::rejected, "rejected"},
    {RequestState::withdrawn, "withdrawn"},
    {RequestState::expired, "expired"},
}};

constexpr std::array<std::pair<Decision, std::string_view>, 2> decisions = {{
    {Decision::approve, "approve"},
    {Decision::reject, "reject"},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
    for (const auto& [known, name] : table)
        if (known == value) return name;
    return "";
}

template <class Value, std::size_t size>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, size>& table,
                              std::string_view name) {
    for (const auto& [value, known] : table)
        if (known == name) return value;
    return std::nullopt;
}

}  // namespace

std::string_view request_state_name(RequestState state) { return name_in(request_states, state); }
std::optional<RequestState> parse_request_state(std::string_view name) { return value_in(request_states, name); }

std::string_view decision_name(Decision decision) { return name_in(decisions, decision); }
std::optional<Decision> parse_decision(std::string_view name) { return value_in(decisions, name); }

}  // namespace baton::registry

// The objects of the native API as JSON text. Shapes: docs/api.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/live_set.h"
#include "registry/identity.h"
#include "registry/objects.h"
#include "registry/paging.h"
#include "registry/workflow.h"

namespace baton::server::native {

// The state of a slot's model in this server, beside what the registry says.
using SlotStatuses = std::vector<inference::SlotStatus>;

std::string to_json(const registry::Model&);
std::string to_json(const registry::Version&);
std::string to_json(const registry::ModelSignature&);
std::string to_json(const registry::Report&);
std::string to_json(const registry::HistoryEntry&);
std::string to_json(const registry::PromotionRequest&);
std::string to_json(const registry::AuditEntry&);
std::string to_json(const registry::User&);
std::string to_json(const registry::Token&);
std::string to_json(const registry::CreatedToken&);  // with its secret
std::string to_json(const registry::Caller&);
std::string to_json(const registry::Slot&, const SlotStatuses&);
// With what is loaded beside it.
std::string to_json(const registry::LiveSnapshot&, const SlotStatuses&,
                    const std::vector<inference::DepartingVersion>& departing);
std::string to_json(const registry::SlotHistory&, const SlotStatuses&);

// What changed something answers with the warnings of its request: put into an object, or taken over from the object of
// an earlier answer where that has some.
std::string with_warnings(const std::string& object, const std::vector<std::string>& warnings);
std::string with_warnings_of(const std::string& earlier, const std::string& object);

std::string json_string(std::string_view text);                 // quoted and escaped
std::string json_array(const std::vector<std::string>& items);  // of JSON texts
std::string json_strings(const std::vector<std::string>& texts);

template <class T>
std::string page_json(const registry::Page<T>& page) {
    std::vector<std::string> items;
    items.reserve(page.items.size());
    for (const T& item : page.items) items.push_back(to_json(item));
    std::string text = "{\"items\":" + json_array(items);
    if (!page.next_token.empty()) text += ",\"next_page_token\":" + json_string(page.next_token);
    return text + "}";
}

}  // namespace baton::server::native

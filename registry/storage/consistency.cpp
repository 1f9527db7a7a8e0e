#include "registry/storage/consistency.h"

#include <array>

namespace baton::registry::storage {
namespace {

// Each query answers the objects that break a rule.
struct Rule {
    std::string_view message;
    std::string_view violations;
};

constexpr std::array<Rule, 10> rules = {{
    {"more than one version is live in",
     "SELECT model || ' ' || environment FROM slots WHERE until IS NULL GROUP BY model, environment HAVING count(*) > "
     "1"},
    {"a slot names another digest than its version:",
     "SELECT s.model || '/' || s.number FROM slots s JOIN versions v ON v.model = s.model AND v.number = s.number"
     " WHERE s.digest <> v.digest"},
    {"the stage is live but no slot holds",
     "SELECT v.model || '/' || v.number FROM versions v WHERE v.stage = 'live' AND NOT EXISTS"
     " (SELECT 1 FROM slots s WHERE s.model = v.model AND s.number = v.number AND s.until IS NULL)"},
    {"a slot holds a version whose stage is not live:",
     "SELECT v.model || '/' || v.number FROM versions v JOIN slots s ON s.model = v.model AND s.number = v.number"
     " WHERE s.until IS NULL AND v.stage <> 'live'"},
    {"the stage differs from the last one of the history of",
     "SELECT v.model || '/' || v.number FROM versions v WHERE v.stage IS DISTINCT FROM"
     " (SELECT h.stage FROM version_history h WHERE h.model = v.model AND h.number = v.number AND h.digest = v.digest"
     "  ORDER BY h.id DESC LIMIT 1)"},
    {"the live-set revision is behind the slot of",
     "SELECT s.model || ' ' || s.environment FROM slots s WHERE s.revision > (SELECT revision FROM live_set WHERE id = "
     "1)"},
    {"a traffic rule has no live slot, no open request of its version, or another digest:",
     "SELECT t.model || '/' || t.number FROM traffic t WHERE NOT EXISTS (SELECT 1 FROM slots s WHERE s.model = t.model"
     " AND s.environment = t.environment AND s.until IS NULL AND s.number <> t.number)"
     " OR NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = t.request_id AND r.state = 'open' AND r.model = t.model"
     " AND r.number = t.number AND r.environment = t.environment AND r.digest = t.digest)"},
    {"rows could still be added to", "SELECT model || '/' || number FROM versions WHERE sealed = 0"},
    {"metrics could still be added to report", "SELECT CAST(id AS TEXT) FROM reports WHERE sealed = 0"},
    {"version numbers have a gap in",
     "SELECT m.name FROM models m WHERE m.last_version <> (SELECT count(*) FROM versions v WHERE v.model = m.name)"},
}};

}  // namespace

std::vector<std::string> find_inconsistencies(Connection& connection) {
    std::vector<std::string> problems;
    for (const Rule& rule : rules)
        for (const Row& row : connection.query(rule.violations))
            problems.push_back(std::string(rule.message) + " " + row.text(0));
    return problems;
}

}  // namespace baton::registry::storage

#include "registry/storage/database.h"

namespace baton::registry::storage {

double Row::real(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    return std::get<double>(value);
}

std::optional<Row> Connection::query_one(std::string_view sql, const std::vector<Value>& parameters) {
    std::vector<Row> rows = query(sql, parameters);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

}  // namespace baton::registry::storage

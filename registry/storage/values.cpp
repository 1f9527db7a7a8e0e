#include "registry/storage/values.h"

#include <nlohmann/json.hpp>

namespace baton::registry::storage {
namespace {

template <class T>
T from_json(std::string_view json) {
    try {
        return nlohmann::json::parse(json).get<T>();
    } catch (const nlohmann::json::exception& error) {
        throw StorageError(StorageError::Kind::corrupt, error.what());
    }
}

}  // namespace

Value to_value(Timestamp time) { return std::int64_t{time.time_since_epoch().count()}; }

Value to_value(const Digest& digest) { return digest.hex(); }

Timestamp time_of(const Row& row, std::size_t column) {
    return Timestamp(std::chrono::microseconds(row.integer(column)));
}

std::optional<Timestamp> optional_time_of(const Row& row, std::size_t column) {
    if (row.null(column)) return std::nullopt;
    return time_of(row, column);
}

Digest digest_of(const Row& row, std::size_t column) {
    const auto digest = Digest::from_hex(row.text(column));
    if (!digest) throw StorageError(StorageError::Kind::corrupt, "no digest: " + row.text(column));
    return *digest;
}

std::optional<Digest> optional_digest_of(const Row& row, std::size_t column) {
    if (row.null(column)) return std::nullopt;
    return digest_of(row, column);
}

Stage stage_of(const Row& row, std::size_t column) {
    const auto stage = parse_stage(row.text(column));
    if (!stage) throw StorageError(StorageError::Kind::corrupt, "no stage: " + row.text(column));
    return *stage;
}

std::optional<std::int64_t> optional_integer_of(const Row& row, std::size_t column) {
    if (row.null(column)) return std::nullopt;
    return row.integer(column);
}

std::string to_json(const std::vector<std::string>& list) { return nlohmann::json(list).dump(); }

std::string to_json(const std::map<std::string, std::string>& map) { return nlohmann::json(map).dump(); }

std::vector<std::string> list_from_json(std::string_view json) { return from_json<std::vector<std::string>>(json); }

std::map<std::string, std::string> map_from_json(std::string_view json) {
    return from_json<std::map<std::string, std::string>>(json);
}

}  // namespace baton::registry::storage

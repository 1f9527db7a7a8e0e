// How the domain's values stand in columns: times as microseconds since 1970, digests as 64 hex digits.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "registry/stage.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

inline Value to_value(std::int64_t value) { return value; }
Value to_value(Timestamp time);
Value to_value(const Digest& digest);
template <class T>
Value to_value(const std::optional<T>& value) {
    return value ? to_value(*value) : Value();
}

// Throw StorageError (corrupt) when the column holds something else.
Timestamp time_of(const Row& row, std::size_t column);
std::optional<Timestamp> optional_time_of(const Row& row, std::size_t column);
Digest digest_of(const Row& row, std::size_t column);
std::optional<Digest> optional_digest_of(const Row& row, std::size_t column);
Stage stage_of(const Row& row, std::size_t column);
std::optional<std::int64_t> optional_integer_of(const Row& row, std::size_t column);

// JSON of the columns that hold small lists and maps. Reading throws StorageError (corrupt).
std::string to_json(const std::vector<std::string>& list);
std::string to_json(const std::map<std::string, std::string>& map);
std::vector<std::string> list_from_json(std::string_view json);
std::map<std::string, std::string> map_from_json(std::string_view json);

}  // namespace baton::registry::storage

#include "registry/storage/signature_json.h"

#include <nlohmann/json.hpp>

#include "registry/storage/database.h"

namespace baton::registry::storage {
namespace {

nlohmann::json fields_to_json(const std::vector<TensorField>& fields) {
    auto list = nlohmann::json::array();
    for (const TensorField& field : fields)
        list.push_back({{"name", field.name}, {"datatype", field.datatype}, {"shape", field.shape}});
    return list;
}

std::vector<TensorField> fields_from_json(const nlohmann::json& list) {
    std::vector<TensorField> fields;
    for (const auto& field : list) {
        fields.push_back({.name = field.at("name").get<std::string>(),
                          .datatype = field.at("datatype").get<std::string>(),
                          .shape = field.at("shape").get<std::vector<std::int64_t>>()});
    }
    return fields;
}

}  // namespace

std::string signature_to_json(const ModelSignature& signature) {
    return nlohmann::json{{"inputs", fields_to_json(signature.inputs)}, {"outputs", fields_to_json(signature.outputs)}}
        .dump();
}

ModelSignature signature_from_json(std::string_view json) {
    try {
        const auto parsed = nlohmann::json::parse(json);
        return {.inputs = fields_from_json(parsed.at("inputs")), .outputs = fields_from_json(parsed.at("outputs"))};
    } catch (const nlohmann::json::exception& error) {
        throw StorageError(StorageError::Kind::corrupt, error.what());
    }
}

}  // namespace baton::registry::storage

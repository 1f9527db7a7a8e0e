#include "server/registration/golden_text.h"

#include <nlohmann/json.hpp>

namespace baton::server {

using nlohmann::json;

std::string golden_text(const inference::Golden& golden) try {
    json outputs = json::array();
    for (const inference::Golden::Output& output : golden.outputs) {
        outputs.push_back({{"name", output.name},
                           {"datatype", inference::data_type_name(output.type)},
                           {"shape", output.shape},
                           {"values", output.values}});
    }
    return json{{"recipe", golden.recipe}, {"outputs", outputs}}.dump();
} catch (const json::exception&) {
    return {};
}

Result<inference::Golden> parse_golden(std::string_view text) try {
    const json document = json::parse(text);
    inference::Golden golden;
    golden.recipe = document.at("recipe").get<std::int64_t>();
    for (const json& item : document.at("outputs")) {
        const auto type = inference::parse_data_type(item.at("datatype").get<std::string>());
        if (!type) return internal_error("the golden outputs have an unknown data type");
        golden.outputs.push_back({.name = item.at("name").get<std::string>(),
                                  .type = *type,
                                  .shape = item.at("shape").get<inference::Shape>(),
                                  .values = item.at("values").get<std::vector<std::string>>()});
    }
    return golden;
} catch (const json::exception& problem) {
    return internal_error(std::string("the golden outputs cannot be read: ") + problem.what());
}

}  // namespace baton::server

// baton predict: rows of a file through a live model.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/files.h"
#include "cli/infer_request.h"
#include "cli/print.h"
#include "cli/reference.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string file;
    std::string format;
};

// The model's path in the inference protocol. What is live in production needs no version.
Result<std::string> model_path(Api& api, const Reference& reference) {
    if (!reference.names_version() || reference.selector == "live") {
        return plain_path({"v2", "models", reference.model});
    }
    std::string number = reference.selector;
    if (!reference.number()) {
        BATON_ASSIGN(const Json version,
                     api.get(api_path({"models", reference.model, "versions", reference.selector})));
        number = text(version, "version");
    }
    return plain_path({"v2", "models", reference.model, "versions", number});
}

// One column of the table for an element of an output's row.
struct Column {
    std::string title;
    std::shared_ptr<const Json> data;  // of the whole output
    std::size_t offset = 0;
    std::size_t stride = 1;
};

// Nested and flat data alike.
void append_elements(const Json& data, Json& flat) {
    if (!data.is_array()) return;
    for (const Json& element : data) {
        if (element.is_array()) {
            append_elements(element, flat);
        } else {
            flat.push_back(element);
        }
    }
}

std::vector<Column> columns_of(const Json& outputs, std::size_t& rows) {
    std::vector<Column> columns;
    for (const Json& output : outputs) {
        Json flat = Json::array();
        append_elements(member(output, "data"), flat);
        const Json& shape = member(output, "shape");
        const std::size_t count = shape.is_array() && !shape.empty() && shape.front().is_number_unsigned()
                                      ? shape.front().get<std::size_t>()
                                      : flat.size();
        const std::size_t width = count == 0 ? 0 : flat.size() / count;
        if (width > 0) rows = std::max(rows, count);
        const auto data = std::make_shared<const Json>(std::move(flat));
        for (std::size_t i = 0; i < width; ++i) {
            const std::string suffix = width == 1 ? "" : "." + std::to_string(i);
            columns.push_back({text(output, "name") + suffix + ">", data, i, width});
        }
    }
    return columns;
}

void print_outputs(std::ostream& out, const Style& style, const Json& answer) {
    std::size_t rows = 0;
    const std::vector<Column> columns = columns_of(member(answer, "outputs"), rows);
    std::vector<std::string> titles = {"ROW>"};
    for (const Column& column : columns) titles.push_back(column.title);
    Table table(std::move(titles));
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<std::string> cells = {std::to_string(row + 1)};
        for (const Column& column : columns) {
            const std::size_t at = row * column.stride + column.offset;
            const Json value = at < column.data->size() ? (*column.data)[at] : Json();
            cells.push_back(value.is_string() ? value.get<std::string>() : dump(value));
        }
        table.add(std::move(cells));
    }
    table.print(out, style);
}

// The names that the served version's features have; none for callers who may not read the version.
Result<FeatureNames> names_of_features(Api& api, const Reference& reference, const std::string& version) {
    if (version.empty()) return FeatureNames();
    const auto document = api.get(api_path({"models", reference.model, "versions", version}));
    if (document.ok()) return feature_names(*document);
    const Code code = document.error().code;
    const bool hidden = code == Code::unauthenticated || code == Code::permission_denied || code == Code::not_found;
    if (!hidden) return document.error();
    return FeatureNames();
}

void note_unchecked(Context& context, const InferBody& body) {
    context.note(
        "note: the version does not say what its columns are called, so they are taken in the order of the file: " +
        joined(body.columns));
}

Status predict(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.model));
    BATON_ASSIGN(const std::string content, read_input(arguments.file, context.io()));
    const InputFormat format = arguments.format.empty()     ? guess_format(content)
                               : arguments.format == "json" ? InputFormat::json
                                                            : InputFormat::csv;
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(std::string path, model_path(api, reference));
    BATON_ASSIGN(const Json metadata, api.get(path));
    const std::string version = text(member(metadata, "properties"), "version");
    BATON_ASSIGN(const FeatureNames features, names_of_features(api, reference, version));
    BATON_ASSIGN(const InferBody body, infer_body(metadata, features, content, format));
    // Columns in the order of one version must not meet another that has gone live meanwhile.
    if (body.names == InferBody::Names::checked)
        path = plain_path({"v2", "models", reference.model, "versions", version});
    if (body.names == InferBody::Names::unchecked) note_unchecked(context, body);

    server::Headers headers;
    headers.add("Content-Type", "application/json");
    BATON_ASSIGN(const server::ClientResponse response,
                 api.exchange(server::Method::post, path + "/infer", headers, body.text));
    BATON_ASSIGN(const Json answer, parse_json(response.body, "the server's answer"));
    if (!context.options().json) context.note(text(answer, "model_name") + "/" + text(answer, "model_version"));
    return context.answer(answer, [&](std::ostream& out) { print_outputs(out, context.style(), answer); });
}

}  // namespace

void add_predict(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "predict", "Predict for the rows of a file",
                              {"baton predict credit-risk rows.csv", "baton predict credit-risk/3 rows.json --json",
                               "echo '[[5.1, 3.5, 1.4, 0.2]]' | baton predict iris -",
                               "echo '[{\"age\": 41, \"income\": 52000}]' | baton predict credit-risk -"});
    verb->add_option("NAME[/VERSION]", arguments->model, "A model (what is live) or a version")->required();
    verb->add_option(
            "FILE", arguments->file,
            "CSV with a header, rows as JSON, or an Open Inference Protocol request; - for standard input. Named "
            "columns may come in any order; an empty cell or null is a missing value")
        ->required();
    one_of(verb->add_option("--format", arguments->format, "What FILE is (default: what it looks like)"),
           {"json", "csv"});
    when_chosen(verb, chosen, [arguments](Context& context) { return predict(context, *arguments); });
}

}  // namespace baton::cli

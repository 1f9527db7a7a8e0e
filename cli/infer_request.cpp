#include "cli/infer_request.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/csv.h"
#include "cli/print.h"

namespace baton::cli {
namespace {

// The file as rows of cells; no names when the rows are bare arrays.
struct Rows {
    std::vector<std::string> names;
    std::vector<std::vector<Json>> cells;

    std::string column(std::size_t index) const {
        return index < names.size() ? "'" + names[index] + "'" : std::to_string(index + 1);
    }
};

struct Input {
    std::string name;
    std::string datatype;
    std::vector<std::int64_t> row_shape;  // without the leading dimension of rows

    // Elements a row; nullopt when that varies.
    std::optional<std::size_t> width() const {
        std::size_t width = 1;
        for (const std::int64_t dimension : row_shape) {
            if (dimension < 0) return std::nullopt;
            width *= static_cast<std::size_t>(dimension);
        }
        return width;
    }
};

std::vector<Input> inputs_of(const Json& metadata) {
    std::vector<Input> inputs;
    for (const Json& field : member(metadata, "inputs")) {
        Input input{.name = text(field, "name"), .datatype = text(field, "datatype"), .row_shape = {}};
        for (const Json& dimension : member(field, "shape")) {
            input.row_shape.push_back(dimension.is_number_integer() ? dimension.get<std::int64_t>() : -1);
        }
        if (!input.row_shape.empty()) input.row_shape.erase(input.row_shape.begin());
        inputs.push_back(std::move(input));
    }
    return inputs;
}

Result<Rows> rows_of_csv(std::string_view content) {
    BATON_ASSIGN(CsvTable table, parse_csv(content));
    Rows rows{.names = std::move(table.header), .cells = {}};
    for (const auto& row : table.rows) rows.cells.emplace_back(row.begin(), row.end());
    return rows;
}

Result<std::vector<Json>> cells_of_object(const Json& object, const std::vector<std::string>& names, std::size_t row) {
    std::vector<Json> cells;
    for (const std::string& name : names) {
        if (!object.is_object() || !object.contains(name)) {
            return invalid_argument("row " + std::to_string(row) + " has no '" + name + "'");
        }
        cells.push_back(object[name]);
    }
    if (object.size() != names.size()) {
        return invalid_argument("row " + std::to_string(row) + " has other members than the first row");
    }
    return cells;
}

Result<Rows> rows_of_json(const Json& document) {
    if (!document.is_array() || document.empty()) {
        return invalid_argument("the JSON is neither a request with \"inputs\" nor a list of rows",
                                "write [[1, 2], [3, 4]], [{\"age\": 1}, …] or {\"inputs\": […]}");
    }
    Rows rows;
    if (document.front().is_object()) {
        for (const auto& [name, value] : document.front().items()) rows.names.push_back(name);
    }
    for (const Json& row : document) {
        if (!rows.names.empty()) {
            BATON_ASSIGN(std::vector<Json> cells, cells_of_object(row, rows.names, rows.cells.size() + 1));
            rows.cells.push_back(std::move(cells));
        } else if (row.is_array()) {
            rows.cells.emplace_back(row.begin(), row.end());
        } else {
            rows.cells.emplace_back(1, row);
        }
    }
    return rows;
}

template <class Number>
std::optional<Json> json_number(std::string_view text) {
    const auto number = parse_whole<Number>(text);
    return number ? std::optional<Json>(*number) : std::nullopt;
}

bool is_nan(std::string_view word) { return word == "nan" || word == "NaN" || word == "NAN"; }

// The cell as an element of the data type; nullopt when it is none. Text (from CSV) is read as a number.
std::optional<Json> element(const Json& cell, const std::string& datatype) {
    if (datatype == "BYTES") {
        if (cell.is_string()) return cell;
        return cell.is_number() || cell.is_boolean() ? std::optional<Json>(cell.dump()) : std::nullopt;
    }
    const std::string_view word = cell.is_string() ? trimmed(cell.get_ref<const std::string&>()) : std::string_view();
    if (datatype == "BOOL") {
        if (cell.is_boolean()) return cell;
        if (word == "true" || word == "True" || word == "1") return Json(true);
        if (word == "false" || word == "False" || word == "0") return Json(false);
        return std::nullopt;
    }
    if (datatype.starts_with("FP") || datatype == "BF16") {
        if (cell.is_number() || cell.is_null()) return cell;
        if (cell.is_string() && (word.empty() || is_nan(word))) return Json();  // a missing value
        const auto number = parse_whole<double>(word);
        return number && std::isfinite(*number) ? std::optional<Json>(*number) : std::nullopt;
    }
    if (cell.is_number_integer()) return cell;
    return datatype.starts_with("UINT") ? json_number<std::uint64_t>(word) : json_number<std::int64_t>(word);
}

// Appends the element or, of an array, all elements in it, and answers how many there were; nullopt if one does not
// fit.
std::optional<std::size_t> append(const Json& cell, const std::string& datatype, Json& data) {
    if (!cell.is_array()) {
        auto value = element(cell, datatype);
        if (!value) return std::nullopt;
        data.push_back(std::move(*value));
        return 1;
    }
    std::size_t count = 0;
    for (const Json& inner : cell) {
        const auto added = append(inner, datatype, data);
        if (!added) return std::nullopt;
        count += *added;
    }
    return count;
}

// The input's tensor of the columns first … first + count - 1 of every row.
Result<Json> tensor(const Input& input, const Rows& rows, std::size_t first, std::size_t count) {
    Json data = Json::array();
    std::optional<std::size_t> width = input.width();
    for (std::size_t row = 0; row < rows.cells.size(); ++row) {
        const std::string where = "row " + std::to_string(row + 1);
        std::size_t elements = 0;
        for (std::size_t column = first; column < std::min(first + count, rows.cells[row].size()); ++column) {
            const auto added = append(rows.cells[row][column], input.datatype, data);
            if (!added) {
                return invalid_argument(where + ", column " + rows.column(column) + ": " +
                                        dump(rows.cells[row][column]) + " is no " + input.datatype);
            }
            elements += *added;
        }
        if (!width) width = elements;
        if (elements != *width) {
            return invalid_argument(where + " has " + std::to_string(elements) + " values for the input '" +
                                    input.name + "', which takes " + std::to_string(*width) + " a row");
        }
    }
    Json shape = Json::array({rows.cells.size()});
    const bool varies = !input.width().has_value();
    if (varies) {
        shape.push_back(width.value_or(0));
    } else {
        for (const std::int64_t dimension : input.row_shape) shape.push_back(dimension);
    }
    return Json{{"name", input.name}, {"datatype", input.datatype}, {"shape", shape}, {"data", std::move(data)}};
}

std::vector<std::string> not_in(const std::vector<std::string>& names, const std::vector<std::string>& others) {
    std::vector<std::string> missing;
    for (const std::string& name : names) {
        if (std::find(others.begin(), others.end(), name) == others.end()) missing.push_back("'" + name + "'");
    }
    return missing;
}

Error other_names(const std::vector<std::string>& missing, const std::vector<std::string>& unknown,
                  const std::vector<std::string>& wanted) {
    std::string what = "the columns are not those of the model";
    if (!missing.empty()) what += "; missing: " + joined(missing);
    if (!unknown.empty()) what += "; unknown: " + joined(unknown);
    return invalid_argument(std::move(what), "the model takes " + joined(wanted));
}

Status check_unique(const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name) {
        if (std::find(names.begin(), name, *name) == name) continue;
        return invalid_argument("more than one column is named '" + *name + "'", "name every column once");
    }
    return {};
}

std::size_t position(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// The columns `wanted`, all of which are there.
Rows reordered(const Rows& rows, const std::vector<std::string>& wanted) {
    Rows out{.names = wanted, .cells = {}};
    std::vector<std::size_t> from;
    for (const std::string& name : wanted) from.push_back(position(rows.names, name));
    for (const std::vector<Json>& row : rows.cells) {
        std::vector<Json>& cells = out.cells.emplace_back();
        for (const std::size_t column : from) cells.push_back(row[column]);
    }
    return out;
}

// All columns side by side, for a model with one input.
Result<Json> one_tensor(const Input& input, const FeatureNames& features, const Rows& rows, InferBody::Names& names) {
    constexpr std::size_t all = static_cast<std::size_t>(-1) / 2;
    if (rows.names.empty()) return tensor(input, rows, 0, all);
    names = features ? InferBody::Names::checked : InferBody::Names::unchecked;
    if (!features) return tensor(input, rows, 0, all);
    const auto missing = not_in(*features, rows.names);
    const auto unknown = not_in(rows.names, *features);
    if (!missing.empty() || !unknown.empty()) return other_names(missing, unknown, *features);
    return tensor(input, reordered(rows, *features), 0, all);
}

// A column for each input: by name, or by position for rows without names. Columns that the model was fitted on and
// does not use may be there as well.
Result<Json> column_tensors(const std::vector<Input>& inputs, const FeatureNames& features, const Rows& rows) {
    std::vector<std::string> wanted;
    for (const Input& input : inputs) wanted.push_back(input.name);
    const std::size_t columns = rows.cells.front().size();
    if (rows.names.empty() && columns != inputs.size()) {
        return invalid_argument("the rows have " + std::to_string(columns) + " values for the inputs " + joined(wanted),
                                "give rows as objects, or a whole request with \"inputs\"");
    }
    std::vector<std::string> known = wanted;
    if (features) known.insert(known.end(), features->begin(), features->end());
    if (!rows.names.empty()) {
        const auto missing = not_in(wanted, rows.names);
        const auto unknown = not_in(rows.names, known);
        if (!missing.empty() || !unknown.empty()) return other_names(missing, unknown, wanted);
    }
    Json out = Json::array();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::size_t column = rows.names.empty() ? i : position(rows.names, inputs[i].name);
        BATON_ASSIGN(Json one, tensor(inputs[i], rows, column, 1));
        out.push_back(std::move(one));
    }
    return out;
}

Result<Json> tensors(const std::vector<Input>& inputs, const FeatureNames& features, const Rows& rows,
                     InferBody::Names& names) {
    BATON_TRY(check_unique(rows.names));
    if (inputs.size() == 1) {
        const bool named = position(rows.names, inputs.front().name) < rows.names.size();
        if (!named || (rows.names.size() > 1 && inputs.front().width() != 1)) {
            BATON_ASSIGN(Json only, one_tensor(inputs.front(), features, rows, names));
            return Json::array({std::move(only)});
        }
    }
    return column_tensors(inputs, features, rows);
}

}  // namespace

InputFormat guess_format(std::string_view content) {
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    const bool json = first != std::string_view::npos && (content[first] == '{' || content[first] == '[');
    return json ? InputFormat::json : InputFormat::csv;
}

Result<InferBody> infer_body(const Json& metadata, const FeatureNames& features, std::string_view content,
                             InputFormat format) {
    Rows rows;
    if (format == InputFormat::json) {
        BATON_ASSIGN(const Json document, parse_json(content, "the input"));
        if (member(document, "inputs").is_array()) return InferBody{.text = std::string(content)};
        BATON_ASSIGN(rows, rows_of_json(document));
    } else {
        BATON_ASSIGN(rows, rows_of_csv(content));
    }
    if (rows.cells.empty()) return invalid_argument("there is no row to predict for");
    InferBody body;
    BATON_ASSIGN(Json inputs, tensors(inputs_of(metadata), features, rows, body.names));
    body.text = dump({{"inputs", std::move(inputs)}});
    body.columns = std::move(rows.names);
    return body;
}

}  // namespace baton::cli

#include "server/mlflow/scoring_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/csv.h"
#include "base/encoding.h"
#include "server/inference/json_reader.h"
#include "server/inference/json_writer.h"
#include "server/inference/rows.h"

namespace baton::server::mlflow {
namespace {

using inference::Tensor;

constexpr std::string_view forms = "dataframe_split, dataframe_records, instances or inputs";

Error uneven() { return invalid_argument("a row has not as many values as there are columns"); }

class ScoringDecoder {
public:
    ScoringDecoder(const ModelColumns& model, const DecodeLimits& limits) : limits_(limits), frame_(model, limits) {}

    Status field(std::string_view key, JsonValue& value) {
        if (key == "params") {
            return is_null(value) ? Status() : read_fields(value, key, [](auto, auto&) { return Status(); });
        }
        if (key == "dataframe_split") return form([&] { return split(value); });
        if (key == "dataframe_records") return form([&] { return records(value, key); });
        if (key == "instances") {
            return form([&] { return is_list_of_objects(value) ? records(value, key) : rows(value, key); });
        }
        if (key == "inputs") return form([&] { return inputs(value); });
        return invalid_argument("unknown key \"" + std::string(key) + "\"", "expected " + std::string(forms));
    }

    Result<std::vector<Tensor>> finish() && {
        if (!has_form_) return invalid_argument("the body has none of " + std::string(forms));
        return std::move(frame_).finish();
    }

private:
    template <class Read>
    Status form(const Read& read) {
        if (std::exchange(has_form_, true)) {
            return invalid_argument("the body has more than one of " + std::string(forms), "send one of them");
        }
        return read();
    }

    Status split(JsonValue& value) {
        std::optional<PostponedList> data;
        const auto on_field = [&](std::string_view key, JsonValue& field) -> Status {
            if (key == "columns") return columns(field);
            if (key == "data") {
                BATON_ASSIGN(data, postpone_list(field, "data of dataframe_split"));
            }
            return {};  // the index says nothing to a model
        };
        BATON_TRY(read_fields(value, "dataframe_split", on_field));
        if (!data) return invalid_argument("dataframe_split has no \"data\"");
        if (frame_.columns() == 0) return invalid_argument("dataframe_split has no \"columns\"");
        return read_postponed(*data, limits_, [this](JsonValue& list) {
            return read_elements(list, "data of dataframe_split", [this](JsonValue& row) { return cells(row); });
        });
    }

    Status columns(JsonValue& value) {
        std::vector<std::string> names;
        BATON_TRY(read_elements(value, "columns", [&](JsonValue& name) -> Status {
            if (is_number(name)) {  // as in frames whose columns have no names
                BATON_ASSIGN(const std::int64_t number, read_integer(name, "a name in columns"));
                return add_name(names, std::to_string(number));
            }
            BATON_ASSIGN(const std::string_view text, read_string(name, "a name in columns"));
            return add_name(names, text);
        }));
        return frame_.set_columns(names);
    }

    Status add_name(std::vector<std::string>& names, std::string_view name) const {
        if (names.size() == most_columns) return invalid_argument("there are too many columns");
        BATON_TRY(limits_.take(sizeof(std::string) + name.size()));
        names.emplace_back(name);
        return {};
    }

    Status cells(JsonValue& row) {
        std::size_t column = 0;
        BATON_TRY(read_elements(row, "a row of the data", [&](JsonValue& cell) -> Status {
            if (column == frame_.columns()) return uneven();
            TensorBuilder* target = frame_.target(column++);
            return target == nullptr ? Status() : target->append(cell);
        }));
        if (column != frame_.columns()) return uneven();
        frame_.end_row();
        return {};
    }

    Status records(JsonValue& value, std::string_view what) {
        return read_elements(value, what, [this](JsonValue& record) { return this->record(record); });
    }

    // The first name of all says whether names are those of inputs, or the fields are the row of the only one.
    Status record(JsonValue& value) {
        const bool is_first = frame_.rows() == 0;
        std::size_t column = 0;
        const auto on_field = [&](std::string_view key, JsonValue& cell) -> Status {
            TensorBuilder* input = frame_.find_column(key);
            if (is_first && column == 0) in_order_ = input == nullptr && frame_.only_input() != nullptr;
            const std::size_t index = column++;
            if (!in_order_) return input == nullptr ? Status() : input->append(cell);
            if (is_first) BATON_TRY(add_name(names_, key));
            if (index >= names_.size() || names_[index] != key) {
                return invalid_argument("the records do not have the same fields in the same order");
            }
            return is_first && !frame_.may_be_in_row(key, index) ? Status() : frame_.only_input()->append(cell);
        };
        BATON_TRY(read_fields(value, "a record", on_field));
        if (in_order_ && is_first) BATON_TRY(frame_.set_row(names_));
        if (in_order_ && column != names_.size()) return uneven();
        frame_.end_row();
        return {};
    }

    Status rows(JsonValue& value, std::string_view what) {
        TensorBuilder* input = frame_.only_input();
        if (input == nullptr) return names_unknown(what);
        return read_elements(value, what, [&](JsonValue& row) -> Status {
            BATON_TRY(input->append(row));
            frame_.end_row();
            return {};
        });
    }

    Status inputs(JsonValue& value) {
        if (is_list_of_objects(value)) return records(value, "inputs");
        frame_.set_whole();
        if (is_object(value)) {
            return read_fields(value, "inputs", [this](std::string_view key, JsonValue& column) -> Status {
                TensorBuilder* input = frame_.find(key);
                return input == nullptr ? Status() : input->append(column);
            });
        }
        TensorBuilder* input = frame_.only_input();
        return input == nullptr ? names_unknown("inputs") : input->append(value);
    }

    static Error names_unknown(std::string_view what) {
        return invalid_argument("the model has several inputs, so \"" + std::string(what) + "\" must name them");
    }

    const DecodeLimits& limits_;
    Frame frame_;
    bool has_form_ = false;
    bool in_order_ = false;           // records fill the only input, field after field
    std::vector<std::string> names_;  // of their fields
};

// How many rows all outputs have; nothing if they differ.
std::optional<std::size_t> rows_of(std::span<const Tensor> outputs) {
    std::optional<std::size_t> rows;
    for (const Tensor& output : outputs) {
        if (output.shape().empty()) return std::nullopt;
        const auto count = static_cast<std::size_t>(output.shape()[0]);
        if (rows && *rows != count) return std::nullopt;
        rows = count;
    }
    return rows;
}

bool is_column(const Tensor& output) { return output.shape().size() == 2 && output.shape()[1] == 1; }

Status write_record(JsonWriter& json, std::span<const Tensor> outputs, std::size_t row, std::size_t rows) {
    json.begin_object();
    for (const Tensor& output : outputs) {
        json.key(output.name);
        BATON_TRY(write_nested(json, output, is_column(output) ? 2 : 1, row * (output.size() / rows)));
    }
    json.end_object();
    return {};
}

}  // namespace

Result<std::vector<Tensor>> decode_scoring_json(std::string& body, const ModelColumns& model,
                                                const DecodeLimits& limits) {
    ScoringDecoder decoder(model, limits);
    BATON_TRY(read_json_object(body, body.size(), limits,
                               [&](std::string_view key, JsonValue& value) { return decoder.field(key, value); }));
    return std::move(decoder).finish();
}

Result<std::vector<Tensor>> decode_scoring_csv(std::string_view body, const ModelColumns& model,
                                               const DecodeLimits& limits) {
    if (!is_valid_utf8(body)) return invalid_argument("the body is not UTF-8");
    CsvReader reader(body, most_columns);
    Frame frame(model, limits);
    BATON_ASSIGN(const std::vector<std::string> header, reader.next());
    if (header.empty()) return invalid_argument("there is no header line");
    BATON_TRY(frame.set_columns(header));
    while (true) {
        BATON_ASSIGN(const std::vector<std::string> cells, reader.next());
        if (cells.empty()) return std::move(frame).finish();
        if (cells.size() != header.size()) return uneven();
        for (std::size_t column = 0; column < cells.size(); ++column) {
            if (frame.target(column) != nullptr) BATON_TRY(frame.target(column)->append_text(cells[column]));
        }
        frame.end_row();
    }
}

Result<std::string> encode_predictions(std::span<const Tensor> outputs) {
    JsonWriter json;
    json.begin_object().key("predictions");
    if (outputs.size() == 1) {
        const Tensor& output = outputs[0];
        if (is_column(output)) {
            json.begin_list();
            BATON_TRY(json.elements(output, 0, output.size()));
            json.end_list();
        } else {
            BATON_TRY(write_nested(json, output, 0, 0));
        }
    } else {
        const auto rows = rows_of(outputs);
        if (!rows) return failed_precondition("the model's outputs do not have one value for each row");
        json.begin_list();
        for (std::size_t row = 0; row < *rows; ++row) BATON_TRY(write_record(json, outputs, row, *rows));
        json.end_list();
    }
    json.end_object();
    return json.take();
}

}  // namespace baton::server::mlflow

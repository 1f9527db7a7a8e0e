#include "base/error_codes.h"

#include <array>

namespace baton {
namespace {

struct Row {
    Code code;
    std::string_view name;
    int http_status;
    int exit_code;
};

constexpr std::array rows = {
    Row{Code::invalid_argument, "invalid_argument", 400, 2},
    Row{Code::unauthenticated, "unauthenticated", 401, 4},
    Row{Code::permission_denied, "permission_denied", 403, 4},
    Row{Code::not_found, "not_found", 404, 3},
    Row{Code::already_exists, "already_exists", 409, 5},
    Row{Code::failed_precondition, "failed_precondition", 409, 5},
    Row{Code::aborted, "aborted", 412, 5},
    Row{Code::blobs_missing, "blobs_missing", 422, 5},
    Row{Code::integrity, "integrity", 422, 8},
    Row{Code::unsupported_model, "unsupported_model", 422, 2},
    Row{Code::too_large, "too_large", 413, 2},
    Row{Code::resource_exhausted, "resource_exhausted", 503, 7},
    Row{Code::deadline_exceeded, "deadline_exceeded", 504, 7},
    Row{Code::out_of_space, "out_of_space", 507, 7},
    Row{Code::unavailable, "unavailable", 503, 7},
    Row{Code::unimplemented, "unimplemented", 501, 2},
    Row{Code::internal, "internal", 500, 1},
};

const Row& row_of(Code code) {
    for (const Row& row : rows) {
        if (row.code == code) return row;
    }
    return rows.back();
}

}  // namespace

std::string_view code_name(Code code) { return row_of(code).name; }

std::optional<Code> code_from_name(std::string_view name) {
    for (const Row& row : rows) {
        if (row.name == name) return row.code;
    }
    return std::nullopt;
}

int http_status(Code code) { return row_of(code).http_status; }
int exit_code(Code code) { return row_of(code).exit_code; }

}  // namespace baton

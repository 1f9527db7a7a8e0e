#include "server/oip/refusal.h"

#include "base/error_codes.h"
#include "server/inference/json_writer.h"
#include "server/inference/service.h"

namespace baton::server::oip {
namespace {

// Where it differs from Baton's own table. A request that the model's state forbids is the client's error, as in the
// protocol's other servers, and one that waited for too long may be sent again.
int status_of(Code code) {
    switch (code) {
        case Code::failed_precondition:
            return 400;
        case Code::deadline_exceeded:
            return 503;
        default:
            return http_status(code);
    }
}

}  // namespace

Response refusal(const Error& error) { return error_response(status_of(error.code), error_body(error)); }

}  // namespace baton::server::oip

#include "cli/warnings.h"

namespace baton::cli {

void note_warnings(Context& context, const Json& object) {
    for (const std::string& warning : texts(object, "warnings")) context.note("warning: " + warning);
}

}  // namespace baton::cli

// What a verb works with: the command's global options, the server it talks to, and where its answer goes.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/api.h"
#include "cli/io.h"
#include "cli/json.h"
#include "cli/profiles.h"
#include "cli/style.h"

namespace baton::cli {

struct GlobalOptions {
    bool json = false;
    std::string server;
    std::string profile;
};

std::string normal_url(std::string url);  // without slashes at the end

// Which server, and as whom. --server beats --profile beats BATON_URL beats the default profile; BATON_TOKEN beats the
// profile's token but for an explicit --profile. A profile's token is only sent to the profile's own server.
Result<Profile> resolve_target(const GlobalOptions& options, const Io& io);

class Context {
public:
    Context(GlobalOptions& options, Io& io);

    Io& io() { return io_; }
    const GlobalOptions& options() const { return options_; }
    Style style() const { return style_for(io_, io_.out_is_terminal); }

    // The connection, made at the first call.
    Result<std::reference_wrapper<Api>> api();

    // The verb's answer: the document with --json, else what `people` prints. Once a run. An error when it could not be
    // written.
    Status answer(const Json& document, const std::function<void(std::ostream&)>& people);
    bool answered() const { return answered_; }
    // Writes to standard output, all of it at once; an error says why it did not arrive.
    Status print(std::string_view text);
    // A line on stderr.
    void note(const std::string& text);

private:
    GlobalOptions& options_;
    Io& io_;
    std::unique_ptr<Api> api_;
    bool answered_ = false;
};

}  // namespace baton::cli

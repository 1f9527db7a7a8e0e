// All verbs, one file each. The action of the chosen one is left in `chosen`, which must outlive the parser.
#pragma once

#include "cli/verbs/verb.h"

namespace baton::cli {

void add_serve(CLI::App& root, Action& chosen);
void add_fsck(CLI::App& root, Action& chosen);
void add_login(CLI::App& root, Action& chosen);
void add_profile(CLI::App& root, Action& chosen);
void add_whoami(CLI::App& root, Action& chosen);
void add_user(CLI::App& root, Action& chosen);
void add_token(CLI::App& root, Action& chosen);
void add_register(CLI::App& root, Action& chosen);
void add_list(CLI::App& root, Action& chosen);
void add_show(CLI::App& root, Action& chosen);
void add_edit(CLI::App& root, Action& chosen);
void add_delete(CLI::App& root, Action& chosen);
void add_alias(CLI::App& root, Action& chosen);
void add_search(CLI::App& root, Action& chosen);
void add_report(CLI::App& root, Action& chosen);
void add_request(CLI::App& root, Action& chosen);
void add_requests(CLI::App& root, Action& chosen);
void add_comment(CLI::App& root, Action& chosen);
void add_approve(CLI::App& root, Action& chosen);
void add_reject(CLI::App& root, Action& chosen);
void add_withdraw(CLI::App& root, Action& chosen);
void add_promote(CLI::App& root, Action& chosen);
void add_rollback(CLI::App& root, Action& chosen);
void add_canary(CLI::App& root, Action& chosen);
void add_shadow(CLI::App& root, Action& chosen);
void add_traffic(CLI::App& root, Action& chosen);
void add_retire(CLI::App& root, Action& chosen);
void add_live(CLI::App& root, Action& chosen);
void add_slots(CLI::App& root, Action& chosen);
void add_pull(CLI::App& root, Action& chosen);
void add_predict(CLI::App& root, Action& chosen);
void add_log(CLI::App& root, Action& chosen);
void add_diff(CLI::App& root, Action& chosen);
void add_version(CLI::App& root, Action& chosen);
void add_completion(CLI::App& root, Action& chosen);

}  // namespace baton::cli

// --help and completion, walked over every verb that the parser knows.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>

#include "tests/cli/command.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class HelpTest : public CommandTest {
protected:
    // The verbs that `baton VERB… --help` lists.
    std::vector<std::string> verbs_below(std::vector<std::string> path) {
        path.push_back("--help");
        std::istringstream help(baton(path).out);
        std::vector<std::string> verbs;
        bool listing = false;
        for (std::string line; std::getline(help, line);) {
            if (line == "Verbs:") {
                listing = true;
            } else if (!line.starts_with("  ") || line[2] == ' ') {
                listing = listing && line.starts_with("  ");
            } else if (listing) {
                verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
            }
        }
        return verbs;
    }

    // What bash would offer for the words so far, the last of which is being typed.
    std::string bash_offers(const std::vector<std::string>& words) {
        const auto script = write("completion.bash", baton({"completion", "bash"}).out);
        std::string command = "source '" + script.string() + "'; COMP_WORDS=(baton";
        for (const std::string& word : words) command += " '" + word + "'";
        command += "); COMP_CWORD=" + std::to_string(words.size()) + "; _baton; echo \"${COMPREPLY[*]}\"";
        const auto runner = write("run.bash", command);
        std::string output;
        const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("bash '" + runner.string() + "'").c_str(), "r"),
                                                         ::pclose);
        std::array<char, 4096> buffer{};
        while (std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) output += buffer.data();
        return output;
    }
};

TEST_F(HelpTest, EveryVerbHasExamples) {
    const std::vector<std::string> verbs = verbs_below({});
    for (const char* verb :
         {"serve",    "login",   "whoami",     "user",     "token",    "register", "list",   "show",
          "search",   "report",  "request",    "requests", "comment",  "approve",  "reject", "promote",
          "rollback", "retire",  "live",       "slots",    "pull",     "predict",  "log",    "diff",
          "fsck",     "version", "completion", "alias",    "withdraw", "edit",     "delete", "profile"}) {
        EXPECT_THAT(verbs, testing::Contains(verb));
    }
    for (const std::string& verb : verbs) {
        std::vector<std::vector<std::string>> paths = {{verb}};
        for (const std::string& inner : verbs_below({verb})) paths.push_back({verb, inner});
        for (std::vector<std::string> path : paths) {
            path.push_back("--help");
            const Outcome outcome = baton(path);
            EXPECT_EQ(outcome.code, 0);
            EXPECT_THAT(outcome.out, HasSubstr("Examples:\n")) << testing::PrintToString(path);
            EXPECT_THAT(outcome.out, HasSubstr("baton " + verb)) << testing::PrintToString(path);
        }
    }
}

TEST_F(HelpTest, BashCompletesVerbsAndOptions) {
    EXPECT_EQ(bash_offers({"re"}), "register report request requests reject retire\n");
    EXPECT_EQ(bash_offers({"token", ""}), "create list revoke\n");
    EXPECT_EQ(bash_offers({"fsck", "--data", ""}), "\n");  // the shell's own: files
    EXPECT_EQ(bash_offers({"--json", "token", "cr"}), "create\n");
    EXPECT_EQ(bash_offers({"token", "create", "--ex"}), "--expires\n");
    EXPECT_EQ(bash_offers({"promote", "7", "--w"}), "--wait\n");
    EXPECT_EQ(bash_offers({"promote", "7", "--pro"}), "--profile\n");
    EXPECT_EQ(bash_offers({"promote", "7", "--expires"}), "\n");
    EXPECT_EQ(bash_offers({"completion", ""}), "bash zsh fish\n");
    EXPECT_EQ(bash_offers({"predict", "m", "f", "--format", ""}), "json csv\n");
    EXPECT_EQ(bash_offers({"requests", "--state", "ex"}), "executed expired\n");
    EXPECT_EQ(bash_offers({"user", "create", "x", "--role", "d"}), "developer deployer\n");
}

TEST_F(HelpTest, ValuesHaveNames) {
    EXPECT_THAT(baton({"register", "--help"}).out, HasSubstr("--notes TEXT"));
    EXPECT_THAT(baton({"register", "--help"}).out, HasSubstr("--engine eigen|onnxruntime"));
    EXPECT_THAT(baton({"rollback", "--help"}).out, HasSubstr("--to VERSION "));
    EXPECT_THAT(baton({"rollback", "--help"}).out, testing::Not(HasSubstr("NAME TEXT")));
    EXPECT_THAT(baton({"completion", "--help"}).out, HasSubstr("SHELL bash|zsh|fish"));
    EXPECT_THAT(baton({"serve", "--help"}).out, testing::Not(HasSubstr("{false}")));
}

TEST_F(HelpTest, WhatMustBeGivenIsMarked) {
    for (const char* verb : {"rollback", "retire", "reject"}) {
        EXPECT_THAT(baton({verb, "--help"}).out, HasSubstr("--reason TEXT REQUIRED")) << verb;
    }
    EXPECT_THAT(baton({"retire", "--help"}).out, testing::Not(HasSubstr("REF REQUIRED")));
    EXPECT_THAT(baton({"promote", "--help"}).out, testing::Not(HasSubstr("REQUIRED")));
}

TEST_F(HelpTest, OtherShellsKnowTheSameVerbs) {
    for (const char* shell : {"zsh", "fish"}) {
        const std::string script = baton({"completion", shell}).out;
        for (const std::string& verb : verbs_below({})) EXPECT_THAT(script, HasSubstr(verb)) << shell;
        EXPECT_THAT(script, HasSubstr("token create"));
    }
    EXPECT_THAT(baton({"completion", "zsh"}).out, HasSubstr(R"(the request'\''s id)"));
    EXPECT_THAT(baton({"completion", "fish"}).out, HasSubstr(R"(the request\'s id)"));
    EXPECT_EQ(baton({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace baton::cli

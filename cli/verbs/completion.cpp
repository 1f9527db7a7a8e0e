// baton completion: scripts that let a shell complete verbs and options, made from the parser itself.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Word {
    std::string text;
    std::string help;  // one line
};

// What may follow a verb: its own verbs, its options and those of the verbs above it.
struct Level {
    std::string path;  // "", "token", "token create"
    std::vector<Word> verbs;
    std::vector<Word> options;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_options(const CLI::App& app, std::vector<Word>& options) {
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            options.push_back({"--" + name, first_line(option->get_description())});
        }
    }
}

void add_levels(const CLI::App& app, const std::string& path, const std::vector<Word>& above,
                std::vector<Level>& levels) {
    Level level{.path = path, .verbs = {}, .options = {}};
    add_options(app, level.options);
    for (const Word& word : above) {
        if (word.text != "--help") level.options.push_back(word);
    }
    const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
    for (const CLI::App* verb : verbs) level.verbs.push_back({verb->get_name(), first_line(verb->get_description())});
    levels.push_back(level);
    for (const CLI::App* verb : verbs) {
        add_levels(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name(), level.options, levels);
    }
}

std::string words_text(const Level& level) {
    std::string out;
    for (const auto* words : {&level.verbs, &level.options}) {
        for (const Word& word : *words) out.append(out.empty() ? "" : " ").append(word.text);
    }
    return out;
}

// Inside single quotes of any of the shells.
std::string quoted(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return "'" + text + "'";
}

// Shell code that walks over the words before the cursor and leaves the deepest verb in `at` (`path` is special in
// zsh).
std::string walk(const std::vector<Level>& levels, const std::string& words) {
    std::string out = "  local at='' word\n  for word in " + words + "; do\n    case \"${at:+$at }$word\" in\n";
    for (const Level& level : levels) {
        if (!level.path.empty()) out += "      " + quoted(level.path) + ") at=" + quoted(level.path) + " ;;\n";
    }
    return out + "    esac\n  done\n";
}

std::string bash_script(const std::vector<Level>& levels) {
    std::string out = "_baton() {\n" + walk(levels, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
    out += "  local words=''\n  case \"$at\" in\n";
    for (const Level& level : levels)
        out += "    " + quoted(level.path) + ") words=" + quoted(words_text(level)) + " ;;\n";
    return out +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _baton baton\n";
}

std::string zsh_script(const std::vector<Level>& levels) {
    std::string out = "#compdef baton\n_baton() {\n" + walk(levels, "\"${(@)words[2,CURRENT-1]}\"");
    out += "  local -a choices\n  case \"$at\" in\n";
    for (const Level& level : levels) {
        out += "    " + quoted(level.path) + ") choices=(";
        for (const auto* words : {&level.verbs, &level.options}) {
            for (const Word& word : *words) {
                std::string help = word.help;
                std::replace(help.begin(), help.end(), ':', ' ');
                out += "\n      " + quoted(word.text + ":" + help);
            }
        }
        out += ") ;;\n";
    }
    return out +
           "  esac\n"
           "  _describe 'baton' choices\n"
           "  _files\n"
           "}\n"
           "compdef _baton baton\n";
}

std::string fish_script(const std::vector<Level>& levels) {
    std::string out =
        "function __baton_path\n"
        "  set -l path ''\n"
        "  for word in (commandline -opc)[2..-1]\n"
        "    switch (string trim \"$path $word\")\n";
    for (const Level& level : levels) {
        if (!level.path.empty())
            out += "      case " + quoted(level.path) + "\n        set path " + quoted(level.path) + "\n";
    }
    out += "    end\n  end\n  echo \"$path\"\nend\n";
    for (const Level& level : levels) {
        const std::string condition = " -n 'test (__baton_path) = \"" + level.path + "\"'";
        for (const Word& word : level.verbs) {
            out += "complete -c baton" + condition + " -a " + word.text + " -d " + quoted(word.help) + "\n";
        }
        for (const Word& word : level.options) {
            out += "complete -c baton" + condition + " -l " + word.text.substr(2) + " -d " + quoted(word.help) + "\n";
        }
    }
    return out;
}

Status completion(Context& context, const CLI::App& root, const std::string& shell) {
    std::vector<Level> levels;
    add_levels(root, "", {}, levels);
    const std::string script = shell == "bash"  ? bash_script(levels)
                               : shell == "zsh" ? zsh_script(levels)
                                                : fish_script(levels);
    return context.answer({{"shell", shell}, {"script", script}}, [&](std::ostream& out) { out << script; });
}

}  // namespace

void add_completion(CLI::App& root, Action& chosen) {
    auto shell = std::make_shared<std::string>();
    CLI::App* verb = add_verb(root, "completion", "Print a completion script for a shell",
                              {"source <(baton completion bash)", "baton completion zsh > ~/.zfunc/_baton",
                               "baton completion fish > ~/.config/fish/completions/baton.fish"});
    verb->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    when_chosen(verb, chosen, [shell, &root](Context& context) { return completion(context, root, *shell); });
}

}  // namespace baton::cli

// baton completion: scripts that let a shell complete verbs and options, made from the parser itself.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Word {
    std::string text;
    std::string help;  // one line
    bool takes_value = false;
    std::vector<std::string> values = {};  // those that it may take; empty: any
};

// What may follow a verb: its own verbs, its options and those of the verbs above it.
struct Level {
    std::string path;         // "", "token", "token create"
    std::vector<Word> verbs;  // and the values of an argument that knows a few only
    std::vector<Word> options;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_options(const CLI::App& app, std::vector<Word>& options) {
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            const bool takes_value = option->get_items_expected_max() > 0;
            options.push_back({"--" + name, first_line(option->get_description()), takes_value, values_of(*option)});
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
    for (const CLI::App* verb : verbs) {
        level.verbs.push_back({verb->get_name(), first_line(verb->get_description()), false});
    }
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_positional()) continue;
        for (const std::string& value : values_of(*option)) level.verbs.push_back({value, "", false});
    }
    levels.push_back(level);
    for (const CLI::App* verb : verbs) {
        add_levels(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name(), level.options, levels);
    }
}

std::string words_text(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words) out.append(out.empty() ? "" : " ").append(word.text);
    return out;
}

// Inside single quotes; `apostrophe` is how the shell writes one there.
std::string quoted(const std::string& text, std::string_view apostrophe = "'\\''") {
    std::string out = "'";
    for (const char c : text) out.append(c == '\'' ? apostrophe : std::string_view(&c, 1));
    return out + "'";
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

// Shell cases "<verb> <option>" for the options whose values are known; `offer` makes the code of what they are.
std::string value_cases(const std::vector<Level>& levels,
                        const std::function<std::string(const std::string& values)>& offer) {
    std::string out;
    for (const Level& level : levels) {
        for (const Word& option : level.options) {
            if (option.values.empty()) continue;
            out += "    " + quoted(level.path + " " + option.text) + ") " + offer(joined(option.values, " ")) + " ;;\n";
        }
    }
    return out;
}

// Values are offered behind their option, options once a '-' is there, verbs where one may follow, files everywhere
// else.
std::string bash_script(const std::vector<Level>& levels) {
    std::string out = "_baton() {\n" + walk(levels, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
    out += "  local verbs='' flags='' current=\"${COMP_WORDS[COMP_CWORD]}\"\n  case \"$at\" in\n";
    for (const Level& level : levels) {
        out += "    " + quoted(level.path) + ") verbs=" + quoted(words_text(level.verbs)) +
               " flags=" + quoted(words_text(level.options)) + " ;;\n";
    }
    return out +
           "  esac\n"
           "  [[ \"$current\" == -* ]] && verbs=\"$flags\"\n"
           "  case \"$at ${COMP_WORDS[COMP_CWORD-1]}\" in\n" +
           value_cases(levels, [](const std::string& values) { return "verbs=" + quoted(values); }) +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$verbs\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _baton baton\n";
}

std::string zsh_array(const std::vector<Word>& words) {
    std::string out = "(";
    for (const Word& word : words) out += "\n      " + quoted(word.text + ":" + word.help);
    return out + ")";
}

std::string zsh_script(const std::vector<Level>& levels) {
    std::string out = "#compdef baton\n_baton() {\n" + walk(levels, "\"${(@)words[2,CURRENT-1]}\"");
    out += "  local -a verbs flags\n  case \"$at\" in\n";
    for (const Level& level : levels) {
        out += "    " + quoted(level.path) + ")\n    verbs=" + zsh_array(level.verbs) +
               "\n    flags=" + zsh_array(level.options) + " ;;\n";
    }
    return out +
           "  esac\n"
           "  case \"$at $words[CURRENT-1]\" in\n" +
           value_cases(levels, [](const std::string& values) { return "compadd " + values + "; return"; }) +
           "  esac\n"
           "  if [[ \"$words[CURRENT]\" == -* ]]; then _describe option flags\n"
           "  elif (( $#verbs )); then _describe verb verbs\n"
           "  else _files\n"
           "  fi\n"
           "}\n"
           // From a file in fpath, this text is the function's first call; sourced, it only makes the function known.
           "if [[ \"$funcstack[1]\" == _baton ]]; then _baton \"$@\"; else compdef _baton baton; fi\n";
}

std::string fish_value(const Word& option) {
    if (!option.takes_value) return "";
    return option.values.empty() ? " -r" : " -x -a " + quoted(joined(option.values, " "));
}

std::string fish_script(const std::vector<Level>& levels) {
    const auto fish_quoted = [](const std::string& text) { return quoted(text, "\\'"); };
    std::string out =
        "function __baton_path\n"
        "  set -l path ''\n"
        "  for word in (commandline -opc)[2..-1]\n"
        "    switch (string trim \"$path $word\")\n";
    for (const Level& level : levels) {
        if (!level.path.empty())
            out += "      case " + fish_quoted(level.path) + "\n        set path " + fish_quoted(level.path) + "\n";
    }
    out += "    end\n  end\n  echo \"$path\"\nend\n";
    for (const Level& level : levels) {
        const std::string start = "complete -c baton -n 'test (__baton_path) = \"" + level.path + "\"'";
        for (const Word& word : level.verbs) {
            out += start + " -f -a " + word.text + " -d " + fish_quoted(word.help) + "\n";
        }
        for (const Word& word : level.options) {
            out += start + " -l " + word.text.substr(2) + fish_value(word) + " -d " + fish_quoted(word.help) + "\n";
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
    one_of(verb->add_option("SHELL", *shell, "Whose")->required(), {"bash", "zsh", "fish"});
    when_chosen(verb, chosen, [shell, &root](Context& context) { return completion(context, root, *shell); });
}

}  // namespace baton::cli

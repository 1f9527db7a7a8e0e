#include "server/transport/router.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <memory_resource>

#include "base/encoding.h"
#include "base/words.h"

namespace baton::server {
namespace {

using Views = std::pmr::vector<std::string_view>;

// Memory for the matching of one usual path, so that it costs no allocation.
class Scratch {
public:
    std::pmr::memory_resource* memory() { return &resource_; }

private:
    std::array<std::byte, 1024> buffer_;
    std::pmr::monotonic_buffer_resource resource_{buffer_.data(), buffer_.size()};
};

// The segments of a path, decoded. Views into the path, or into `made` where the text is not in the path as it is.
struct Segments {
    explicit Segments(Scratch& scratch) : parts(scratch.memory()) { parts.reserve(usual_segments); }

    static constexpr std::size_t usual_segments = 8;
    Views parts;
    std::list<std::string> made;
};

// Letters, digits, '-', '_' and ':' only, as nearly every segment is.
bool is_plain(std::string_view segment) {
    bool plain = true;
    for (const char c : segment) {
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= ':') || c == '-' || c == '_';
    }
    return plain;
}

// What a decoded segment may never hold: control characters, broken UTF-8, and a dot segment, also one that an encoded
// slash or a backslash would make.
bool is_acceptable(std::string_view segment) {
    if (is_plain(segment)) return true;
    if (!is_valid_utf8(segment) || has_control(segment)) return false;
    for (std::string_view rest = segment;;) {
        const std::size_t end = rest.find_first_of("/\\");
        const std::string_view part = rest.substr(0, end);
        if (part == "." || part == "..") return false;
        if (end == std::string_view::npos) return true;
        rest.remove_prefix(end + 1);
    }
}

bool split_and_decode(std::string_view path, Segments& segments) {
    if (!path.starts_with('/')) return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        if (segment.find('%') != std::string_view::npos) {
            std::optional<std::string> text = percent_decode(segment);
            if (!text) return false;
            segment = segments.made.emplace_back(*std::move(text));
        }
        if (!is_acceptable(segment)) return false;
        segments.parts.push_back(segment);
    }
    return true;
}

struct Entry {
    Route route;
    std::vector<std::string> names;  // of the parameters, in the order of the pattern
};

// One place in the tree of patterns.
struct Node {
    struct Named {
        std::string tail;  // the literal behind the name; "" takes any segment
        std::unique_ptr<Node> node;
    };

    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::vector<Named> named;  // longest tail first
    std::unique_ptr<Node> rest;
    std::vector<const Entry*> entries;  // of the patterns that end here, one a method

    Node& literal(std::string_view text) {
        std::unique_ptr<Node>& child = literals[std::string(text)];
        if (!child) child = std::make_unique<Node>();
        return *child;
    }

    Node& name(std::string_view tail) {
        const auto place = std::find_if(named.begin(), named.end(),
                                        [&](const Named& other) { return other.tail.size() <= tail.size(); });
        for (auto same = place; same != named.end(); ++same) {
            if (same->tail == tail) return *same->node;
        }
        return *named.insert(place, Named{std::string(tail), std::make_unique<Node>()})->node;
    }

    Node& remainder() {
        if (!rest) rest = std::make_unique<Node>();
        return *rest;
    }

    const Entry* entry(Method method) const {
        for (const Entry* candidate : entries) {
            if (candidate->route.method == method) return candidate;
        }
        return nullptr;
    }
};

// One walk down the tree.
class Search {
public:
    Search(Method method, Segments& segments, Scratch& scratch)
        : method_(method), segments_(segments), values_(scratch.memory()) {
        values_.reserve(Segments::usual_segments);
    }

    // The first entry of the method, in order of preference, whose pattern fits.
    const Entry* run(const Node& node, std::size_t depth = 0) {
        if (depth == segments_.parts.size()) return entry_of(node);
        const std::string_view segment = segments_.parts[depth];
        if (const auto child = node.literals.find(segment); child != node.literals.end()) {
            if (const Entry* found = run(*child->second, depth + 1)) return found;
        }
        for (const Node::Named& named : node.named) {
            if (segment.size() <= named.tail.size() || !segment.ends_with(named.tail)) continue;
            values_.push_back(segment.substr(0, segment.size() - named.tail.size()));
            if (const Entry* found = run(*named.node, depth + 1)) return found;
            values_.pop_back();
        }
        return node.rest ? take_rest(*node.rest, depth) : nullptr;
    }

    const Views& values() const { return values_; }

    // The methods of the patterns that fit, for the Allow header; "" when no pattern fits.
    std::string allowed() const {
        std::string list;
        for (const Method method :
             {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options}) {
            if (std::find(allowed_.begin(), allowed_.end(), method) == allowed_.end()) continue;
            if (!list.empty()) list += ", ";
            list += method_name(method);
        }
        return list;
    }

private:
    const Entry* take_rest(const Node& node, std::size_t depth) {
        std::string& rest = segments_.made.emplace_back(segments_.parts[depth]);
        for (std::size_t i = depth + 1; i < segments_.parts.size(); ++i) rest.append("/").append(segments_.parts[i]);
        if (rest.empty()) return nullptr;
        values_.push_back(rest);
        if (const Entry* found = entry_of(node)) return found;
        values_.pop_back();
        return nullptr;
    }

    const Entry* entry_of(const Node& node) {
        const Entry* found = node.entry(method_);
        if (found == nullptr && method_ == Method::head) found = node.entry(Method::get);
        if (found != nullptr) return found;
        for (const Entry* other : node.entries) {
            allowed_.push_back(other->route.method);
            if (other->route.method == Method::get) allowed_.push_back(Method::head);
        }
        return nullptr;
    }

    const Method method_;
    Segments& segments_;
    Views values_;
    std::vector<Method> allowed_;
};

[[noreturn]] void refuse_pattern(const std::string& pattern, const char* why) {
    std::fprintf(stderr, "route %s: %s\n", pattern.c_str(), why);
    std::abort();
}

// Walks the tree along a pattern, making what is missing, and notes the names of its parameters.
Node& place_of(Node& root, const std::string& pattern, std::vector<std::string>& names) {
    if (!pattern.starts_with('/')) refuse_pattern(pattern, "must start with a slash");
    Node* node = &root;
    std::string_view rest = pattern;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(segment.size());
        if (!segment.starts_with('{')) {
            if (segment.find_first_of("{}") != std::string_view::npos)
                refuse_pattern(pattern, "a name must lead its segment");
            node = &node->literal(segment);
            continue;
        }
        const std::size_t close = segment.find('}');
        if (close == std::string_view::npos) refuse_pattern(pattern, "a brace is not closed");
        std::string_view name = segment.substr(1, close - 1);
        const std::string_view tail = segment.substr(close + 1);
        const bool takes_rest = name.ends_with("...");
        if (takes_rest) name.remove_suffix(3);
        if (name.empty() || name.find_first_of("{.") != std::string_view::npos)
            refuse_pattern(pattern, "a name is malformed");
        if (tail.find_first_of("{}") != std::string_view::npos) refuse_pattern(pattern, "one name a segment");
        if (takes_rest && (!tail.empty() || !rest.empty())) refuse_pattern(pattern, "{name...} must be last");
        if (std::find(names.begin(), names.end(), name) != names.end()) refuse_pattern(pattern, "a name occurs twice");
        names.emplace_back(name);
        node = takes_rest ? &node->remainder() : &node->name(tail);
    }
    return *node;
}

bool is_below(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    return prefix.empty() || prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

}  // namespace

struct Router::Impl {
    Node root;
    std::vector<std::unique_ptr<Entry>> entries;
    std::vector<std::pair<std::string, ErrorRenderer>> renderers;  // longest prefix first
};

Router::Router() : impl_(std::make_unique<Impl>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Route route) {
    auto entry = std::make_unique<Entry>();
    Node& node = place_of(impl_->root, route.pattern, entry->names);
    if (route.method == Method::other) refuse_pattern(route.pattern, "its method is unknown");
    if (node.entry(route.method) != nullptr) refuse_pattern(route.pattern, "is there already");
    entry->route = std::move(route);
    node.entries.push_back(entry.get());
    impl_->entries.push_back(std::move(entry));
}

void Router::on_error(std::string path_prefix, ErrorRenderer renderer) {
    auto& renderers = impl_->renderers;
    const auto place = std::find_if(renderers.begin(), renderers.end(),
                                    [&](const auto& other) { return other.first.size() <= path_prefix.size(); });
    renderers.emplace(place, std::move(path_prefix), std::move(renderer));
}

Router::Match Router::match(Method method, std::string_view path) const {
    Scratch scratch;
    Segments segments(scratch);
    if (!split_and_decode(path, segments)) return {.route = nullptr, .parameters = {}, .status = 400, .allowed = {}};
    Search search(method, segments, scratch);
    const Entry* entry = search.run(impl_->root);
    if (entry == nullptr) {
        std::string allowed = search.allowed();
        const int status = allowed.empty() ? 404 : 405;
        return {.route = nullptr, .parameters = {}, .status = status, .allowed = std::move(allowed)};
    }
    Match match{.route = &entry->route, .parameters = {}, .status = 200, .allowed = {}};
    match.parameters.reserve(entry->names.size());
    for (std::size_t i = 0; i < entry->names.size(); ++i) {
        match.parameters.emplace_back(entry->names[i], search.values()[i]);
    }
    return match;
}

Response Router::error(const Request& request, const Error& error, int status) const {
    for (const auto& [prefix, render] : impl_->renderers) {
        if (is_below(request.path, prefix)) return render(request, error, status);
    }
    // What an internal error is about concerns nobody outside.
    return Response::text(status, error.code == Code::internal ? "internal error\n" : error.message + "\n");
}

std::vector<const Route*> Router::routes() const {
    std::vector<const Route*> routes;
    for (const auto& entry : impl_->entries) routes.push_back(&entry->route);
    return routes;
}

}  // namespace baton::server

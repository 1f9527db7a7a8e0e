#include "server/transport/http.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/words.h"

namespace baton::server {
namespace {

constexpr std::array<std::string_view, 8> method_names = {"GET",   "HEAD",   "POST",    "PUT",
                                                          "PATCH", "DELETE", "OPTIONS", ""};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Memory for so much is taken at once.
constexpr std::size_t usual_bytes = 256;
constexpr std::size_t usual_fields = 8;

constexpr std::string_view separator = ": ";
constexpr std::string_view line_end = "\r\n";

bool is_token(std::string_view name) {
    const auto bad = [](std::uint64_t word) {
        return has_below(word, 0x21) | has_byte(word, 0x7f) | has_byte(word, ':') | has_beyond_ascii(word);
    };
    return !name.empty() && !any_word(name, bad);
}

class FunctionSink final : public AnswerSink {
public:
    explicit FunctionSink(std::function<void(Response)> send) : send_(std::move(send)) {}
    void send(std::uint64_t, Response&& response) override { send_(std::move(response)); }

private:
    const std::function<void(Response)> send_;
};

}  // namespace

std::string_view method_name(Method method) { return method_names[static_cast<std::size_t>(method)]; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::add(std::string_view name, std::string_view value) {
    if (!is_token(name)) return;
    if (places_.empty()) {
        lines_.reserve(usual_bytes);
        places_.reserve(usual_fields);
    }
    places_.push_back({static_cast<std::uint32_t>(lines_.size()), static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(value.size())});
    const std::size_t begin = lines_.size();
    lines_.resize(begin + name.size() + separator.size() + value.size() + line_end.size());
    char* const at = copy(separator, copy(name, lines_.data() + begin));
    char* const end = copy(value, at);
    if (has_control(value)) std::replace_if(at, end, is_control, ' ');
    copy(line_end, end);
}

void Headers::set(std::string_view name, std::string_view value) {
    Headers others;
    for (const auto& [field, its_value] : *this) {
        if (!equal_ignoring_case(field, name)) others.add(field, its_value);
    }
    others.add(name, value);
    *this = std::move(others);
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& [field, value] : *this) {
        if (equal_ignoring_case(field, name)) return value;
    }
    return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
    std::size_t count = 0;
    for (const auto& [field, value] : *this) count += equal_ignoring_case(field, name) ? 1 : 0;
    return count;
}

void Headers::clear() {
    lines_.clear();
    places_.clear();
}

Headers::Field Headers::field(std::size_t index) const {
    const Place& place = places_[index];
    const std::string_view line = std::string_view(lines_).substr(place.begin);
    return {line.substr(0, place.name_size), line.substr(place.name_size + separator.size(), place.value_size)};
}

std::string_view Headers::Iterator::line() const {
    const auto [name, value] = **this;
    return {name.data(), name.size() + separator.size() + value.size() + line_end.size()};
}

std::string_view Request::parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

std::optional<std::string_view> Request::id() const {
    constexpr std::size_t longest = 64;
    const auto given = headers.get("X-Request-Id");
    const auto is_plain = [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '.' || c == '_' || c == '-';
    };
    if (!given || given->empty() || given->size() > longest || !std::ranges::all_of(*given, is_plain)) {
        return std::nullopt;
    }
    return given;
}

namespace {

std::optional<std::string> decode_query(std::string_view part) {
    std::string spaced(part);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}

// The next `name=value` of a query, still encoded, which is taken out of it.
std::pair<std::string_view, std::string_view> take_parameter(std::string_view& query) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    return {pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))};
}

}  // namespace

std::optional<std::string> Request::query_parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto [encoded, value] = take_parameter(rest);
        if (decode_query(encoded) == name) return decode_query(value);
    }
    return std::nullopt;
}

std::optional<Request::QueryParameters> Request::query_parameters() const {
    QueryParameters found;
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto [encoded, encoded_value] = take_parameter(rest);
        if (encoded.empty() && encoded_value.empty()) continue;  // as of "&&"
        auto name = decode_query(encoded);
        auto value = decode_query(encoded_value);
        if (!name || !value) return std::nullopt;
        found.emplace_back(*std::move(name), *std::move(value));
    }
    return found;
}

FileBody::FileBody(int descriptor, std::uint64_t offset, std::uint64_t length)
    : descriptor_(descriptor), offset_(offset), length_(length) {}

FileBody::FileBody(FileBody&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), offset_(other.offset_), length_(other.length_) {}

FileBody& FileBody::operator=(FileBody&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    offset_ = other.offset_;
    length_ = other.length_;
    return *this;
}

FileBody::~FileBody() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Response Response::text(int status, std::string body, std::string_view content_type) {
    Response response{.status = status, .headers = {}, .body = std::move(body)};
    response.headers.add("Content-Type", content_type);
    return response;
}

Responder::Responder(std::function<void(Response)> send) : sink_(std::make_shared<FunctionSink>(std::move(send))) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    std::swap(sink_, other.sink_);
    std::swap(ticket_, other.ticket_);
    return *this;
}

Responder::~Responder() {
    if (sink_) sink_->send(ticket_, Response::text(500, "the request was dropped without an answer\n"));
}

}  // namespace baton::server

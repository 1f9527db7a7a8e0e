#include "server/transport/beast/request_head.h"

#include "server/transport/beast/asio.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "base/words.h"

namespace baton::server {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string_view to_view(string_view text) { return {text.data(), text.size()}; }

Method method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get:
            return Method::get;
        case http::verb::head:
            return Method::head;
        case http::verb::post:
            return Method::post;
        case http::verb::put:
            return Method::put;
        case http::verb::patch:
            return Method::patch;
        case http::verb::delete_:
            return Method::del;
        case http::verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

bool is_host(std::string_view host) {
    static constexpr std::string_view punctuation = "-._~:[]%!$&'()*+,;=";
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               punctuation.find(c) != std::string_view::npos;
    });
}

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_request_line(std::string_view text) {
    const auto bad = [](std::uint64_t word) {
        return has_below(word, 0x20) | has_byte(word, 0x7f) | has_beyond_ascii(word);
    };
    return !any_word(text, bad);
}

bool is_field_line(std::string_view text) {
    if (!has_control(text)) return true;
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

// Beast's parser, writing straight into the Request. What Beast tolerates and a strict reader must not is refused here.
class Parser final : public http::basic_parser<true> {
public:
    explicit Parser(Request& request) : request_(request) {}

    std::variant<Framing, Refusal> parse(std::string_view head) {
        header_limit(static_cast<std::uint32_t>(head.size() + 1));
        body_limit(boost::none);  // the route's limit is checked once the route is known
        error_code ec;
        put(boost::asio::const_buffer(head.data(), head.size()), ec);
        if (refusal_) return *refusal_;
        if (ec == http::error::bad_version)
            return Refusal{505, "of HTTP, only the versions 1.0 and 1.1 are spoken here"};
        if (ec || !is_header_done()) return Refusal{400, "the request head is malformed"};
        return framing_;
    }

private:
    void refuse(int status, const char* reason, error_code& ec) {
        refusal_ = Refusal{status, reason};
        ec = http::error::bad_field;
    }

    void on_request_impl(http::verb verb, string_view, string_view target, int version, error_code& ec) override {
        request_.method = method_of(verb);
        request_.target.assign(target.data(), target.size());
        const std::size_t question = std::min(request_.target.find('?'), request_.target.size());
        request_.path.assign(request_.target, 0, question);
        request_.query.assign(request_.target, std::min(question + 1, request_.target.size()));
        framing_.http_1_0 = version == 10;
        if (!request_.target.starts_with('/') || request_.target.find('#') != std::string::npos) {
            refuse(400, "the request target must be a path", ec);
        }
    }

    void on_field_impl(http::field field, string_view name, string_view value, error_code& ec) override {
        if (++fields_ > max_header_fields) return refuse(431, "the request has too many header fields", ec);
        request_.headers.add(to_view(name), to_view(value));
        switch (field) {
            case http::field::host:
                if (++hosts_ > 1 || !is_host({value.data(), value.size()})) {
                    refuse(400, "the Host field must be one valid host", ec);
                }
                break;
            case http::field::content_length:
                if (++lengths_ > 1 || !is_number({value.data(), value.size()})) {
                    refuse(400, "Content-Length must be one decimal number", ec);
                }
                break;
            case http::field::transfer_encoding:
                if (framing_.http_1_0 || value != "chunked") {
                    refuse(400, "the only transfer encoding understood is chunked, over HTTP/1.1", ec);
                }
                break;
            case http::field::expect:
                framing_.expects_continue = equal_ignoring_case({value.data(), value.size()}, "100-continue");
                if (++expectations_ > 1 || !framing_.expects_continue) {
                    refuse(417, "the only expectation met is 100-continue", ec);
                }
                break;
            default:
                break;
        }
    }

    void on_header_impl(error_code& ec) override {
        if (hosts_ == 0 && !framing_.http_1_0) return refuse(400, "the Host field is missing", ec);
        framing_.chunked = chunked();
        framing_.length = lengths_ > 0 ? *content_length() : 0;
        framing_.keep_alive = keep_alive();
        framing_.expects_continue = framing_.expects_continue && !framing_.http_1_0 && framing_.has_body();
    }

    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    Request& request_;
    Framing framing_;
    std::optional<Refusal> refusal_;
    std::size_t fields_ = 0;
    std::size_t hosts_ = 0;
    std::size_t lengths_ = 0;
    std::size_t expectations_ = 0;
};

}  // namespace

// The bytes from position_ to `end`, none of which is a line feed. A carriage return may only be the last one.
bool HeadScanner::accepts(std::string_view bytes, std::size_t end) const {
    if (line_start_ < end && lines_ > 0 && is_blank(bytes[line_start_])) return false;
    const std::string_view fresh = bytes.substr(position_, end - position_);
    const bool ends_in_cr = fresh.ends_with('\r');
    const std::string_view text = fresh.substr(0, fresh.size() - (ends_in_cr ? 1 : 0));
    if (ends_in_cr && position_ + text.size() == 0) return false;
    if (!fresh.empty() && position_ > 0 && bytes[position_ - 1] == '\r') return false;
    return lines_ == 0 ? is_request_line(text) : is_field_line(text);
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
    while (position_ < bytes.size()) {
        const std::size_t feed = std::min(bytes.find('\n', position_), bytes.size());
        if (!accepts(bytes, feed)) return State::malformed;
        position_ = feed;
        if (feed == bytes.size()) break;
        if (feed == 0 || bytes[feed - 1] != '\r') return State::malformed;
        const bool is_empty_line = feed == line_start_ + 1;
        line_start_ = position_ = feed + 1;
        ++lines_;
        if (is_empty_line) return State::complete;
    }
    return State::incomplete;
}

std::variant<Framing, Refusal> parse_head(std::string_view head, Request& request) {
    return Parser(request).parse(head);
}

}  // namespace baton::server

// Errors as values. Every operation that can fail in a way a caller should handle returns Result<T>.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace baton {

// The stable error codes of Baton's API. Their names appear on the wire, so they never change.
// When to use which: docs/api.md; the HTTP status and CLI exit code of each: error_codes.h.
enum class Code {
    invalid_argument,     // malformed or out of range
    unauthenticated,      // no or bad token
    permission_denied,    // role or scope is missing
    not_found,            // also for what the caller may not see
    already_exists,       // name taken, content identical
    failed_precondition,  // state or policy forbids; `missing` lists everything that is missing
    aborted,              // a concurrent change was made; says the current revision
    blobs_missing,        // a version names bytes that were not uploaded
    integrity,            // bytes do not match the declared digest or size
    unsupported_model,    // readable, but no engine can run it
    too_large,            // over a stated limit
    resource_exhausted,   // queue full, rate limit
    deadline_exceeded,    // the request's own time limit passed
    out_of_space,         // disk reserve reached
    unavailable,          // not live, loading, shutting down, store unreachable
    unimplemented,        // a feature of a protocol that Baton does not have
    internal,             // a bug
};

// One wrong field of a request: which, and what was expected.
struct FieldError {
    std::string field;
    std::string message;
};

// One unmet condition of a refused operation.
struct Missing {
    std::string requirement;
    std::string explanation;
};

// What went wrong, of which object, and (hint) what to do next.
struct Error {
    Code code = Code::internal;
    std::string message;
    std::string hint = {};
    std::vector<FieldError> fields = {};
    std::vector<Missing> missing = {};
    std::vector<std::string> digests = {};  // of blobs_missing
};

// An Error on the heap, so that a Result without one costs no more than its value. Copies as an Error does.
class BoxedError {
public:
    BoxedError() = default;
    explicit BoxedError(Error&& error) : error_(std::make_unique<Error>(std::move(error))) {}
    BoxedError(const BoxedError& other) : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
    BoxedError(BoxedError&&) noexcept = default;
    BoxedError& operator=(BoxedError other) noexcept {
        error_.swap(other.error_);
        return *this;
    }
    ~BoxedError() = default;

    bool empty() const { return error_ == nullptr; }
    Error& operator*() const { return *error_; }

private:
    std::unique_ptr<Error> error_;
};

// A value or an Error. Never empty; value() on an error is a programming mistake and aborts.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, BoxedError(std::move(error))) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return *checked(); }
    const T& value() const& { return *const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(*checked()); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Result*>(this)->checked(); }

    // Only when !ok().
    const Error& error() const& { return **std::get_if<1>(&state_); }
    Error&& error() && { return std::move(**std::get_if<1>(&state_)); }

private:
    T* checked() {
        T* value = std::get_if<0>(&state_);
        if (value == nullptr) std::abort();
        return value;
    }
    std::variant<T, BoxedError> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const { return error_.empty(); }
    explicit operator bool() const { return ok(); }
    const Error& error() const& { return *error_; }
    Error&& error() && { return std::move(*error_); }

private:
    BoxedError error_;
};

using Status = Result<void>;

inline Error invalid_argument(std::string message, std::string hint = {}) {
    return {.code = Code::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}
inline Error not_found(std::string message, std::string hint = {}) {
    return {.code = Code::not_found, .message = std::move(message), .hint = std::move(hint)};
}
inline Error failed_precondition(std::string message, std::string hint = {}) {
    return {.code = Code::failed_precondition, .message = std::move(message), .hint = std::move(hint)};
}
inline Error internal_error(std::string message) { return {.code = Code::internal, .message = std::move(message)}; }

}  // namespace baton

// Leaves the enclosing function with the error of `expression` if it has one.
#define BATON_TRY(expression)                                               \
    do {                                                                    \
        if (auto baton_try_status_ = (expression); !baton_try_status_.ok()) \
            return std::move(baton_try_status_).error();                    \
    } while (false)

// Declares `declaration` as the value of `expression`, or leaves the enclosing function with its error.
#define BATON_ASSIGN(declaration, expression) \
    BATON_ASSIGN_NAMED_(declaration, expression, BATON_CONCAT_(baton_result_, __LINE__))
#define BATON_ASSIGN_NAMED_(declaration, expression, name) \
    auto name = (expression);                              \
    if (!name.ok()) return std::move(name).error();        \
    declaration = *std::move(name)
#define BATON_CONCAT_(a, b) BATON_CONCAT_EXPANDED_(a, b)
#define BATON_CONCAT_EXPANDED_(a, b) a##b

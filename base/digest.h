// SHA-256 digests, the identity of everything that is stored.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton {

// A SHA-256 value. Its text form is `sha256:` and 64 lower-case hex digits.
class Digest {
public:
    using Bytes = std::array<std::uint8_t, 32>;

    Digest() = default;  // all zeros; stands for "none" nowhere, use std::optional
    explicit Digest(const Bytes& bytes) : bytes_(bytes) {}

    // Accepts exactly the text form; nullopt for anything else (upper case, missing prefix, other length).
    static std::optional<Digest> parse(std::string_view text);
    static std::optional<Digest> from_hex(std::string_view hex);

    const Bytes& bytes() const { return bytes_; }
    std::string hex() const;   // 64 characters
    std::string text() const;  // sha256:<hex>

    auto operator<=>(const Digest&) const = default;

private:
    Bytes bytes_{};
};

// Hashes a stream. Not thread-safe; one object per stream.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    Digest finish();  // ends the stream; the object may not be used afterwards

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

Digest sha256(std::string_view bytes);

}  // namespace baton

template <>
struct std::hash<baton::Digest> {
    std::size_t operator()(const baton::Digest& digest) const noexcept;
};

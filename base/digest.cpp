#include "base/digest.h"

#include <cstring>
#include <new>

#include <openssl/evp.h>

#include "base/encoding.h"

namespace baton {
namespace {
constexpr std::string_view prefix = "sha256:";
}

std::optional<Digest> Digest::parse(std::string_view text) {
    if (!text.starts_with(prefix)) return std::nullopt;
    return from_hex(text.substr(prefix.size()));
}

std::optional<Digest> Digest::from_hex(std::string_view hex) {
    Bytes bytes{};
    if (!decode_hex(hex, bytes)) return std::nullopt;
    return Digest(bytes);
}

std::string Digest::hex() const { return encode_hex(bytes_); }

std::string Digest::text() const {
    std::string text;
    text.reserve(prefix.size() + 2 * sizeof(bytes_));
    return text.append(prefix).append(hex());
}

struct Sha256::Context {
    EVP_MD_CTX* evp = EVP_MD_CTX_new();
    Context() {
        if (evp == nullptr || EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()); }

void Sha256::update(std::string_view text) { EVP_DigestUpdate(context_->evp, text.data(), text.size()); }

Digest Sha256::finish() {
    Digest::Bytes bytes{};
    EVP_DigestFinal_ex(context_->evp, bytes.data(), nullptr);
    return Digest(bytes);
}

Digest sha256(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

}  // namespace baton

std::size_t std::hash<baton::Digest>::operator()(const baton::Digest& digest) const noexcept {
    std::size_t value = 0;  // the bytes are already uniformly distributed
    std::memcpy(&value, digest.bytes().data(), sizeof value);
    return value;
}

#include "fake_file_system.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace baton::artifacts {
namespace {

Error error_of(Code code, const std::string& path) { return {.code = code, .message = "fake: " + path}; }

}  // namespace

class FakeFile : public File {
public:
    FakeFile(FakeFileSystem& files, std::shared_ptr<FakeFileSystem::Node> node, std::string path)
        : files_(files), node_(std::move(node)), path_(std::move(path)) {}

    Result<std::size_t> read(std::span<std::byte> into) override {
        if (auto error = files_.next_operation()) return *error;
        const std::size_t count = std::min(into.size(), node_->content.size() - position_);
        std::memcpy(into.data(), node_->content.data() + position_, count);
        position_ += count;
        files_.largest_transfer_ = std::max(files_.largest_transfer_, into.size());
        return count;
    }

    Result<std::size_t> write(std::span<const std::byte> bytes) override { return files_.write(*node_, bytes); }

    Status sync() override {
        if (auto error = files_.next_operation()) return *error;
        if (!files_.is_ignored(path_)) node_->synced_content = node_->content;
        return {};
    }

    int release() override {
        const int descriptor = ::memfd_create("fake", MFD_CLOEXEC);
        if (::pwrite(descriptor, node_->content.data(), node_->content.size(), 0) < 0) std::abort();
        return descriptor;
    }

private:
    FakeFileSystem& files_;
    std::shared_ptr<FakeFileSystem::Node> node_;
    const std::string path_;
    std::size_t position_ = 0;
};

FakeFileSystem::FakeFileSystem() : root_(std::make_shared<Node>()) { root_->is_folder = true; }

void FakeFileSystem::fail_operation(unsigned n, Fault fault, bool forever) {
    fail_at_ = operations_ + n;
    fault_ = fault;
    forever_ = forever;
    has_failed_ = false;
}

std::optional<Error> FakeFileSystem::next_operation() {
    ++operations_;
    if (fail_at_ == 0 || operations_ < fail_at_ || (operations_ > fail_at_ && !forever_)) return std::nullopt;
    if (fault_ == Fault::short_write) return std::nullopt;
    has_failed_ = true;
    return error_of(fault_ == Fault::no_space ? Code::out_of_space : Code::unavailable, "injected");
}

void FakeFileSystem::power_loss() {
    const auto forget = [](auto& self, Node& node) -> void {
        node.content = node.synced_content;
        node.entries = node.synced_entries;
        for (const auto& [name, child] : node.entries) self(self, *child);
    };
    forget(forget, *root_);
}

bool FakeFileSystem::is_ignored(const std::string& path) const {
    return std::any_of(ignored_syncs_.begin(), ignored_syncs_.end(), [&](const std::string& ignored) {
        return path == ignored || (ignored.ends_with('/') && path.starts_with(ignored));
    });
}

std::shared_ptr<FakeFileSystem::Node> FakeFileSystem::find(const std::string& path) const {
    std::shared_ptr<Node> node = root_;
    for (std::size_t start = 1; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const auto child = node->entries.find(path.substr(start, end - start));
        if (child == node->entries.end()) return nullptr;
        node = child->second;
        start = end + 1;
    }
    return node;
}

std::pair<std::shared_ptr<FakeFileSystem::Node>, std::string> FakeFileSystem::parent_of(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    return {find(path.substr(0, slash)), path.substr(slash + 1)};
}

Result<std::size_t> FakeFileSystem::write(Node& node, std::span<const std::byte> bytes) {
    if (auto error = next_operation()) return *error;
    std::size_t count = bytes.size();
    if (fault_ == Fault::short_write && fail_at_ == operations_ && count > 1) {
        has_failed_ = true;
        count /= 2;
    }
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, free_space_));  // a full disk takes what still fits
    if (count == 0) return error_of(Code::out_of_space, "full");
    node.content.append(reinterpret_cast<const char*>(bytes.data()), count);
    node.modified = now_;
    free_space_ -= count;
    largest_transfer_ = std::max(largest_transfer_, bytes.size());
    return count;
}

void FakeFileSystem::flip_bit(const std::string& path) { find(path)->content[0] ^= 1; }

void FakeFileSystem::put(const std::string& path, std::string content) {
    const auto [parent, name] = parent_of(path);
    auto node = std::make_shared<Node>();
    node->content = std::move(content);
    node->modified = now_;
    parent->entries[name] = node;
}

Result<std::unique_ptr<File>> FakeFileSystem::open(const std::string& path, Mode mode) {
    if (auto error = next_operation()) return *error;
    const auto [parent, name] = parent_of(path);
    if (parent == nullptr) return error_of(Code::not_found, path);
    std::shared_ptr<Node> node = find(path);
    if (node == nullptr) {
        if (mode != Mode::create) return error_of(Code::not_found, path);
        node = std::make_shared<Node>();
        node->modified = now_;
        parent->entries[name] = node;
    }
    if (mode == Mode::create) node->content.clear();
    return std::unique_ptr<File>(std::make_unique<FakeFile>(*this, node, path));
}

Result<std::optional<FileInfo>> FakeFileSystem::info(const std::string& path) {
    if (auto error = next_operation()) return *error;
    const auto node = find(path);
    if (node == nullptr) return std::optional<FileInfo>();
    return std::optional(FileInfo{node->content.size(), node->modified});
}

Result<std::vector<std::string>> FakeFileSystem::list(const std::string& folder) {
    if (auto error = next_operation()) return *error;
    const auto node = find(folder);
    if (node == nullptr) return error_of(Code::not_found, folder);
    std::vector<std::string> names;
    for (const auto& [name, child] : node->entries) names.push_back(name);
    return names;
}

Status FakeFileSystem::make_folder(const std::string& path) {
    if (auto error = next_operation()) return *error;
    const auto [parent, name] = parent_of(path);
    if (parent == nullptr) return error_of(Code::not_found, path);
    const auto [entry, inserted] = parent->entries.emplace(name, nullptr);
    if (!inserted) return error_of(Code::already_exists, path);
    entry->second = std::make_shared<Node>();
    entry->second->is_folder = true;
    return {};
}

Status FakeFileSystem::sync_folder(const std::string& path) {
    if (auto error = next_operation()) return *error;
    const auto node = find(path);
    if (node == nullptr) return error_of(Code::not_found, path);
    if (!is_ignored(path)) node->synced_entries = node->entries;
    return {};
}

Status FakeFileSystem::rename_new(const std::string& from, const std::string& to) {
    if (auto error = next_operation()) return *error;
    const auto [old_parent, old_name] = parent_of(from);
    const auto [new_parent, new_name] = parent_of(to);
    if (find(from) == nullptr || new_parent == nullptr) return error_of(Code::not_found, from);
    if (find(to) != nullptr) return error_of(Code::already_exists, to);
    new_parent->entries[new_name] = find(from);
    old_parent->entries.erase(old_name);
    return {};
}

Status FakeFileSystem::remove(const std::string& path) {
    if (auto error = next_operation()) return *error;
    const auto [parent, name] = parent_of(path);
    if (find(path) == nullptr) return error_of(Code::not_found, path);
    parent->entries.erase(name);
    return {};
}

Result<std::uint64_t> FakeFileSystem::free_space(const std::string&) {
    if (auto error = next_operation()) return *error;
    return free_space_;
}

}  // namespace baton::artifacts

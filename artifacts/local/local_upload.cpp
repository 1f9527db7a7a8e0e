#include "artifacts/local/local_upload.h"

#include "artifacts/local/read_chunks.h"

namespace baton::artifacts {

LocalUpload::~LocalUpload() {
    // The part that came can be resumed; a temporary of its own has no name that a later upload would find.
    if (file_ != nullptr) end(target_.is_partial);
    if (target_.is_partial) store_.release_partial(digest_);
}

Status LocalUpload::open_new() {
    BATON_ASSIGN(file_, store_.files_->open(target_.path, FileSystem::Mode::create));
    return {};
}

Status LocalUpload::open_partial() {
    BATON_ASSIGN(const std::unique_ptr<File> old, store_.files_->open(target_.path, FileSystem::Mode::read));
    BATON_TRY(read_chunks(*old, [&](std::span<const std::byte> bytes) {
        hash_.update(bytes);
        offset_ += bytes.size();
    }));
    BATON_ASSIGN(file_, store_.files_->open(target_.path, FileSystem::Mode::append));
    return {};
}

Status LocalUpload::write(std::span<const std::byte> bytes) {
    if (failure_) return *failure_;
    if (file_ == nullptr) return failed_precondition("the upload of " + digest_.text() + " has ended");
    if (bytes.size() > size_ - offset_) {
        return Error{.code = Code::too_large,
                     .message = "more than the declared " + std::to_string(size_) + " bytes came for " + digest_.text(),
                     .hint = "declare the size that will be sent"};
    }
    Status status = store_.check_space(bytes.size());
    if (status.ok()) status = write_all(bytes);
    if (!status.ok()) failure_ = status.error();
    return status;
}

Status LocalUpload::write_all(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        BATON_ASSIGN(const std::size_t count, file_->write(bytes));
        hash_.update(bytes.first(count));
        offset_ += count;
        bytes = bytes.subspan(count);
    }
    return {};
}

Status LocalUpload::commit() {
    if (failure_) return *failure_;
    if (file_ == nullptr) return failed_precondition("the upload of " + digest_.text() + " has ended");
    return finish();
}

Status LocalUpload::finish() {
    if (offset_ != size_ || hash_.finish() != digest_) {
        Error error{.code = Code::integrity,
                    .message = "the bytes sent for " + digest_.text() + " are not those it names"};
        if (offset_ != size_) {
            error.message =
                std::to_string(offset_) + " of " + std::to_string(size_) + " bytes came for " + digest_.text();
        }
        error.hint = "send the file again from its start";
        end(false);
        return error;
    }
    // A failed sync leaves pages that look written and are not: what came so far must not be resumed either.
    if (Status status = file_->sync(); !status.ok()) {
        end(false);
        return status;
    }
    const Status status = store_.publish(target_.path, digest_);
    // Gone under this name when it was published; there still when another upload was first, or when publishing failed.
    end(!status.ok() && target_.is_partial);
    return status;
}

void LocalUpload::end(bool keep) {
    file_.reset();
    // A name that is already gone, or cannot be removed, is dealt with when the store is next opened.
    if (!keep) static_cast<void>(store_.files_->remove(target_.path));
}

}  // namespace baton::artifacts

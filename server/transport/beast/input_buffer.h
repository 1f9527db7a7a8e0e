// The bytes a connection has read and not yet used.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace baton::server {

// One a connection, for all its messages: what follows a message in it begins the next one.
class InputBuffer {
public:
    static constexpr std::size_t initial_capacity = 8 * 1024;

    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    void consume(std::size_t bytes) {
        begin_ += bytes;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    void clear() { begin_ = end_ = 0; }

    // Room for reading, never none: makes some by moving or growing. Callers bound the growth by using what they read.
    std::span<char> space() {
        if (end_ == capacity_) make_room();
        return {data_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t bytes) { end_ += bytes; }

    // Frees a buffer that grew, once nothing is in it.
    void give_back_if_large() {
        if (!empty() || capacity_ <= initial_capacity) return;
        data_.reset();
        capacity_ = begin_ = end_ = 0;
    }
    void reserve(std::size_t capacity) {
        if (capacity_ < capacity) reallocate(capacity);
    }

private:
    void make_room() {
        if (begin_ > 0) {
            std::memmove(data_.get(), data_.get() + begin_, size());
            end_ -= begin_;
            begin_ = 0;
        } else {
            reallocate(capacity_ == 0 ? initial_capacity : capacity_ * 2);
        }
    }
    void reallocate(std::size_t capacity) {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        const std::size_t used = size();
        if (used > 0) std::memcpy(larger.get(), data_.get() + begin_, used);
        data_ = std::move(larger);
        capacity_ = capacity;
        begin_ = 0;
        end_ = used;
    }

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace baton::server

// Writes small archives for tests, right ones and wrong ones.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::artifacts {

inline std::string little_endian(std::uint64_t value, std::size_t width) {
    std::string bytes;
    for (std::size_t i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
    return bytes;
}

// window: -15 raw, 15 zlib, 31 gzip
inline std::string deflated(std::string_view content, int window) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

struct TestMember {
    std::string name;
    std::string content;
    bool deflate = false;
    std::string local_name = {};  // another name before the member than in the directory
    unsigned flags = 0;
    unsigned method_field = 0;  // said instead of the true method, when not 0
};

inline std::string zip_of(const std::vector<TestMember>& members) {
    std::string archive, directory;
    for (const TestMember& member : members) {
        const std::string data = member.deflate ? deflated(member.content, -15) : member.content;
        const unsigned method = member.method_field != 0 ? member.method_field : member.deflate ? 8 : 0;
        const std::string common = little_endian(20, 2) + little_endian(member.flags, 2) + little_endian(method, 2) +
                                   std::string(8, '\0') + little_endian(data.size(), 4) +
                                   little_endian(member.content.size(), 4);  // time, date and checksum are zeros
        const std::string& local = member.local_name.empty() ? member.name : member.local_name;
        directory += "PK\x01\x02" + little_endian(20, 2) + common + little_endian(member.name.size(), 2) +
                     std::string(12, '\0') + little_endian(archive.size(), 4) + member.name;
        archive += "PK\x03\x04" + common + little_endian(local.size(), 2) + little_endian(0, 2) + local + data;
    }
    return archive + directory + "PK\x05\x06" + std::string(4, '\0') + little_endian(members.size(), 2) +
           little_endian(members.size(), 2) + little_endian(directory.size(), 4) + little_endian(archive.size(), 4) +
           little_endian(0, 2);
}

inline std::string tar_of(std::string_view name, std::string_view content) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
    const auto octal = [](std::uint64_t value) {
        std::string digits(11, '0');
        for (std::size_t i = 11; i-- > 0; value /= 8) digits[i] = static_cast<char>('0' + value % 8);
        return digits;
    };
    put(0, name);
    put(124, octal(content.size()));
    put(148, "        ");
    std::uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, octal(sum).substr(5) + '\0' + ' ');
    std::string padded(content);
    padded.resize((content.size() + 511) / 512 * 512, '\0');
    return header + padded + std::string(1024, '\0');
}

}  // namespace baton::artifacts

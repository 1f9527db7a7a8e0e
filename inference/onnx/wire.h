// The wire format of protobuf, walked before objects are made of it.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Descriptor;
}

namespace baton::inference::onnx {

// Two bytes on the wire become an object of a hundred in memory, so what a file may make is bounded by counts and not
// by its size: the messages in it (and fields of numbers that nobody knows), and its texts.
inline constexpr std::size_t kMaxMessages = 4'000'000;
inline constexpr std::size_t kMaxTexts = 16'000'000;

// Takes one pass and no memory to speak of. too_large over the bounds above; invalid_argument for bytes that are no
// message of this kind, or are nested more than 100 levels deep.
Status check_wire(std::string_view bytes, const google::protobuf::Descriptor& kind);

}  // namespace baton::inference::onnx

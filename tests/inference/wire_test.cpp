// Small files that would be large in memory are refused before they are.
#include "inference/onnx/wire.h"

#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference::onnx {
namespace {

using testing::HasSubstr;

std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
}

std::string field(int number, const std::string& content) {
    return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(content.size()) + content;
}

std::string repeated(const std::string& piece, std::size_t times) {
    std::string out;
    out.reserve(piece.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
}

Status check(std::string_view bytes) { return check_wire(bytes, *::onnx::ModelProto::descriptor()); }

constexpr int graph = 7;          // of ModelProto
constexpr int node = 1;           // of GraphProto
constexpr int doc_of_graph = 10;  // of GraphProto
constexpr int input = 1;          // of NodeProto
constexpr int unheard_of = 999;

TEST(Wire, MessagesAreCounted) {
    const std::string empty_node = field(node, "");
    EXPECT_TRUE(check(field(graph, repeated(empty_node, kMaxMessages - 1))).ok());
    const std::string hostile = field(graph, repeated(empty_node, kMaxMessages));
    ASSERT_LT(hostile.size(), 9'000'000u);
    EXPECT_EQ(check(hostile).error().code, Code::too_large);
    const auto refused = check_onnx(hostile);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::too_large);
    EXPECT_THAT(refused.error().message, HasSubstr("4000000 messages"));
}

TEST(Wire, TextsAreCountedAndLongOnesAreOne) {
    EXPECT_TRUE(check(field(graph, field(doc_of_graph, std::string(1'000'000, 'x')))).ok());
    EXPECT_TRUE(check(field(graph, field(node, repeated(field(input, ""), kMaxTexts)))).ok());
    EXPECT_EQ(check(field(graph, field(node, repeated(field(input, ""), kMaxTexts + 1)))).error().code,
              Code::too_large);
}

TEST(Wire, FieldsThatNobodyKnowsAreCounted) {
    const std::string unknown = varint(unheard_of << 3) + varint(1);
    EXPECT_TRUE(check(repeated(unknown, 1000)).ok());
    EXPECT_EQ(check(repeated(unknown, kMaxMessages + 1)).error().code, Code::too_large);
}

TEST(Wire, TakesTrainedModels) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    model.node("Identity", {"x"}, {"y"});
    EXPECT_TRUE(check(model.bytes()).ok());
}

TEST(Wire, RefusesWhatIsNoMessage) {
    const std::string group = varint(unheard_of << 3 | 3);
    for (const std::string& bytes :
         {std::string("\xff"), std::string(11, '\xff'), varint(7 << 3 | 2) + varint(5) + "abc",
          varint(1 << 3 | 5) + "abc", std::string("\x00", 1), group}) {
        const auto checked = check(bytes);
        ASSERT_FALSE(checked.ok());
        EXPECT_EQ(checked.error().code, Code::invalid_argument);
    }
}

TEST(Wire, RefusesEndlessNesting) {
    std::string graph_bytes;
    for (int level = 0; level < 60; ++level) graph_bytes = field(node, field(5, field(6, graph_bytes)));  // attribute g
    EXPECT_EQ(check(field(graph, graph_bytes)).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace baton::inference::onnx

#include "registry/signature_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ModelSignature takes(std::vector<TensorField> inputs) { return {.inputs = std::move(inputs), .outputs = {}}; }

const ModelSignature matrix = takes({{"X", "FP32", {-1, 4}}});

TEST(SignatureChange, WhatTakesEverythingThatWasTakenIsNoChange) {
    EXPECT_THAT(input_changes(matrix, matrix), IsEmpty());
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP32", {-1, -1}}})), IsEmpty()) << "any number of columns";
    const ModelSignature two = takes({{"age", "INT64", {-1, 1}}, {"city", "BYTES", {-1, 1}}});
    EXPECT_THAT(input_changes(two, takes({two.inputs[1], two.inputs[0]})), IsEmpty()) << "inputs have names, no order";
    EXPECT_THAT(input_changes(takes({}), matrix), IsEmpty()) << "there was nothing to call";
}

TEST(SignatureChange, NamesEveryChange) {
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP32", {-1, 3}}})),
                ElementsAre("input X is FP32 [-1, 3], not FP32 [-1, 4]"));
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP64", {-1, 4}}})),
                ElementsAre("input X is FP64 [-1, 4], not FP32 [-1, 4]"));
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP32", {1, 4}}})),
                ElementsAre("input X is FP32 [1, 4], not FP32 [-1, 4]"))
        << "it took batches";
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP32", {-1, 2, 2}}})),
                ElementsAre("input X is FP32 [-1, 2, 2], not FP32 [-1, 4]"));
    EXPECT_THAT(input_changes(matrix, takes({{"X", "FP32", {-1, 4}}, {"mask", "BOOL", {-1}}})),
                ElementsAre("another input mask, BOOL [-1]"));
    EXPECT_THAT(input_changes(matrix, takes({})), ElementsAre("no input X"));
}

}  // namespace
}  // namespace baton::registry

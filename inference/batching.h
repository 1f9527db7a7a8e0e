// Rows of several requests in one run of a model.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "inference/model.h"

namespace baton::inference {

// Whether all inputs and outputs begin with a dimension that varies: the rows.
bool has_rows(const Signature& signature);

// Whether the answer to rows of several requests can be split among them: the signature has rows, and the answer to one
// row is no larger for what stands beside it (an output whose rows vary in size where no input's do may be padded to
// the longest). Seen as far as made-up rows show it: the model answers them, and alike together and alone.
bool takes_batches(const Model& model);

bool has_so_many_rows(const Tensor& tensor, std::size_t rows);

// The rows of a request that may share a run, all inputs having the same number of them; 0: it runs by itself.
std::size_t shared_rows(std::span<const Tensor> inputs);

// Whether the rows of two requests have the same shape. Both are in the order and of the types of one signature.
bool fit_together(std::span<const Tensor> one, std::span<const Tensor> other);

// The rows of all requests, one below the other. There is at least one, and all fit together.
std::vector<Tensor> join_rows(std::span<const std::span<const Tensor>> requests);

// `count` rows from `begin` on; every tensor has so many.
std::vector<Tensor> take_rows(std::span<const Tensor> tensors, std::size_t begin, std::size_t count);

}  // namespace baton::inference

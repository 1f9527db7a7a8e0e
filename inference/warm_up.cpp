#include "inference/warm_up.h"

#include <algorithm>

#include "inference/live_table.h"

namespace baton::inference {
namespace {

constexpr int runs = 16;
constexpr std::chrono::milliseconds enough{250};  // a slow model is measured by fewer runs

std::vector<Tensor> one_row(const Signature& signature) {
    std::vector<Tensor> inputs;
    for (const TensorSpec& spec : signature.inputs) {
        Shape shape = spec.shape;
        std::ranges::replace(shape, -1, 1);
        inputs.emplace_back(spec.name, spec.type, std::move(shape));
    }
    return inputs;
}

Status check_outputs(const Signature& signature, const std::vector<Tensor>& outputs) {
    const bool match = std::ranges::equal(outputs, signature.outputs, [](const Tensor& tensor, const TensorSpec& spec) {
        return tensor.name == spec.name && tensor.type() == spec.type;
    });
    if (!match || outputs.empty()) return internal_error("the model's outputs are not those of its signature");
    return {};
}

}  // namespace

Result<std::chrono::nanoseconds> warm_up(const Model& model) {
    using Clock = std::chrono::steady_clock;
    const std::vector<Tensor> inputs = one_row(model.signature());
    auto least = ServedVersion::unmeasured_cost;
    const auto begin = Clock::now();
    for (int run = 0; run < runs && Clock::now() - begin < enough; ++run) {
        const auto start = Clock::now();
        const auto outputs = model.try_out(inputs);
        const std::chrono::nanoseconds taken = Clock::now() - start;
        if (!outputs.ok()) {
            if (outputs.error().code == Code::invalid_argument) return ServedVersion::unmeasured_cost;
            return outputs.error();
        }
        BATON_TRY(check_outputs(model.signature(), *outputs));
        least = std::min(least, taken);
    }
    return least;
}

}  // namespace baton::inference

// LinearClassifier and LinearRegressor as operators.
#include "inference/eigen/linear.h"
#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

Result<Array> product(const LinearMap& map, const Array& input, const char* op) {
    const auto [rows, features] = as_matrix(input);
    if (features != map.features()) return cannot_take(op, input);
    const Shape shape{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(map.outputs())};
    BATON_TRY(checked_count(shape));
    BATON_ASSIGN(const Reals x, Reals::of(input));
    Array scores(Kind::real, shape);
    map.apply(x.values(), scores.reals());
    return scores;
}

Result<Kernel> linear_regressor(const NodeContext& context) {
    BATON_ASSIGN(LinearRegressor regressor, linear_regressor_of(context.node));
    return Kernel([regressor](const Call& call) -> Status {
        BATON_ASSIGN(Array scores, product(regressor.map, call.in(0), "ai.onnx.ml.LinearRegressor"));
        const std::size_t targets = regressor.map.outputs();
        if (regressor.transform != PostTransform::none) {
            for (std::size_t i = 0; i < scores.size(); i += targets) {
                apply(regressor.transform, scores.reals().subspan(i, targets));
            }
        }
        call.give(std::move(scores));
        return {};
    });
}

Result<Kernel> linear_classifier(const NodeContext& context) {
    BATON_ASSIGN(LinearClassifier classifier, linear_classifier_of(context.node));
    return Kernel([classifier](const Call& call) -> Status {
        BATON_ASSIGN(Array scores, product(classifier.map, call.in(0), "ai.onnx.ml.LinearClassifier"));
        const LinearDecision& decision = classifier.decision;
        const std::size_t columns = decision.columns();
        const std::size_t rows = scores.size() / decision.scores;
        Array answer(Kind::real, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)});
        std::vector<std::size_t> chosen(rows);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto given = scores.reals().subspan(row * decision.scores, decision.scores);
            const auto wanted = answer.reals().subspan(row * columns, columns);
            chosen[row] = decision.choose(given);
            std::copy(given.begin(), given.end(), wanted.begin());
            decision.finish(wanted);
        }
        call.give(decision.labels.pick(chosen));
        call.give(std::move(answer), 1);
        return {};
    });
}

}  // namespace

void add_linear_operators(OperatorTable& table) {
    table["ai.onnx.ml.LinearRegressor"] = {linear_regressor, 1, 1};
    table["ai.onnx.ml.LinearClassifier"] = {linear_classifier, 1, 1};
}

}  // namespace baton::inference::eigen

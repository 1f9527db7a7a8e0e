// SVMClassifier and SVMRegressor as operators.
#include "inference/eigen/operators.h"
#include "inference/eigen/svm.h"

namespace baton::inference::eigen {
namespace {

Result<Kernel> svm_classifier(const NodeContext& context) {
    BATON_ASSIGN(SvmClassifier svm, SvmClassifier::of(context.node, context.reads_floats));
    return Kernel([svm](const Call& call) -> Status {
        const auto [rows, features] = as_matrix(call.in(0));
        if (features != svm.features()) return cannot_take("ai.onnx.ml.SVMClassifier", call.in(0));
        BATON_ASSIGN(const Reals x, Reals::of(call.in(0)));
        const Shape shape{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(svm.columns())};
        BATON_TRY(checked_count(shape));
        BATON_TRY(checked_count({shape[0], static_cast<std::int64_t>(svm.pairs())}));
        Array scores(Kind::real, shape);
        std::vector<std::size_t> chosen(rows);
        svm.classify(x.values(), chosen, scores.reals());
        call.give(svm.labels().pick(chosen));
        call.give(std::move(scores), 1);
        return {};
    });
}

Result<Kernel> svm_regressor(const NodeContext& context) {
    BATON_ASSIGN(SvmRegressor svm, SvmRegressor::of(context.node, context.reads_floats));
    return Kernel([svm](const Call& call) -> Status {
        const auto [rows, features] = as_matrix(call.in(0));
        if (features != svm.machine.features()) return cannot_take("ai.onnx.ml.SVMRegressor", call.in(0));
        BATON_ASSIGN(const Reals x, Reals::of(call.in(0)));
        Array answer(Kind::real, {static_cast<std::int64_t>(rows), 1});
        svm.machine.apply(x.values(), answer.reals());
        if (svm.one_class) {
            for (double& value : answer.reals()) value = value > 0 ? 1 : -1;
        }
        call.give(std::move(answer));
        return {};
    });
}

}  // namespace

void add_svm_operators(OperatorTable& table) {
    table["ai.onnx.ml.SVMClassifier"] = {svm_classifier, 1, 1};
    table["ai.onnx.ml.SVMRegressor"] = {svm_regressor, 1, 1};
}

}  // namespace baton::inference::eigen

// MatMul and Gemm.
#include "inference/eigen/linear.h"
#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

using MatrixMap = Eigen::Map<const RowMatrix>;

Eigen::Index as_index(std::int64_t value) { return static_cast<Eigen::Index>(value); }

// A stack of matrices: all dimensions but the last two count them.
struct Stack {
    Shape outer;
    std::int64_t rows = 1;
    std::int64_t columns = 1;

    std::size_t matrix() const { return static_cast<std::size_t>(rows * columns); }
};

// A vector is a row on the left of a product and a column on the right.
Stack stack_of(const Shape& shape, bool left) {
    if (shape.size() == 1) return left ? Stack{{}, 1, shape[0]} : Stack{{}, shape[0], 1};
    return {Shape(shape.begin(), shape.end() - 2), shape[shape.size() - 2], shape.back()};
}

// Where the matrix for position `k` of the broadcast stack lies; `outer` is aligned at the end.
std::size_t broadcast_position(std::size_t k, const Shape& common, const Shape& outer) {
    std::size_t position = 0;
    std::size_t stride = 1;
    for (std::size_t i = 0; i < common.size(); ++i) {
        const auto extent = static_cast<std::size_t>(common[common.size() - 1 - i]);
        const std::size_t at = k % extent;
        k /= extent;
        if (i >= outer.size()) continue;
        const auto own = static_cast<std::size_t>(outer[outer.size() - 1 - i]);
        if (own != 1) position += stride * at;
        stride *= own;
    }
    return position;
}

Result<Shape> common_outer(const Shape& a, const Shape& b) {
    Shape common(std::max(a.size(), b.size()));
    for (std::size_t i = 0; i < common.size(); ++i) {
        const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
        const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
        if (x != y && x != 1 && y != 1) {
            return invalid_argument("stacks of shapes " + shape_text(a) + " and " + shape_text(b) + " do not combine");
        }
        common[common.size() - 1 - i] = x == 1 ? y : x;
    }
    return common;
}

Result<Kernel> mat_mul(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        const Array& a = call.in(0);
        const Array& b = call.in(1);
        if (a.rank() == 0 || a.kind() != Kind::real) return cannot_take("MatMul", a);
        if (b.rank() == 0 || b.kind() != Kind::real) return cannot_take("MatMul", b);
        const Stack left = stack_of(a.shape(), true);
        const Stack right = stack_of(b.shape(), false);
        if (left.columns != right.rows) {
            return invalid_argument("MatMul of " + shape_text(a.shape()) + " and " + shape_text(b.shape()));
        }
        BATON_ASSIGN(const Shape outer, common_outer(left.outer, right.outer));
        Shape shape = outer;
        shape.push_back(left.rows);
        shape.push_back(right.columns);
        BATON_TRY(checked_count(shape));
        Array result(Kind::real, shape);
        const std::size_t matrix = static_cast<std::size_t>(left.rows * right.columns);
        const std::size_t count = matrix == 0 ? 0 : result.size() / matrix;
        for (std::size_t k = 0; k < count; ++k) {
            const MatrixMap x(a.reals().data() + broadcast_position(k, outer, left.outer) * left.matrix(),
                              as_index(left.rows), as_index(left.columns));
            const MatrixMap y(b.reals().data() + broadcast_position(k, outer, right.outer) * right.matrix(),
                              as_index(right.rows), as_index(right.columns));
            Eigen::Map<RowMatrix>(result.reals().data() + k * matrix, x.rows(), y.cols()).noalias() = x * y;
        }
        if (a.rank() == 1) shape.erase(shape.end() - 2);
        if (b.rank() == 1) shape.pop_back();
        result.reshape(std::move(shape));
        call.give(std::move(result));
        return {};
    });
}

// Adds beta * c, which may be a matrix, a row, a column or one number.
Status add_scaled(const Array& c, double beta, Eigen::Map<RowMatrix> sum) {
    if (c.kind() != Kind::real || c.rank() > 2) return cannot_take("Gemm", c);
    const std::int64_t rows = c.rank() == 2 ? c.shape()[0] : 1;
    const std::int64_t columns = c.rank() == 0 ? 1 : c.shape().back();
    if ((rows != 1 && rows != sum.rows()) || (columns != 1 && columns != sum.cols())) return cannot_take("Gemm", c);
    if (sum.size() == 0) return {};
    const MatrixMap values(c.reals().data(), as_index(rows), as_index(columns));
    sum += beta * values.replicate(sum.rows() / rows, sum.cols() / columns);
    return {};
}

Result<Kernel> gemm(const NodeContext& context) {
    const double alpha = context.node.attribute_or<float>("alpha", 1);
    const double beta = context.node.attribute_or<float>("beta", 1);
    const bool flip_a = context.node.attribute_or<std::int64_t>("transA", 0) != 0;
    const bool flip_b = context.node.attribute_or<std::int64_t>("transB", 0) != 0;
    return Kernel([=](const Call& call) -> Status {
        const Array& a = call.in(0);
        const Array& b = call.in(1);
        if (a.rank() != 2 || a.kind() != Kind::real) return cannot_take("Gemm", a);
        if (b.rank() != 2 || b.kind() != Kind::real) return cannot_take("Gemm", b);
        const MatrixMap x(a.reals().data(), as_index(a.shape()[0]), as_index(a.shape()[1]));
        const MatrixMap y(b.reals().data(), as_index(b.shape()[0]), as_index(b.shape()[1]));
        const Eigen::Index rows = flip_a ? x.cols() : x.rows();
        const Eigen::Index columns = flip_b ? y.rows() : y.cols();
        if ((flip_a ? x.rows() : x.cols()) != (flip_b ? y.cols() : y.rows())) return cannot_take("Gemm", b);
        BATON_TRY(checked_count({rows, columns}));
        Array result(Kind::real, {rows, columns});
        Eigen::Map<RowMatrix> sum(result.reals().data(), rows, columns);
        if (flip_a && flip_b) {
            sum.noalias() = alpha * x.transpose() * y.transpose();
        } else if (flip_a) {
            sum.noalias() = alpha * x.transpose() * y;
        } else if (flip_b) {
            sum.noalias() = alpha * x * y.transpose();
        } else {
            sum.noalias() = alpha * x * y;
        }
        if (call.has(2)) BATON_TRY(add_scaled(call.in(2), beta, sum));
        call.give(std::move(result));
        return {};
    });
}

}  // namespace

void add_matrix_operators(OperatorTable& table) {
    table["MatMul"] = {mat_mul, 2, 2};
    table["Gemm"] = {gemm, 2, 3};
}

}  // namespace baton::inference::eigen

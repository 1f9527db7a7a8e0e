// ONNX Runtime as an engine: runs what the Eigen engine does not, such as tree ensembles and neural networks.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inference/model.h"
#include "inference/onnx/graph.h"

namespace baton::inference::onnxruntime {

inline constexpr std::string_view how_to_get =
    "run scripts/setup-onnxruntime and build again, or name a libonnxruntime.so.1 (1.22 or newer) with --onnxruntime "
    "or "
    "BATON_ONNXRUNTIME; the Python package onnxruntime has one";

// The library, loaded while the program runs, with its environment and the pool of threads that all models share.
// Thread-safe. A model keeps what it needs of it, so it may outlive the Runtime.
class Runtime {
public:
    struct Options {
        std::string library = {};             // path; empty: beside the program, then where the system keeps libraries
        std::chrono::seconds load_limit{60};  // for making one model ready, and for each run of made-up rows
        std::chrono::seconds run_limit{60};   // for every run
    };

    // unavailable, with a hint, when there is no usable library; also when this build knows none.
    static Result<std::shared_ptr<const Runtime>> start(const Options& options);

    const std::string& version() const;  // "1.30.0"
    const std::string& path() const;     // of the library

    // The model of a file that onnx::read_graph has read as `graph`. unsupported_model, naming operators, for what
    // ONNX Runtime does not run; invalid_argument for a broken model; deadline_exceeded over the time limit. The
    // model's runs answer deadline_exceeded when they are stopped at theirs: between two operators, never within one.
    Result<std::unique_ptr<Model>> load(std::string_view bytes, const onnx::Graph& graph) const;

    // Ends all runs and loads with an error, and every later one at once: for a program that ends.
    void stop_all() const;

    struct Impl;
    explicit Runtime(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

private:
    std::shared_ptr<const Impl> impl_;
};

}  // namespace baton::inference::onnxruntime

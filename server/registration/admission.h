// What registration learns about a version's files before it becomes visible.
#pragma once

#include <string>
#include <vector>

#include "artifacts/blob_store.h"
#include "artifacts/manifest.h"
#include "base/result.h"
#include "inference/engines.h"
#include "registry/objects.h"

namespace baton::server {

struct Admission {
    std::string engine = "none";
    std::string model_path;  // the file that the engine loads; empty for "none"
    registry::ModelSignature signature;
    std::vector<registry::Finding> findings;
    std::string golden;    // what it answered to made-up rows (golden_text.h); empty when that says nothing
    registry::Tags facts;  // metadata read from the model: onnx_producer
};

// Looks at every stored file, and runs the model on made-up rows. blobs_missing lists what was not uploaded, integrity
// a size that differs, invalid_argument a broken ONNX file, unsupported_model an ONNX model that the engine (any of
// this server's, if none is chosen) cannot run, or that does not come to an end, too_large one over the bounds of
// inference/model.h and inference/onnx/reader.h, unavailable a disk that fails. The model is `model.onnx`, or the only
// file that ends in .onnx.
Result<Admission> admit(const artifacts::Manifest& manifest, const artifacts::BlobStore& blobs,
                        const inference::Engines& engines, inference::EngineChoice choice);

}  // namespace baton::server

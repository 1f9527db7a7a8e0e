#include "server/registration/admission.h"

#include <algorithm>

#include "artifacts/admission.h"
#include "inference/golden.h"
#include "inference/warm_up.h"
#include "server/registration/golden_text.h"
#include "server/registration/mapped_blob.h"

namespace baton::server {
namespace {

Status check_stored(const artifacts::Manifest& manifest, const artifacts::BlobStore& blobs) {
    Error missing{.code = Code::blobs_missing,
                  .message = "Some files of the version were not uploaded.",
                  .hint = "PUT /api/v1/blobs/{digest} each of them, then register again."};
    for (const artifacts::ManifestFile& file : manifest.files()) {
        BATON_ASSIGN(const std::optional<std::uint64_t> size, blobs.size(file.digest));
        if (!size) {
            missing.digests.push_back(file.digest.text());
        } else if (*size != file.size) {
            return Error{.code = Code::integrity,
                         .message = "The file \"" + file.path + "\" has " + std::to_string(*size) +
                                    " bytes, not the declared " + std::to_string(file.size) + "."};
        }
    }
    if (!missing.digests.empty()) return missing;
    return {};
}

bool is_named_onnx(const artifacts::ManifestFile& file) { return file.path.ends_with(".onnx"); }

bool is_onnx(std::string_view bytes) {
    constexpr std::size_t head = 64 * 1024;  // what recognise() needs
    return artifacts::recognise(bytes.substr(0, head)) == artifacts::Format::onnx && inference::check_onnx(bytes).ok();
}

using Files = std::vector<const artifacts::ManifestFile*>;

// The files that may be the model, of which one is the model (docs/formats.md): what is called model.onnx, else all
// that are named *.onnx, else all with such content.
Result<Files> candidates(const artifacts::Manifest& manifest, const artifacts::BlobStore& blobs) {
    if (const auto* named = manifest.find("model.onnx")) return Files{named};
    Files found;
    for (const artifacts::ManifestFile& file : manifest.files()) {
        if (is_named_onnx(file)) found.push_back(&file);
    }
    if (!found.empty()) return found;
    for (const artifacts::ManifestFile& file : manifest.files()) {
        BATON_ASSIGN(const artifacts::OpenBlob blob, blobs.open(file.digest));
        BATON_TRY(with_mapped(blob, [&](std::string_view bytes) -> Status {
            if (is_onnx(bytes)) found.push_back(&file);
            return {};
        }));
    }
    return found;
}

// Why only the files are served.
registry::Finding no_model(const Files& candidates) {
    if (candidates.empty()) return {"info", "no_model", "No file is an ONNX model: only the files are served."};
    return {"info", "several_models",
            std::to_string(candidates.size()) + " files may be the model (\"" + candidates[0]->path + "\", \"" +
                candidates[1]->path +
                "\" …), so only the files are served. The one that shall answer predictions is named model.onnx."};
}

std::vector<registry::TensorField> plain(const std::vector<inference::TensorSpec>& specs) {
    std::vector<registry::TensorField> fields;
    for (const auto& spec : specs) {
        fields.push_back({spec.name, std::string(inference::data_type_name(spec.type)), spec.shape});
    }
    return fields;
}

// Says which file an error is about.
Error about(const artifacts::ManifestFile& file, Error error) {
    error.message = "\"" + file.path + "\": " + error.message;
    return error;
}

// As before it goes live: what could not be served then is not registered.
Result<std::optional<inference::Golden>> try_out(const inference::Model& model) {
    auto golden = [&model]() -> Result<std::optional<inference::Golden>> {
        BATON_TRY(inference::warm_up(model));
        return inference::record_golden(model);
    }();
    if (golden.ok()) return golden;
    Error error = std::move(golden).error();
    error.message = "tried with made-up rows, " + error.message;
    // A trait of the model: trying again would only take as long again.
    if (error.code == Code::deadline_exceeded || error.code == Code::internal) error.code = Code::unsupported_model;
    return error;
}

Status open_model(const artifacts::ManifestFile& file, Result<inference::OnnxModel> opened, Admission& admission) {
    if (!opened.ok()) return about(file, std::move(opened).error());
    const inference::Model& model = *opened->model;
    admission.engine = model.engine();
    admission.model_path = file.path;
    admission.signature = {plain(model.signature().inputs), plain(model.signature().outputs)};
    if (!opened->producer.empty()) admission.facts["onnx_producer"] = opened->producer;
    const auto golden = try_out(model);
    if (!golden.ok()) return about(file, golden.error());
    if (*golden) {
        admission.golden = golden_text(**golden);
    } else {
        admission.findings.push_back({"info", "no_golden_outputs",
                                      "The model gives made-up rows no answer that can be compared: whether it still "
                                      "answers the same is not checked before it goes live."});
    }
    return {};
}

void scan(const artifacts::ManifestFile& file, std::string_view bytes, Admission& admission) {
    for (artifacts::Finding& finding : artifacts::scan_file(file.path, bytes)) {
        admission.findings.push_back(
            {std::move(finding.severity), std::move(finding.code), std::move(finding.message)});
    }
}

Status check_other(const artifacts::ManifestFile& file, std::string_view bytes) {
    if (!is_named_onnx(file)) return {};
    Status well_formed = inference::check_onnx(bytes);
    if (!well_formed.ok()) return about(file, std::move(well_formed).error());
    return {};
}

}  // namespace

Result<Admission> admit(const artifacts::Manifest& manifest, const artifacts::BlobStore& blobs,
                        const inference::Engines& engines, inference::EngineChoice choice) {
    BATON_TRY(check_stored(manifest, blobs));
    Admission admission;
    BATON_ASSIGN(const Files models, candidates(manifest, blobs));
    const artifacts::ManifestFile* model = models.size() == 1 ? models.front() : nullptr;
    for (const artifacts::ManifestFile& file : manifest.files()) {
        BATON_ASSIGN(const artifacts::OpenBlob blob, blobs.open(file.digest));
        BATON_TRY(with_mapped(blob, [&](std::string_view bytes) -> Status {
            scan(file, bytes, admission);
            if (&file == model) return open_model(file, engines.open(bytes, choice), admission);
            return check_other(file, bytes);
        }));
    }
    if (model == nullptr) admission.findings.push_back(no_model(models));
    return admission;
}

}  // namespace baton::server

// What the content of a file says about it, whatever its name says. Nothing is ever executed or unpickled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::artifacts {

struct Finding {
    std::string severity;  // "info", "warning", "blocking" (a version with one can never go live)
    std::string code;      // stable: "pickle", "pickle_in_archive", "mislabelled", ...
    std::string message;   // names the file
};

enum class Format { unknown, onnx, pickle, zip, npy, npy_objects, safetensors, hdf5, json, text };
std::string_view format_name(Format format);

// Recognises by the first bytes (64 KiB are enough) and, for archives, their member names.
Format recognise(std::string_view head);

// Looks at the whole content for pickles: plain, of any protocol 0 to 5, inside zip archives (torch, npz), object
// arrays.
std::vector<Finding> scan_file(std::string_view path, std::string_view content);

}  // namespace baton::artifacts

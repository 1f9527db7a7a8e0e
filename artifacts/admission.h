// What the content of a file says about it, whatever its name says. Nothing is ever executed or unpickled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::artifacts {

struct Finding {
    std::string severity;  // "info", "warning", "blocking" (a version with one can never go live)
    std::string code;      // stable, see below
    std::string message;   // names the file
};
// blocking  pickle             the file is a pickle, is one under a compression that unpicklers undo, or holds numpy
// objects
//           pickle_in_archive  a member of the archive is one of these
//           unscannable        what it holds cannot be told: a broken or encrypted archive, archives in archives, a
//                              compression that is not looked into, a name that promises a pickle over bytes that are
//                              none
// warning   mislabelled        the name's ending promises another format
// info      hdf5               such files can carry code (Keras Lambda layers); Baton never loads them
//           unknown_format     a .bin file that is nothing known

enum class Format { unknown, onnx, pickle, zip, npy, npy_objects, safetensors, hdf5, json, text };
std::string_view format_name(Format format);

// Recognises by the first bytes (64 KiB are enough).
Format recognise(std::string_view head);

// Looks at the whole content for pickles: plain, of any protocol 0 to 5, compressed (joblib), inside zip archives
// (torch, npz), object arrays. An empty list means clean. Memory: at most 16 MiB, however large the content.
std::vector<Finding> scan_file(std::string_view path, std::string_view content);

}  // namespace baton::artifacts

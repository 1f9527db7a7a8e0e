#include "inference/onnxruntime/library.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <filesystem>
#include <vector>

#include "inference/onnxruntime/runtime.h"

namespace baton::inference::onnxruntime {
namespace {

// What Baton calls is all in this version of the interface, and every later library answers for it.
constexpr std::uint32_t kInterface = 22;
static_assert(ORT_API_VERSION >= kInterface, "the headers of ONNX Runtime are older than 1.22");

Error no_library(std::string message) {
    return {.code = Code::unavailable, .message = std::move(message), .hint = std::string(how_to_get)};
}

std::vector<std::string> candidates(const std::string& wanted) {
    if (!wanted.empty()) return {wanted};
    std::vector<std::string> paths;
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto beside = program.parent_path().parent_path() / "lib" / "baton" / "libonnxruntime.so.1";
    if (std::filesystem::exists(beside, ignored)) paths.push_back(beside);
    paths.emplace_back("libonnxruntime.so.1");
    return paths;
}

Result<Library> take(void* handle, const std::string& path) {
    using GetApiBase = const OrtApiBase* (*)();
    const auto get_base = reinterpret_cast<GetApiBase>(dlsym(handle, "OrtGetApiBase"));
    const OrtApiBase* base = get_base != nullptr ? get_base() : nullptr;
    if (base == nullptr) return no_library(path + " is not the ONNX Runtime library");
    Library library{.api = base->GetApi(kInterface), .version = base->GetVersionString(), .path = path};
    if (library.api == nullptr) {
        return no_library("the ONNX Runtime library " + path + " is too old: " + library.version +
                          ", 1.22 or newer is needed");
    }
    return library;
}

}  // namespace

Result<Library> load_library(const std::string& wanted) {
    std::string tried;
    for (const std::string& path : candidates(wanted)) {
        if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr) return take(handle, path);
        tried += (tried.empty() ? "" : "; ") + std::string(dlerror());
    }
    return no_library("the ONNX Runtime library was not found: " + tried);
}

}  // namespace baton::inference::onnxruntime

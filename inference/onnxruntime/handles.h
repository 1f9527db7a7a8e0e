// Owners of the library's objects, and its errors as ours. Private to this folder.
#pragma once

#include <memory>

#include "base/result.h"

struct OrtApi;
struct OrtStatus;

namespace baton::inference::onnxruntime {

template <class T>
struct Release {
    void (*function)(T*) = nullptr;
    void operator()(T* object) const { function(object); }
};

template <class T>
using Handle = std::unique_ptr<T, Release<T>>;

// Calls `make(..., &object)` and owns what it made: BATON_ASSIGN(auto env, make_handle<OrtEnv>(api, api.ReleaseEnv,
// [&](OrtEnv** made) { return api.CreateEnv(..., made); }));
Status checked(const OrtApi& api, OrtStatus* status);

template <class T, class Make>
Result<Handle<T>> make_handle(const OrtApi& api, void (*release)(T*), const Make& make) {
    T* object = nullptr;
    BATON_TRY(checked(api, make(&object)));
    return Handle<T>(object, Release<T>{release});
}

}  // namespace baton::inference::onnxruntime

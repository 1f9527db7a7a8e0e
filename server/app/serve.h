// `baton serve`: the composition root that builds every object of a running server.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::server {

struct ServeOptions {
    std::filesystem::path data = "baton-data";
    std::string listen = "127.0.0.1:8080";   // address:port, port 0 picks a free one
    std::string grpc_listen;                 // empty: no gRPC
    std::string management_listen;           // empty: no management listener
    std::string environment = "production";  // the one that inference without a version is answered from
    std::string server_name = "baton";       // as inference clients are told
    bool anonymous_inference = false;
    bool anonymous_live = false;               // reading live manifests and files
    std::size_t loops = 0;                     // event loops; 0: cores - 1, at least 1
    std::size_t workers = 8;                   // threads for what may block, and as many for models
    std::size_t connections = 10'000;          // in all; more are answered 503
    std::size_t connections_per_peer = 6'000;  // of one address, so that no client can take them all
    std::size_t payload_log = 0;  // inference requests and answers kept in memory for GET …/payloads; 0: none
    double payload_sample = 1;    // the share of requests that is kept, above 0 to 1
    // ONNX Runtime's library; empty: where set-up or the system put one, "off": none.
    std::string onnxruntime;
    // How long an inference request may wait for a worker unless it says so itself; 0: for ever.
    std::chrono::seconds inference_timeout{30};
    // How long a model of ONNX Runtime may run for one request, and for made-up rows before it serves.
    std::chrono::seconds run_limit{60};
    // Models whose requests share runs of the engine: "MODEL=ROWS", as BatchRules reads them.
    std::vector<std::string> batches;
    std::chrono::microseconds batch_wait{0};  // how long a worker waits for a fuller batch
    bool access_log = true;                   // one JSON line a request on stderr
};

// Runs until `stop_requested` (called about ten times a second) answers true, then drains. Tells on stdout, in lines a
// script can read: `baton listening on http://127.0.0.1:8080`, and on a fresh folder `admin token: bt…`. An Error means
// it could not start: what, and what to do.
Status serve(const ServeOptions& options, const std::function<bool()>& stop_requested);

// `baton fsck`: re-hashes every blob of a data folder that no server has open. `progress` gets bytes done and in all.
struct FsckReport {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> corrupt;   // digests whose bytes differ
    std::vector<std::string> missing;   // digests that versions name and the folder lacks
    std::vector<std::string> orphaned;  // blobs that no version names: harmless, uploads that were never registered
    std::vector<std::string> problems;  // of the metadata: a broken audit chain, a failed integrity check
    struct AffectedFile {
        std::string digest;
        std::string model;
        std::int64_t version = 0;
        std::string path;
    };
    std::vector<AffectedFile> affected;  // the files of versions whose blobs are corrupt or missing
    bool clean() const { return corrupt.empty() && missing.empty() && problems.empty(); }
};
Result<FsckReport> fsck(const std::filesystem::path& data,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace baton::server

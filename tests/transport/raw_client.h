// A client that sends exactly the bytes it is told to and reads answers one by one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace baton::server {

struct RawResponse {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

class RawClient {
public:
    RawClient();  // not connected yet
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void connect(std::uint16_t port);

    // False when the peer has closed. Gives up after some seconds.
    bool send(std::string_view bytes);
    void finish_sending();
    void reset();  // closes so that the peer sees a reset

    // The next answer; nullopt when the connection ends before it is whole. `to_head`: it has no body, whatever it
    // says.
    std::optional<RawResponse> receive(bool to_head = false);
    std::string receive_all();  // up to the end of the connection; "timeout" appended when that does not come
    std::size_t receive_some(std::size_t at_most);  // of what there is, dropped; 0 at the end of the connection
    bool is_closed();                               // nothing more comes but the end of the connection

private:
    bool fill();
    std::optional<std::string> take(std::size_t bytes);
    std::optional<std::string> take_line();

    int socket_;
    std::string buffer_;
    bool timed_out_ = false;
};

}  // namespace baton::server

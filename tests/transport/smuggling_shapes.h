// Requests that two readers could understand differently.
#pragma once

#include <string>
#include <vector>

namespace baton::server {

struct SmugglingShape {
    enum class Part { head, body };  // where the fault is

    std::string name;
    std::string bytes;  // the whole request, to POST /echo
    Part part = Part::head;
};

namespace smuggling {

using namespace std::literals;

inline const std::string line = "POST /echo HTTP/1.1\r\n";
inline const std::string host = "Host: x\r\n";
inline const std::string start = line + host;
inline const std::string end = "\r\n0\r\n\r\n";

inline std::vector<SmugglingShape> lengths_and_codings() {
    const auto coded = [](const std::string& value) {
        return start + "Transfer-Encoding: " + value + "\r\n\r\n1\r\na" + end;
    };
    const auto sized = [](const std::string& value) { return start + "Content-Length: " + value + "\r\n\r\na"; };
    return {
        {"two equal lengths", start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"},
        {"two lengths", start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\na"},
        {"list of lengths", sized("1, 1")},
        {"signed length", sized("+1")},
        {"negative length", sized("-1")},
        {"hex length", sized("0x1")},
        {"length with underscore", sized("1_0")},
        {"length with blank", sized("1 1")},
        {"empty length", sized("")},
        {"fractional length", sized("1.0")},
        {"length beyond 64 bits", sized("18446744073709551617")},
        {"length then coding", start + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"coding then length", start + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n"},
        {"xchunked", coded("xchunked")},
        {"quoted chunked", coded("\"chunked\"")},
        {"upper-case chunked", coded("CHUNKED")},
        {"identity", coded("identity")},
        {"gzip, chunked", coded("gzip, chunked")},
        {"chunked, chunked", coded("chunked, chunked")},
        {"chunked with parameter", coded("chunked;q=1")},
        {"chunked behind a vertical tab", coded("\vchunked")},
        {"empty coding", coded("")},
        {"two codings", start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"coding and identity", start + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"coding over HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };
}

inline std::vector<SmugglingShape> fields_and_line_ends() {
    return {
        {"space before colon", start + "Content-Length : 1\r\n\r\na"},
        {"tab before colon", start + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"},
        {"field without colon", start + "Content-Length\r\n\r\n"},
        {"field without name", start + ": x\r\n\r\n"},
        {"name with blank", start + "Content Length: 1\r\n\r\na"},
        {"bare LF after the request line", "POST /echo HTTP/1.1\n" + host + "\r\n"},
        {"bare LF after a field", line + "Host: x\nContent-Length: 0\r\n\r\n"},
        {"bare LF as empty line", start + "\n"},
        {"bare CR in a value", start + "X: a\rContent-Length: 1\r\n\r\n"},
        {"bare CR as line end", line + "Host: x\rX: y\r\n\r\n"},
        {"CR CR LF", line + "Host: x\r\r\n\r\n"},
        {"folded line", start + "X: a\r\n b\r\n\r\n"},
        {"folded coding", start + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
        {"blank before the first field", line + " Host: x\r\n\r\n"},
        {"NUL in a value", start + "X: a\0b\r\n\r\n"s},
        {"NUL in a name", start + "X\0: a\r\n\r\n"s},
        {"control character in a value", start + "X: a\x01\r\n\r\n"},
    };
}

inline std::vector<SmugglingShape> hosts_and_request_lines() {
    return {
        {"no host", line + "\r\n"},
        {"two hosts", start + "Host: x\r\n\r\n"},
        {"two different hosts", start + "Host: y\r\n\r\n"},
        {"empty host", line + "Host:\r\n\r\n"},
        {"host with a path", line + "Host: x/y\r\n\r\n"},
        {"host with a user", line + "Host: u@x\r\n\r\n"},
        {"two hosts in one", line + "Host: x, y\r\n\r\n"},
        {"absolute target", "POST http://x/echo HTTP/1.1\r\n" + host + "\r\n"},
        {"asterisk target", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n"},
        {"authority target", "CONNECT x:80 HTTP/1.1\r\n" + host + "\r\n"},
        {"target with fragment", "POST /echo#x HTTP/1.1\r\n" + host + "\r\n"},
        {"target with tab", "POST /echo\t HTTP/1.1\r\n" + host + "\r\n"},
        {"target with NUL", "POST /ec\0ho HTTP/1.1\r\n"s + host + "\r\n"},
        {"target with raw UTF-8", "POST /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n"},
        {"target with blank", "POST /echo /x HTTP/1.1\r\n" + host + "\r\n"},
        {"two blanks", "POST  /echo HTTP/1.1\r\n" + host + "\r\n"},
        {"blank at the end of the line", "POST /echo HTTP/1.1 \r\n" + host + "\r\n"},
        {"no version", "POST /echo\r\n" + host + "\r\n"},
        {"lower-case version", "POST /echo http/1.1\r\n" + host + "\r\n"},
        {"long version", "POST /echo HTTP/1.10\r\n" + host + "\r\n"},
        {"leading empty line", "\r\n" + start + "\r\n"},
        {"leading blank", " " + start + "\r\n"},
    };
}

inline std::vector<SmugglingShape> chunks() {
    using Part = SmugglingShape::Part;
    const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
    return {
        {"chunk extension", chunked + "1;x=y\r\na" + end, Part::body},
        {"chunk extension with LF", chunked + "1;\n\r\na" + end, Part::body},
        {"extension of the last chunk", chunked + "1\r\na\r\n0;x\r\n\r\n", Part::body},
        {"chunk size beyond 64 bits", chunked + "10000000000000001\r\na" + end, Part::body},
        {"chunk size with many zeros", chunked + "00000000000000001\r\na" + end, Part::body},
        {"chunk size 0x1", chunked + "0x1\r\na" + end, Part::body},
        {"chunk size 1_0", chunked + "1_0\r\na" + end, Part::body},
        {"chunk size +1", chunked + "+1\r\na" + end, Part::body},
        {"chunk size -1", chunked + "-1\r\na" + end, Part::body},
        {"blank before the chunk size", chunked + " 1\r\na" + end, Part::body},
        {"blank after the chunk size", chunked + "1 \r\na" + end, Part::body},
        {"empty chunk size", chunked + "\r\na" + end, Part::body},
        {"chunk size ended by LF", chunked + "1\na" + end, Part::body},
        {"chunk size ended by CR", chunked + "1\ra" + end, Part::body},
        {"chunk longer than its size", chunked + "1\r\nab" + end, Part::body},
        {"chunk ended by LF", chunked + "1\r\na\n0\r\n\r\n", Part::body},
        {"last chunk ended by LF", chunked + "1\r\na\r\n0\n\r\n", Part::body},
        {"trailer with LF", chunked + "1\r\na\r\n0\r\nX: y\n\r\n", Part::body},
        {"folded trailer", chunked + "1\r\na\r\n0\r\n X: y\r\n\r\n", Part::body},
        {"NUL in a trailer", chunked + "1\r\na\r\n0\r\nX: \0\r\n\r\n"s, Part::body},
    };
}

}  // namespace smuggling

inline std::vector<SmugglingShape> smuggling_shapes() {
    std::vector<SmugglingShape> all;
    for (const auto& shapes : {smuggling::lengths_and_codings(), smuggling::fields_and_line_ends(),
                               smuggling::hosts_and_request_lines(), smuggling::chunks()}) {
        all.insert(all.end(), shapes.begin(), shapes.end());
    }
    return all;
}

}  // namespace baton::server

// Damages a protobuf message field by field, so that it stays readable and the checks behind the parser are met.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace baton::inference {

class Mutator {
public:
    explicit Mutator(const std::string& seed);

    // Changes a few fields anywhere in the message: numbers to those that break arithmetic, texts to others of the
    // same message, elements of lists away, twice or to another place, messages to others of their kind.
    void damage(google::protobuf::Message& message);
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

private:
    struct Place {
        google::protobuf::Message* message;
        const google::protobuf::FieldDescriptor* field;
    };
    void collect(google::protobuf::Message& message);
    void change(const Place& place);
    void change_list(const Place& place);
    void set_single(const Place& place);
    void set_element(const Place& place, int index);

    std::int64_t number();
    double real();
    std::string text();

    std::mt19937_64 random_;
    std::vector<Place> places_;
    std::vector<std::string> texts_;
};

}  // namespace baton::inference

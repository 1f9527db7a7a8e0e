#include "tests/inference/mutator.h"

#include <array>
#include <limits>

namespace baton::inference {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kLongList = 1000;  // lists that are longer do not grow further

}  // namespace

Mutator::Mutator(const std::string& seed) {
    std::seed_seq sequence(seed.begin(), seed.end());
    random_.seed(sequence);
}

std::int64_t Mutator::number() {
    using Limits = std::numeric_limits<std::int64_t>;
    constexpr std::array<std::int64_t, 18> kNumbers{0,
                                                    1,
                                                    2,
                                                    3,
                                                    7,
                                                    8,
                                                    11,
                                                    16,
                                                    -1,
                                                    -2,
                                                    1 << 20,
                                                    std::int64_t{1} << 31,
                                                    1000,
                                                    -(1 << 30),
                                                    std::int64_t{1} << 40,
                                                    std::int64_t{1} << 62,
                                                    Limits::max(),
                                                    Limits::min()};
    return kNumbers.at(below(kNumbers.size()));
}

double Mutator::real() {
    constexpr std::array<double, 7> kNumbers{
        0, 1, -1, 1e-30, 3e38, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
    return kNumbers.at(below(kNumbers.size()));
}

std::string Mutator::text() {
    if (texts_.empty() || below(4) == 0) return below(2) == 0 ? std::string() : std::string("\xff\0x", 3);
    return texts_[below(texts_.size())];
}

void Mutator::collect(Message& message) {
    std::vector<const FieldDescriptor*> fields;
    const Reflection& reflection = *message.GetReflection();
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        places_.push_back({&message, field});
        const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        const bool is_text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
        if (is_text && !field->is_repeated()) texts_.push_back(reflection.GetString(message, field));
        if (is_message && !field->is_repeated()) collect(*reflection.MutableMessage(&message, field));
        for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i) {
            if (is_message) collect(*reflection.MutableRepeatedMessage(&message, field, i));
            if (is_text) texts_.push_back(reflection.GetRepeatedString(message, field, i));
        }
    }
}

void Mutator::set_single(const Place& place) {
    const Reflection& reflection = *place.message->GetReflection();
    switch (place.field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection.SetInt32(place.message, place.field, static_cast<std::int32_t>(number()));
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.SetInt64(place.message, place.field, number());
        case FieldDescriptor::CPPTYPE_FLOAT:
            return reflection.SetFloat(place.message, place.field, static_cast<float>(real()));
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.SetString(place.message, place.field, text());
        default:
            reflection.ClearField(place.message, place.field);
    }
}

void Mutator::set_element(const Place& place, int index) {
    const Reflection& reflection = *place.message->GetReflection();
    switch (place.field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection.SetRepeatedInt32(place.message, place.field, index, static_cast<std::int32_t>(number()));
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.SetRepeatedInt64(place.message, place.field, index, number());
        case FieldDescriptor::CPPTYPE_FLOAT:
            return reflection.SetRepeatedFloat(place.message, place.field, index, static_cast<float>(real()));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return reflection.SetRepeatedDouble(place.message, place.field, index, real());
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.SetRepeatedString(place.message, place.field, index, text());
        case FieldDescriptor::CPPTYPE_MESSAGE: {
            const int other = static_cast<int>(below(reflection.FieldSize(*place.message, place.field)));
            if (other == index) return;
            return reflection.MutableRepeatedMessage(place.message, place.field, index)
                ->CopyFrom(reflection.GetRepeatedMessage(*place.message, place.field, other));
        }
        default:
            return;
    }
}

void Mutator::change_list(const Place& place) {
    const Reflection& reflection = *place.message->GetReflection();
    const int size = reflection.FieldSize(*place.message, place.field);
    const int index = static_cast<int>(below(static_cast<std::size_t>(size)));
    switch (below(4)) {
        case 0:
            return reflection.RemoveLast(place.message, place.field);
        case 1:
            return reflection.SwapElements(place.message, place.field, index, size - 1);
        case 2:
            if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && size < kLongList) {
                const auto& element = reflection.GetRepeatedMessage(*place.message, place.field, index);
                reflection.AddMessage(place.message, place.field)->CopyFrom(element);
                return;
            }
            if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
                return reflection.AddString(place.message, place.field, text());
            }
            [[fallthrough]];
        default:
            set_element(place, index);
    }
}

void Mutator::change(const Place& place) {
    if (place.field->is_repeated()) {
        if (place.message->GetReflection()->FieldSize(*place.message, place.field) > 0) change_list(place);
    } else if (below(6) == 0) {
        place.message->GetReflection()->ClearField(place.message, place.field);
    } else if (place.field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || below(20) == 0) {
        set_single(place);
    }
}

void Mutator::damage(Message& message) {
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
        places_.clear();  // the last change may have taken some of them away
        texts_.clear();
        collect(message);
        if (!places_.empty()) change(places_[below(places_.size())]);
    }
}

}  // namespace baton::inference

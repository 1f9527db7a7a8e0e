// The opcodes of Python's pickle, protocols 0 to 5: what follows each in the file and what each does to the stack.
#pragma once

#include <array>
#include <cstdint>

namespace baton::artifacts::pickle {

enum class Argument : std::uint8_t {
    none,
    bytes1,  // one byte
    bytes2,
    bytes4,
    bytes8,
    counted1,  // a count in one byte, then as many bytes
    counted4,  // a count in four bytes, little-endian
    counted8,
    frame,         // eight bytes: the length of what follows
    protocol,      // one byte, 0 to 5
    integer_line,  // all of these up to a newline
    float_line,
    quoted_line,
    ascii_line,
    text_line,
    two_text_lines,
};

enum class Effect : std::uint8_t {
    unknown,     // not an opcode
    plain,       // needs and takes values off the top, puts some there
    mark,        // opens a group
    pop,         // takes the top value, or closes an empty group
    close,       // takes the top group, puts `puts` values; needs `needs` values under it
    close_call,  // likewise, and the group's first value is called
    stop,
};

struct Opcode {
    Effect effect = Effect::unknown;
    Argument argument = Argument::none;
    std::uint8_t needs = 0;  // values in the current group, before
    std::uint8_t takes = 0;  // of them
    std::uint8_t puts = 0;
    bool imports = false;    // finds something by name
    bool acts = false;       // calls something, or changes an object in a way that the object's class defines
    bool remembers = false;  // writes the memo
    bool recalls = false;    // reads the memo
    // Imports by a number that programs register. Python itself registers none, so this fails in bytes that neither say
    // that they are a pickle nor import anything else.
    bool is_extension = false;
};

constexpr std::array<Opcode, 256> make_opcodes() {
    using enum Argument;
    using enum Effect;
    std::array<Opcode, 256> table{};
    const auto value = [&](unsigned char code, Argument argument) { table[code] = {plain, argument, 0, 0, 1}; };
    value('I', integer_line);
    value('L', integer_line);
    value('F', float_line);
    value('S', quoted_line);
    value('V', text_line);
    value('P', ascii_line);
    value('J', bytes4);
    value('K', bytes1);
    value('M', bytes2);
    value('G', bytes8);
    value('T', counted4);
    value('U', counted1);
    value('X', counted4);
    value('B', counted4);
    value('C', counted1);
    for (const char code :
         {'N', '}', ']', ')', '\x88', '\x89', '\x8f', '\x97'}) {  // last: True, False, set(), a buffer
        value(static_cast<unsigned char>(code), none);
    }
    value(0x8a, counted1);  // LONG1
    value(0x8b, counted4);
    value(0x8c, counted1);  // SHORT_BINUNICODE
    value(0x8d, counted8);
    value(0x8e, counted8);
    value(0x96, counted8);  // BYTEARRAY8

    table['('] = {mark};
    table['.'] = {stop, none, 1, 1, 0};
    table['0'] = {pop};
    table['1'] = {close};                 // POP_MARK
    table['2'] = {plain, none, 1, 0, 1};  // DUP
    table['Q'] = {plain, none, 1, 1, 1};  // BINPERSID
    table['l'] = table['t'] = table['d'] = table[0x91] = {close, none, 0, 0, 1};
    table['e'] = table['u'] = table[0x90] = {.effect = close, .needs = 1, .acts = true};
    table['a'] = {.effect = plain, .needs = 2, .takes = 1, .acts = true};
    table['s'] = {.effect = plain, .needs = 3, .takes = 2, .acts = true};
    table[0x85] = {plain, none, 1, 1, 1};  // TUPLE1
    table[0x86] = {plain, none, 2, 2, 1};
    table[0x87] = {plain, none, 3, 3, 1};
    table[0x98] = {plain, none, 1, 1, 1};  // READONLY_BUFFER

    table['p'] = {.effect = plain, .argument = integer_line, .needs = 1, .remembers = true};
    table['q'] = {.effect = plain, .argument = bytes1, .needs = 1, .remembers = true};
    table['r'] = {.effect = plain, .argument = bytes4, .needs = 1, .remembers = true};
    table[0x94] = {.effect = plain, .needs = 1, .remembers = true};
    table['g'] = {.effect = plain, .argument = integer_line, .puts = 1, .recalls = true};
    table['h'] = {.effect = plain, .argument = bytes1, .puts = 1, .recalls = true};
    table['j'] = {.effect = plain, .argument = bytes4, .puts = 1, .recalls = true};

    table['c'] = {.effect = plain, .argument = two_text_lines, .puts = 1, .imports = true};
    table[0x93] = {.effect = plain, .needs = 2, .takes = 2, .puts = 1, .imports = true};  // STACK_GLOBAL
    table[0x82] = {.effect = plain, .argument = bytes1, .puts = 1, .imports = true, .is_extension = true};
    table[0x83] = {.effect = plain, .argument = bytes2, .puts = 1, .imports = true, .is_extension = true};
    table[0x84] = {.effect = plain, .argument = bytes4, .puts = 1, .imports = true, .is_extension = true};
    table['i'] = {.effect = close, .argument = two_text_lines, .puts = 1, .imports = true, .acts = true};  // INST
    table['o'] = {.effect = close_call, .puts = 1, .acts = true};                                          // OBJ
    table['R'] = {.effect = plain, .needs = 2, .takes = 2, .puts = 1, .acts = true};                       // REDUCE
    table['b'] = {.effect = plain, .needs = 2, .takes = 1, .acts = true};                                  // BUILD
    table[0x81] = {.effect = plain, .needs = 2, .takes = 2, .puts = 1, .acts = true};                      // NEWOBJ
    table[0x92] = {.effect = plain, .needs = 3, .takes = 3, .puts = 1, .acts = true};                      // NEWOBJ_EX

    table[0x80] = {plain, protocol};
    table[0x95] = {plain, frame};
    return table;
}

inline constexpr std::array<Opcode, 256> opcodes = make_opcodes();

}  // namespace baton::artifacts::pickle

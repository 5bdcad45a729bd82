/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/name.h"

#include "base/status.h"

typedef struct range {
    uint32_t first, last;
} range;

static const range refused[] = {
    {0x0000, 0x001f},                   /* controls */
    {0x007f, 0x009f}, {0x00ad, 0x00ad}, /* soft hyphen */
    {0x061c, 0x061c},                   /* Arabic letter mark */
    {0x180e, 0x180e},                   /* Mongolian vowel separator */
    {0x200b, 0x200b},                   /* zero width space */
    {0x200e, 0x200f},                   /* left-to-right, right-to-left mark */
    {0x2028, 0x202e},                   /* line, paragraph; embeddings, overrides */
    {0x2060, 0x206f}, /* word joiner, invisible operators, isolates, deprecated ones */
    {0xfeff, 0xfeff}, /* zero width no-break space, byte order mark */
    {0xfff9, 0xfffb}, /* interlinear annotation */
};

/* Nothing is seen of these: blanks, fillers, joiners, selectors, tags. */
static const range blank[] = {
    {0x0020, 0x0020}, {0x00a0, 0x00a0},   {0x034f, 0x034f}, {0x115f, 0x1160}, {0x1680, 0x1680},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x2000, 0x200a}, {0x200c, 0x200d}, {0x202f, 0x202f},
    {0x205f, 0x205f}, {0x2800, 0x2800},   {0x3000, 0x3000}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
    {0xffa0, 0xffa0}, {0xe0000, 0xe0fff},
};

static bool is_in(const range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* The next character of UTF-8 (RFC 3629) and its length in bytes; 0: not one. */
static size_t read_character(const uint8_t *text, size_t length, uint32_t *out)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t b = text[0];
    size_t more = b < 0x80 ? 0 : b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
    uint32_t c = more ? b & (0x3fu >> more) : b;
    if ((b >= 0x80 && b < 0xc2) || b > 0xf4 || more >= length) {
        return 0;
    }
    for (size_t i = 1; i <= more; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (text[i] & 0x3f);
    }
    bool known = c >= least[more] && c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000);
    *out = c;
    return known ? 1 + more : 0;
}

bool zks__name_valid(const uint8_t *name, size_t length)
{
    bool seen = false;
    for (size_t i = 0; i < length;) {
        uint32_t c = 0;
        size_t size = read_character(name + i, length - i, &c);
        if (!size || is_in(refused, ZKS_COUNTOF(refused), c)) {
            return false;
        }
        seen = seen || !is_in(blank, ZKS_COUNTOF(blank), c);
        i += size;
    }
    return seen;
}

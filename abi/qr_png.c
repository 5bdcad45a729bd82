/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The smallest PNG that is one: signature, IHDR, one IDAT with stored (not compressed) blocks,
 * IEND. A code of usual size takes some 30 KiB at 8 pixels a module. docs/DEPENDENCIES.md says why
 * no library does this.
 */
#include "abi/qr.h"

enum {
    BLOCK_MAX_BYTES = 65535, /* RFC 1951 section 3.2.4 */
    BLOCK_HEAD_BYTES = 5,
    ZLIB_HEAD_BYTES = 2,
    ADLER_BYTES = 4,
    IHDR_BYTES = 13,
    ADLER_BASE = 65521
};

typedef struct png {
    zks__qr_sink *sink;
    uint32_t crc;            /* of the present chunk */
    uint32_t adler1, adler2; /* of the pixels */
    size_t left;             /* pixel bytes to come */
    size_t block;            /* of them in the present block */
} png;

/* CRC-32 of the PNG specification, annex D, four bits at a time. */
static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t length)
{
    static const uint32_t steps[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ steps[crc & 15];
        crc = crc >> 4 ^ steps[crc & 15];
    }
    return crc;
}

static void put(png *p, const void *data, size_t length)
{
    p->crc = crc_add(p->crc, data, length);
    zks__qr_put(p->sink, data, length);
}

static void put_u32(png *p, size_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};
    put(p, bytes, sizeof bytes);
}

static void begin_chunk(png *p, const char *type, size_t length)
{
    put_u32(p, length);
    p->crc = UINT32_MAX;
    put(p, type, 4);
}

static void end_chunk(png *p)
{
    put_u32(p, p->crc ^ UINT32_MAX);
}

/* One byte of pixels: opens the next stored block where the last one is full. */
static void put_pixels(png *p, uint8_t byte)
{
    if (!p->block) {
        p->block = p->left < BLOCK_MAX_BYTES ? p->left : BLOCK_MAX_BYTES;
        const uint8_t low = (uint8_t)p->block, high = (uint8_t)(p->block >> 8);
        const uint8_t head[BLOCK_HEAD_BYTES] = {p->block == p->left, low, high, (uint8_t)~low,
                                                (uint8_t)~high};
        put(p, head, sizeof head);
    }
    p->block--;
    p->left--;
    p->adler1 = (p->adler1 + byte) % ADLER_BASE;
    p->adler2 = (p->adler2 + p->adler1) % ADLER_BASE;
    put(p, &byte, 1);
}

/* A row of pixels: its filter (none), then a bit for each, 1 is white. */
static void put_row(png *p, const zks__qr_grid *grid, size_t scale, size_t y)
{
    size_t pixels = grid->size * scale;
    put_pixels(p, 0);
    for (size_t x = 0; x < pixels; x += 8) {
        unsigned byte = 0;
        for (size_t i = x; i < x + 8; i++) {
            byte = byte << 1 | (i < pixels && !zks__qr_dark(grid, i / scale, y / scale));
        }
        put_pixels(p, (uint8_t)byte);
    }
}

void zks__qr_png(const zks__qr_grid *grid, size_t scale, zks__qr_sink *sink)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    /* depth 1, grey, deflate, the one filter method, not interlaced */
    static const uint8_t kind[] = {1, 0, 0, 0, 0};
    static const uint8_t zlib_head[ZLIB_HEAD_BYTES] = {0x78, 0x01};
    size_t pixels = grid->size * scale;
    size_t raw = pixels * (1 + (pixels + 7) / 8);
    size_t blocks = (raw + BLOCK_MAX_BYTES - 1) / BLOCK_MAX_BYTES;
    png p = {.sink = sink, .adler1 = 1, .left = raw};
    put(&p, signature, sizeof signature);
    begin_chunk(&p, "IHDR", IHDR_BYTES);
    put_u32(&p, pixels);
    put_u32(&p, pixels);
    put(&p, kind, sizeof kind);
    end_chunk(&p);
    begin_chunk(&p, "IDAT", ZLIB_HEAD_BYTES + blocks * BLOCK_HEAD_BYTES + raw + ADLER_BYTES);
    put(&p, zlib_head, sizeof zlib_head);
    for (size_t y = 0; y < pixels; y++) {
        put_row(&p, grid, scale, y);
    }
    put_u32(&p, (size_t)p.adler2 << 16 | p.adler1);
    end_chunk(&p);
    begin_chunk(&p, "IEND", 0);
    end_chunk(&p);
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A text as a QR code (ISO/IEC 18004), drawn as text for a terminal, as SVG or as PNG. The code
 * itself is libqrencode's work: error correction level M, the smallest version that holds the text
 * (40 holds 2,331 bytes, or 3,391 of capitals, digits and "$%*+-./: "). Around it is the quiet zone
 * of four modules which the standard asks for.
 *
 * Knows nothing of invites: what is given is what a camera reads, a link as well as a pairing code.
 * No state, any thread. Nothing is kept, but libqrencode frees its working memory, in which the
 * text stands, without wiping it.
 *
 * Sources: ISO/IEC 18004:2015 (quiet zone: 6.3.8), the PNG specification (W3C, third edition),
 * RFC 1950 and 1951 (stored blocks), SVG 1.1.
 */
#ifndef ZKS_ABI_QR_H
#define ZKS_ABI_QR_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZKS_QR_QUIET_MODULES = 4 };

/* Draws. format: ZKS_RENDER_*. scale: pixels for each module, 1 to ZKS_RENDER_SCALE_MAX (SVG: the
 * size that it asks for; terminal: not used). out NULL and capacity 0: only *out_length. Nothing is
 * written to out on failure: ZKS_E_INVALID (format, scale, an empty text, or capacity is below the
 * length), ZKS_E_TOO_LARGE (no QR code holds this text), ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__qr_render(const char *text, int32_t format, uint32_t scale,
                                       size_t capacity, uint8_t *out, size_t *out_length);

/* --- inside --- */

/* Where the bytes go: counted always, kept where there is room. */
typedef struct zks__qr_sink {
    uint8_t *data;
    size_t capacity, length;
} zks__qr_sink;

void zks__qr_put(zks__qr_sink *sink, const void *data, size_t length);

/* A grid of modules with its quiet zone. */
typedef struct zks__qr_grid {
    const uint8_t *modules; /* width * width, bit 0: dark */
    size_t width;           /* without the quiet zone */
    size_t size;            /* with it */
} zks__qr_grid;

/* x and y count from the quiet zone's corner. */
bool zks__qr_dark(const zks__qr_grid *grid, size_t x, size_t y);

/* qr_png.c: one bit of grey for each pixel, not compressed. */
void zks__qr_png(const zks__qr_grid *grid, size_t scale, zks__qr_sink *sink);

#endif

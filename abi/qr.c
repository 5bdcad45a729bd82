/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/qr.h"

#include "base/bytes.h"

#include <qrencode.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SVG_PIECE_CHARS = 256, TEXT_MAX_CHARS = 4096 /* more than any code holds */ };

void zks__qr_put(zks__qr_sink *sink, const void *data, size_t length)
{
    if (sink->data && length <= sink->capacity && sink->length <= sink->capacity - length) {
        memcpy(sink->data + sink->length, data, length);
    }
    sink->length += length;
}

static void put_text(zks__qr_sink *sink, const char *text)
{
    zks__qr_put(sink, text, strlen(text));
}

bool zks__qr_dark(const zks__qr_grid *grid, size_t x, size_t y)
{
    if (x < ZKS_QR_QUIET_MODULES || y < ZKS_QR_QUIET_MODULES) {
        return false;
    }
    x -= ZKS_QR_QUIET_MODULES;
    y -= ZKS_QR_QUIET_MODULES;
    return x < grid->width && y < grid->width && (grid->modules[y * grid->width + x] & 1);
}

/* --- terminal --- */

/* Two modules in one character, one above the other. What a terminal draws is in its foreground
 * colour: the light modules on a dark background, the dark ones on a light background. */
static void draw_text(const zks__qr_grid *grid, bool dark_background, zks__qr_sink *sink)
{
    static const char *const halves[] = {" ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88"};
    for (size_t y = 0; y < grid->size; y += 2) {
        for (size_t x = 0; x < grid->size; x++) {
            bool upper = zks__qr_dark(grid, x, y) != dark_background;
            bool lower = y + 1 < grid->size && zks__qr_dark(grid, x, y + 1) != dark_background;
            put_text(sink, halves[upper + 2 * lower]);
        }
        put_text(sink, "\n");
    }
}

/* --- SVG --- */

/* One path of the dark runs of each row, on a white ground; a unit is a module. */
static void draw_svg(const zks__qr_grid *grid, size_t scale, zks__qr_sink *sink)
{
    char piece[SVG_PIECE_CHARS];
    size_t n = grid->size;
    snprintf(piece, sizeof piece,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
             "viewBox=\"0 0 %zu %zu\" shape-rendering=\"crispEdges\">\n"
             "<rect width=\"%zu\" height=\"%zu\" fill=\"#fff\"/>\n<path fill=\"#000\" d=\"",
             n * scale, n * scale, n, n, n, n);
    put_text(sink, piece);
    for (size_t y = 0; y < n; y++) {
        for (size_t x = 0, end; x < n; x = end + 1) {
            for (end = x; end < n && zks__qr_dark(grid, end, y); end++) {
            }
            if (end > x) {
                snprintf(piece, sizeof piece, "M%zu %zuh%zuv1h-%zuz", x, y, end - x, end - x);
                put_text(sink, piece);
            }
        }
    }
    put_text(sink, "\"/>\n</svg>\n");
}

static void draw(const zks__qr_grid *grid, int32_t format, size_t scale, zks__qr_sink *sink)
{
    switch (format) {
    case ZKS_RENDER_SVG:
        draw_svg(grid, scale, sink);
        break;
    case ZKS_RENDER_PNG:
        zks__qr_png(grid, scale, sink);
        break;
    default:
        draw_text(grid, format == ZKS_RENDER_TEXT_DARK, sink);
        break;
    }
}

static zks_status encode(const char *text, QRcode **out_code)
{
    size_t length = strlen(text);
    if (length > TEXT_MAX_CHARS) {
        return ZKS_E_TOO_LARGE;
    }
    /* Capitals and digits have a denser mode. The whole text goes in one: changing it on the way
     * costs more than it saves in a link. */
    bool dense = !text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")];
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
    QRcode *code = NULL;
    errno = ENOMEM;
    if (input && !QRinput_append(input, dense ? QR_MODE_AN : QR_MODE_8, (int)length,
                                 (const unsigned char *)text)) {
        code = QRcode_encodeInput(input);
    }
    zks_status status = code ? ZKS_OK : errno == ERANGE ? ZKS_E_TOO_LARGE : ZKS_E_NOMEM;
    QRinput_free(input);
    if (code) {
        *out_code = code;
    }
    return status;
}

zks_status zks__qr_render(const char *text, int32_t format, uint32_t scale, size_t capacity,
                          uint8_t *out, size_t *out_length)
{
    if (format < ZKS_RENDER_TEXT_DARK || format > ZKS_RENDER_PNG || scale < 1 ||
        scale > ZKS_RENDER_SCALE_MAX || !*text || (!out && capacity)) {
        return ZKS_E_INVALID;
    }
    QRcode *code = NULL;
    zks_status status = encode(text, &code);
    if (status) {
        return status;
    }
    size_t width = (size_t)code->width;
    zks__qr_grid grid = {code->data, width, width + 2 * (size_t)ZKS_QR_QUIET_MODULES};
    zks__qr_sink sink = {NULL, 0, 0};
    draw(&grid, format, scale, &sink);
    size_t length = sink.length;
    if (out && capacity < length) {
        status = ZKS_E_INVALID;
    } else if (out) {
        sink = (zks__qr_sink){out, capacity, 0};
        draw(&grid, format, scale, &sink);
    }
    zks__wipe(code->data, width * width);
    QRcode_free(code);
    if (!status) {
        *out_length = length;
    }
    return status;
}

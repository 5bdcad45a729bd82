/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An invite or a pairing link as a QR code: in the terminal, as an SVG or PNG file. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PIXELS = 8 /* for each module */ };

/* What --qr leaves alone; without its word it leaves NULL. */
static char not_asked[] = "";

void cli_qr_init(cli_qr *q, const char *cure)
{
    *q = (cli_qr){.terminal = not_asked, .cure = cure};
}

void cli_qr_done(cli_qr *q)
{
    if (q->terminal != not_asked) {
        free(q->terminal);
    }
    free(q->svg);
    free(q->png);
}

/* ZKS_RENDER_TEXT_*; 0: not asked for, or another word. */
static int32_t terminal_format(const cli_qr *q)
{
    if (!q->terminal || strcmp(q->terminal, "dark") == 0) {
        return ZKS_RENDER_TEXT_DARK;
    }
    return strcmp(q->terminal, "light") == 0 ? ZKS_RENDER_TEXT_LIGHT : 0;
}

bool cli_qr_wanted(const cli_qr *q)
{
    return q->terminal != not_asked || q->svg || q->png;
}

int cli_qr_check(cli *c, const cli_command *self, const cli_qr *q)
{
    if (q->terminal != not_asked && !terminal_format(q)) {
        return cli_usage(c, self->name, "--qr takes dark or light, the terminal's background.");
    }
    return CLI_OK;
}

/* Owned, with a NUL behind it. An exit code. */
static int draw(cli *c, const cli_qr *q, const char *text, int32_t format, char **out,
                size_t *out_length)
{
    size_t length = 0, text_length = strlen(text);
    char *picture = NULL;
    zks_status status = zks_qr_render(text, text_length, format, PIXELS, 0, NULL, &length);
    if (!status) {
        picture = calloc(1, length + 1);
        status = picture ? zks_qr_render(text, text_length, format, PIXELS, length,
                                         (uint8_t *)picture, &length)
                         : ZKS_E_NOMEM;
    }
    if (status == ZKS_E_TOO_LARGE) {
        return cli_problem(c, CLI_CONFIG, "This is too long for a QR code (%zu characters): %s",
                           text_length, q->cure);
    }
    if (status) {
        free(picture);
        return cli_fail(c, status, NULL);
    }
    *out = picture;
    *out_length = length;
    return CLI_OK;
}

int cli_qr_write(cli *c, const cli_qr *q, const char *text)
{
    const struct {
        const char *file;
        int32_t format;
    } wanted[] = {{q->svg, ZKS_RENDER_SVG}, {q->png, ZKS_RENDER_PNG}};
    int code = CLI_OK;
    for (size_t i = 0; !code && i < sizeof wanted / sizeof *wanted; i++) {
        char *picture = NULL;
        size_t length = 0;
        if (wanted[i].file) {
            code = draw(c, q, text, wanted[i].format, &picture, &length);
            code = code ? code : cli_write_file(c, wanted[i].file, picture, length);
            cli_secret_free(picture, length);
        }
    }
    return code;
}

/* A code whose lines are broken cannot be read. */
static void warn_of_width(cli *c, const char *picture)
{
    struct winsize size;
    size_t columns = 0;
    for (const char *at = picture; *at && *at != '\n'; at++) {
        columns += ((unsigned char)*at & 0xc0) != 0x80; /* not a later byte of a character */
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_col < columns) {
        cli_note(c,
                 "zks: the code needs %zu columns and the terminal has %u: make it wider, or use "
                 "--qr-png FILE.",
                 columns, size.ws_col);
    }
}

int cli_qr_show(cli *c, const cli_qr *q, const char *text, json_t *object)
{
    int code = CLI_OK;
    char *picture = NULL;
    size_t length = 0;
    if (q->terminal != not_asked) {
        code = draw(c, q, text, terminal_format(q), &picture, &length);
        if (!code && object) {
            json_object_set_new(object, "qr", json_string(picture));
        } else if (picture) {
            printf("\n%s", picture);
            warn_of_width(c, picture);
        }
        cli_secret_free(picture, length);
    }
    return code;
}

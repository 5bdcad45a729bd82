/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Questions, asked on the terminal itself wherever standard input and output go. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 /* no terminal gives longer lines */ };

bool cli_has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* Signals may come meanwhile. */
static void set_terminal(int fd, const struct termios *settings)
{
    while (tcsetattr(fd, TCSAFLUSH, settings) != 0 && errno == EINTR) {
    }
}

static bool is_over(const zks_op *until)
{
    return until && zks_op_status(until) != ZKS_E_PENDING;
}

/* A line of at most max characters, without waiting where a signal could not end it. Returns its
 * length; 0: the terminal's end, a signal, or `until` is complete. */
static size_t read_line(cli *c, int fd, const zks_op *until, char *line, size_t max)
{
    size_t length = 0;
    while (length < max && !memchr(line, '\n', length)) {
        bool readable = cli_step(c, -1, fd);
        if (c->interrupted || is_over(until)) {
            return 0;
        }
        ssize_t n = readable ? read(fd, line + length, max - length) : -1;
        if (n == 0 || (n < 0 && readable && errno != EAGAIN && errno != EINTR)) {
            return 0;
        }
        length += n > 0 ? (size_t)n : 0;
    }
    return length;
}

static int ask(cli *c, const char *question, bool echo, const zks_op *until, char **out_line)
{
    struct termios before, meanwhile;
    char *line = calloc(1, LINE_BYTES + 1);
    if (!line) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    fflush(stdout);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    size_t length = 0;
    if (fd >= 0 && tcgetattr(fd, &before) == 0) {
        meanwhile = before;
        meanwhile.c_lflag &= ~(tcflag_t)(echo ? 0 : ECHO);
        set_terminal(fd, &meanwhile);
        cli_write_all(fd, question, strlen(question));
        length = read_line(c, fd, until, line, LINE_BYTES);
        set_terminal(fd, &before);
        if (!echo || !length) {
            cli_write_all(fd, "\n", 1);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (length == 0 || c->interrupted) {
        cli_secret_free(line, LINE_BYTES);
        line = NULL;
    }
    *out_line = line;
    return c->interrupted ? 128 + c->interrupted : CLI_OK;
}

int cli_ask(cli *c, const char *question, char **out_line)
{
    return ask(c, question, false, NULL, out_line);
}

int cli_ask_aloud(cli *c, const char *question, const zks_op *until, char **out_line)
{
    return ask(c, question, true, until, out_line);
}

int cli_ask_again(cli *c, const char *line)
{
    char *again = NULL;
    int code = cli_ask(c, "The same again: ", &again);
    if (!code && (!again || strcmp(line, again) != 0)) {
        code = cli_problem(c, CLI_FAILURE, "The two passphrases differ: try again.");
    }
    cli_secret_free(again, again ? strlen(again) : 0);
    return code;
}

bool cli_is_yes(const char *line)
{
    size_t length = line ? strcspn(line, " \t\r\n") : 0;
    return (length == 1 && strncasecmp(line, "y", 1) == 0) ||
           (length == 3 && strncasecmp(line, "yes", 3) == 0);
}

int cli_confirm(cli *c, bool yes, const char *format, ...)
{
    char question[CLI_TEXT_MAX], *line = NULL;
    if (yes) {
        return CLI_OK;
    }
    if (!cli_has_terminal()) {
        return cli_problem(c, CLI_USAGE,
                           "There is no terminal to ask whether you mean it: say --yes.");
    }
    va_list list;
    va_start(list, format);
    vsnprintf(question, sizeof question, format, list);
    va_end(list);
    int code = cli_ask_aloud(c, question, NULL, &line);
    if (!code && !cli_is_yes(line)) {
        code = cli_problem(c, CLI_FAILURE, "Nothing was changed.");
    }
    free(line);
    return code;
}

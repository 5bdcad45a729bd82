/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Notes that a group of devices shares; examples/README.md says what it does.
 *
 *     cc notes.c $(pkg-config --cflags --libs zks) -o notes
 *     ./notes anna create zks://KEY@relay.example.org:4433 Anna && ./notes anna add 'buy milk'
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zks/zks.h>

enum { PATIENCE_MS = 60000, PAIRING_MS = 600000, LINE = 4096 };

static const char *folder;
static zks_runtime *runtime;

/* --- failures --------------------------------------------------------------------- */

static void fail(const char *sentence)
{
    fprintf(stderr, "notes: %s\n", sentence);
    exit(1); /* as a crash, which is safe: what was kept is on disk */
}

static void check(zks_status status)
{
    if (status) {
        fail(zks_status_text(status));
    }
}

/* Waits for an operation; where it failed its own words say why. */
static void finish(zks_op *op, uint32_t timeout_ms)
{
    check(zks_op_wait(op, timeout_ms));
    if (zks_op_status(op)) {
        fail(zks_op_text(op));
    }
}

static void finish_and_free(zks_op *op)
{
    finish(op, PATIENCE_MS);
    zks_op_free(op);
}

/* --- the folder ------------------------------------------------------------------- */

static FILE *open_file(const char *name, const char *mode)
{
    char path[LINE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, mode);
}

static void write_relay(const char *lines, size_t length)
{
    FILE *file = open_file("relay", "w");
    if (!file || fwrite(lines, 1, length, file) != length || fclose(file)) {
        fail("the folder cannot be written");
    }
}

/* --- clients ---------------------------------------------------------------------- */

static zks_config *config_new(const char *name)
{
    char path[LINE], line[LINE];
    zks_config *config;
    check(zks_config_new(&config));
    snprintf(path, sizeof path, "%s/store.zks", folder);
    check(zks_config_set_text(config, ZKS_OPTION_STORE_PATH, path));
    check(zks_config_set_text(config, ZKS_OPTION_DEVICE_NAME, name));
    FILE *relays = open_file("relay", "r");
    while (relays && fgets(line, sizeof line, relays)) {
        line[strcspn(line, "\n")] = '\0';
        check(zks_config_add_relay(config, line));
    }
    if (relays) {
        fclose(relays);
    }
    return config;
}

static zks_client *open_client(zks_event_fn events, void *user)
{
    zks_client *client;
    zks_op *op;
    zks_config *config = config_new(NULL);
    check(zks_config_set_events(config, events, user, NULL));
    check(zks_client_open(runtime, config, NULL, NULL, &op, &client));
    zks_config_free(config);
    finish_and_free(op);
    return client;
}

static void connect_client(zks_client *client)
{
    zks_op *op;
    check(zks_client_connect(client, NULL, NULL, &op));
    finish_and_free(op);
}

static void begin_folder(const char *relay)
{
    if (mkdir(folder, 0700) && errno != EEXIST) {
        fail("the folder cannot be made");
    }
    write_relay(relay, strlen(relay));
}

/* --- commands --------------------------------------------------------------------- */

static void create(const char *relay, const char *name)
{
    zks_client *client;
    zks_op *op;
    size_t length;
    begin_folder(relay);
    zks_config *config = config_new(name);
    check(zks_group_create(runtime, config, 0, NULL, NULL, &op, &client));
    zks_config_free(config);
    finish(op, PATIENCE_MS);
    const uint8_t *words = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    printf("a group of one, %s\nrecovery code: %.*s\n", name, (int)length, (const char *)words);
    zks_op_free(op);
    zks_client_free(client);
}

/* On the engine's thread: shows the code, and lets in whoever knows it. */
static void on_pairing(zks_client *client, const zks_event *event, void *user)
{
    char *guest = user;
    if (zks_event_kind(event) == ZKS_EVENT_PAIR_CODE) {
        printf("code: %s\n", zks_event_text(event, ZKS_EVENT_FIELD_CODE));
        fflush(stdout);
    } else if (zks_event_kind(event) == ZKS_EVENT_PAIR_ASK) {
        snprintf(guest, LINE, "%s", zks_event_text(event, ZKS_EVENT_FIELD_NAME));
        check(zks_pair_answer(client, 1));
    }
}

static void invite(void)
{
    static char guest[LINE];
    zks_op *op;
    zks_client *client = open_client(on_pairing, guest);
    connect_client(client);
    check(zks_pair_begin(client, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op));
    finish(op, PAIRING_MS);
    printf("%s is in\n", guest);
    zks_op_free(op);
    zks_client_free(client);
}

static void join(const char *relay, const char *name, const char *code)
{
    zks_client *client;
    zks_op *op;
    size_t length;
    begin_folder(relay);
    zks_config *config = config_new(name);
    check(zks_group_join(runtime, config, code, strlen(code), NULL, NULL, &op, &client));
    zks_config_free(config);
    finish(op, PAIRING_MS);
    const uint8_t *relays = zks_op_bytes(op, ZKS_OP_RELAYS, &length);
    write_relay((const char *)relays, length); /* with their keys from now on */
    printf("joined as %s\n", name);
    zks_op_free(op);
    zks_client_free(client);
}

static void add(const char *text)
{
    zks_op *op;
    zks_client *client = open_client(NULL, NULL);
    check(zks_client_push(client, (const uint8_t *)text, strlen(text), ZKS_PUSH_STORED, NULL, NULL,
                          &op));
    finish_and_free(op); /* on this device's disk */
    printf("kept\n");
    zks_client_free(client);
}

/* The name of the device that sent entry i. */
static const char *name_of(const zks_devices *devices, const zks_batch *batch, size_t i)
{
    const uint8_t *sender = zks_batch_senders(batch) + i * ZKS_SIZE_DEVICE_ID;
    for (size_t d = 0; d < zks_devices_count(devices); d++) {
        if (!memcmp(zks_devices_id(devices, d), sender, ZKS_SIZE_DEVICE_ID)) {
            return zks_devices_name(devices, d);
        }
    }
    return "somebody"; /* who has gone since */
}

/* One note: SEQUENCE TAB NAME TAB TEXT for the file, NAME: TEXT for the user. */
static void write_note(FILE *file, uint64_t seq, const char *name, const uint8_t *text, size_t size)
{
    fprintf(file, "%llu\t%s\t", (unsigned long long)seq, name);
    printf("%s: ", name);
    for (size_t i = 0; i < size; i++) {
        int byte = text[i] < ' ' ? ' ' : text[i];
        putc(byte, file);
        putchar(byte);
    }
    putc('\n', file);
    putchar('\n');
}

/* Begins the next notes.txt with what the present one holds; *have: its last sequence. */
static FILE *begin_notes(uint64_t *have)
{
    char line[LINE];
    int begins = 1; /* a line, which may be longer than ours */
    FILE *from = open_file("notes.txt", "r"), *to = open_file("notes.new", "w");
    *have = 0;
    while (to && from && fgets(line, sizeof line, from)) {
        *have = begins ? strtoull(line, NULL, 10) : *have;
        begins = strchr(line, '\n') != NULL;
        fputs(line, to);
    }
    if (from) {
        fclose(from);
    }
    if (!to) {
        fail("the folder cannot be written");
    }
    return to;
}

/* It takes the place of the present one, all at once. */
static void finish_notes(FILE *file)
{
    char from[LINE], to[LINE];
    snprintf(from, sizeof from, "%s/notes.new", folder);
    snprintf(to, sizeof to, "%s/notes.txt", folder);
    if (fclose(file) || rename(from, to)) {
        fail("the folder cannot be written");
    }
}

/* Puts the entries that notes.txt does not have there, and shows them; how many they were. */
static size_t keep(const zks_batch *batch, const zks_devices *devices)
{
    const uint8_t *data = zks_batch_data(batch, NULL);
    const uint64_t *offsets = zks_batch_offsets(batch), *seqs = zks_batch_seqs(batch);
    size_t count = 0;
    uint64_t have;
    FILE *file = begin_notes(&have);
    for (size_t i = 0; i < zks_batch_count(batch); i++) {
        if (seqs[i] > have) {
            write_note(file, seqs[i], name_of(devices, batch, i), data + offsets[i],
                       offsets[i + 1] - offsets[i]);
            count++;
        }
    }
    finish_notes(file);
    return count;
}

static void sync_notes(void)
{
    zks_op *op;
    zks_devices *devices;
    zks_batch *batch;
    zks_client *client = open_client(NULL, NULL);
    connect_client(client);
    check(zks_client_wait_synced(client, NULL, NULL, &op));
    finish_and_free(op);
    check(zks_devices_get(client, &devices));
    uint64_t after = zks_inbox_acked(client);
    size_t count = 0, read;
    do {
        check(zks_inbox_read(client, after, 100, 0, ZKS_READ_OWN, NULL, NULL, &op));
        finish(op, PATIENCE_MS);
        check(zks_op_take_batch(op, &batch));
        zks_op_free(op);
        read = zks_batch_count(batch);
        if (read) {
            count += keep(batch, devices);
            after = zks_batch_seqs(batch)[read - 1];
            check(zks_inbox_ack(client, after, NULL, NULL, &op)); /* they are in notes.txt */
            finish_and_free(op);
        }
        zks_batch_free(batch);
    } while (read);
    printf("%zu new\n", count);
    zks_devices_free(devices);
    zks_client_free(client);
}

static void list(void)
{
    int byte, tabs = 0;
    FILE *file = open_file("notes.txt", "r");
    while (file && (byte = getc(file)) != EOF) {
        if (byte == '\t' && ++tabs < 3) { /* SEQUENCE TAB NAME TAB TEXT */
            fputs(tabs == 2 ? ": " : "", stdout);
        } else if (tabs) {
            putchar(byte);
        }
        tabs = byte == '\n' ? 0 : tabs;
    }
    if (file) {
        fclose(file);
    }
}

static int usage(void)
{
    fputs("usage: notes FOLDER create RELAY NAME | invite | join RELAY NAME CODE | add TEXT | "
          "sync | list\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const char *command = argc > 2 ? argv[2] : "";
    int arguments = argc - 3;
    folder = argv[1];
    check(zks_runtime_new(&runtime));
    if (!strcmp(command, "create") && arguments == 2) {
        create(argv[3], argv[4]);
    } else if (!strcmp(command, "invite") && arguments == 0) {
        invite();
    } else if (!strcmp(command, "join") && arguments == 3) {
        join(argv[3], argv[4], argv[5]);
    } else if (!strcmp(command, "add") && arguments == 1) {
        add(argv[3]);
    } else if (!strcmp(command, "sync") && arguments == 0) {
        sync_notes();
    } else if (!strcmp(command, "list") && arguments == 0) {
        list();
    } else {
        return usage();
    }
    check(zks_runtime_close(runtime, PATIENCE_MS));
    zks_runtime_free(runtime);
    return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Damaged files: whatever is flipped, opening and using the store gives the bytes that were written
 * or a clear code, and never crashes. ZKS_FLIPS: how many flips (100).
 */
#include "store_work.h"

#include <fcntl.h>

enum { DONE = 60 };

static char folder[HELP_PATH];
static char path[HELP_PATH + 16], wal[HELP_PATH + 32];
static uint8_t *image, *wal_image;
static size_t image_size, wal_size;

static uint8_t *load_file(const char *name, size_t *out_size)
{
    FILE *f = fopen(name, "rb");
    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc((size_t)size + 1);
    *out_size = fread(data, 1, (size_t)size, f);
    fclose(f);
    return data;
}

static void save_file(const char *name, const uint8_t *data, size_t size)
{
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void setup(void)
{
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    snprintf(wal, sizeof wal, "%s-wal", path);
    work w = {.s = help_open(path)};
    help_ok(work_create(&w));
    while (w.done < DONE) {
        help_ok(work_do(&w));
    }
    zks__store_close(w.s);
    image = load_file(path, &image_size);
}

static void teardown(void)
{
    free(image);
    free(wal_image);
    image = wal_image = NULL;
    help_remove(folder);
}

/* The status of using the whole store; ck-fails on wrong bytes. */
static zks_status use(uint64_t *out_done)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    work w = {0};
    int wrong = 0;
    zks_status status = help_try_open(path, problem, &w.s);
    if (status == ZKS_OK) {
        status = work_load(&w, &wrong);
        ck_assert_msg(status != ZKS_OK || !wrong, "other bytes than were written");
        if (status == ZKS_OK) {
            *out_done = w.done;
            status = work_do(&w);
        }
        snprintf(problem, sizeof problem, "%s", zks__store_problem(w.s));
        zks__store_close(w.s);
    }
    if (status != ZKS_OK) {
        ck_assert_uint_gt(strlen(problem), 20);
        ck_assert_ptr_nonnull(strchr(problem, ':'));
    }
    return status;
}

static void expect_clear(zks_status status)
{
    ck_assert_msg(status == ZKS_OK || status == ZKS_E_STORE_CORRUPT ||
                      status == ZKS_E_STORE_VERSION,
                  "status %d", (int)status);
}

START_TEST(flips_in_the_file_are_found_or_harmless)
{
    const char *text = getenv("ZKS_FLIPS");
    int flips = text ? atoi(text) : 100, found = 0;
    help_random random = {unit_seed_printed("flips_in_the_file_are_found_or_harmless")};
    for (int i = 0; i < flips; i++) {
        uint64_t done = DONE;
        /* Every third one near the start, where header and schema are. */
        size_t at = (size_t)(help_next(&random) % (i % 3 ? image_size : 8192));
        uint8_t bit = (uint8_t)(1u << help_next(&random) % 8);
        image[at] ^= bit;
        save_file(path, image, image_size);
        image[at] ^= bit;
        unlink(wal);
        zks_status status = use(&done);
        expect_clear(status);
        found += status != ZKS_OK;
        ck_assert_uint_eq(done, DONE);
    }
    printf("store flips: %d, %d found, the others on unused pages\n", flips, found);
    ck_assert_int_ge(found * 2, flips);
}
END_TEST

START_TEST(pages_zeroed_or_exchanged_or_cut_are_found)
{
    help_random random = {unit_seed_printed("pages_zeroed_or_exchanged_or_cut_are_found")};
    size_t pages = image_size / ZKS_VFS_PAGE_BYTES;
    uint8_t *copy = malloc(image_size);
    int found = 0, rounds = 30;
    for (int i = 0; i < rounds; i++) {
        uint64_t done = DONE;
        size_t a = (size_t)(help_next(&random) % pages) * ZKS_VFS_PAGE_BYTES;
        size_t b = (size_t)(help_next(&random) % pages) * ZKS_VFS_PAGE_BYTES, size = image_size;
        memcpy(copy, image, image_size);
        if (i % 3 == 0) {
            memset(copy + a, 0, ZKS_VFS_PAGE_BYTES);
        } else if (i % 3 == 1) {
            memcpy(copy + a, image + b, ZKS_VFS_PAGE_BYTES);
            memcpy(copy + b, image + a, ZKS_VFS_PAGE_BYTES);
        } else {
            size = a > 0 ? a + (size_t)(help_next(&random) % ZKS_VFS_PAGE_BYTES) : 777;
        }
        save_file(path, copy, size);
        unlink(wal);
        zks_status status = use(&done);
        expect_clear(status);
        found += status != ZKS_OK;
        ck_assert_uint_eq(done, DONE);
    }
    free(copy);
    ck_assert_int_ge(found * 2, rounds);
}
END_TEST

/* A crash leaves a WAL. Damage there ends the recovery at a whole transaction. */
START_TEST(flips_in_the_wal_leave_whole_transactions)
{
    help_random random = {unit_seed_printed("flips_in_the_wal_leave_whole_transactions")};
    work w = {.s = help_open(path)};
    int wrong = 0;
    help_ok(work_load(&w, &wrong));
    free(image);
    while (w.done < DONE + 20) {
        help_ok(work_do(&w));
    }
    image = load_file(path, &image_size);
    wal_image = load_file(wal, &wal_size);
    zks__store_close(w.s);
    ck_assert_uint_gt(wal_size, 10000);
    int shorter = 0;
    for (int i = 0; i < 40; i++) {
        uint64_t done = 0;
        size_t at = (size_t)(help_next(&random) % wal_size);
        uint8_t bit = (uint8_t)(1u << help_next(&random) % 8);
        wal_image[at] ^= bit;
        save_file(path, image, image_size);
        save_file(wal, wal_image, wal_size);
        wal_image[at] ^= bit;
        zks_status status = use(&done);
        expect_clear(status);
        if (status == ZKS_OK) {
            ck_assert_uint_le(done, DONE + 20);
            shorter += done < DONE + 20;
        } else {
            shorter++;
        }
    }
    printf("store WAL flips: 40, %d found\n", shorter);
    ck_assert_int_gt(shorter, 10);
}
END_TEST

START_TEST(damage_while_open_is_a_clear_code)
{
    work w = {.s = help_open(path)};
    int wrong = 0;
    uint8_t junk[64];
    memset(junk, 0xa5, sizeof junk);
    for (size_t page = 2; page < image_size / ZKS_VFS_PAGE_BYTES; page++) {
        memcpy(image + page * ZKS_VFS_PAGE_BYTES + 1000, junk, sizeof junk);
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq((int)pwrite(fd, image, image_size, 0), (int)image_size);
    /* fd stays open: closing it would end SQLite's own locks in this process */
    zks_status status = work_load(&w, &wrong);
    ck_assert_int_eq(status, ZKS_E_STORE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(zks__store_problem(w.s), "damaged"));
    zks__store_close(w.s);
    close(fd);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 240);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, flips_in_the_file_are_found_or_harmless);
    tcase_add_test(c, pages_zeroed_or_exchanged_or_cut_are_found);
    tcase_add_test(c, flips_in_the_wal_leave_whole_transactions);
    tcase_add_test(c, damage_while_open_is_a_clear_code);
}

int main(void)
{
    return unit_main("store_corrupt", add);
}

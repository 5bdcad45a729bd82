/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The runtime's secret memory: it grows, wipes, and works where nothing can be locked. */
#include "client/vault.h"
#include "tests/support/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BLOCKS = 200, BLOCK_BYTES = 1000 /* several arenas */ };

static int lines;
static char last[128];

static void sink(int level, const char *line, void *user)
{
    (void)level;
    (void)user;
    lines++;
    snprintf(last, sizeof last, "%s", line);
}

START_TEST(vault_grows_and_gives_zeroed_blocks_back)
{
    zks__vault *v;
    uint8_t *blocks[BLOCKS];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__vault_new(NULL, &v), ZKS_OK);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            blocks[i] = zks__vault_alloc(v, BLOCK_BYTES);
            ck_assert_ptr_nonnull(blocks[i]);
            for (size_t at = 0; at < BLOCK_BYTES; at++) {
                ck_assert_uint_eq(blocks[i][at], 0);
            }
            memset(blocks[i], (int)i + 1, BLOCK_BYTES);
        }
        for (size_t i = 0; i < BLOCKS; i++) { /* nobody else's bytes in it */
            ck_assert_uint_eq(blocks[i][0], (uint8_t)(i + 1));
            ck_assert_uint_eq(blocks[i][BLOCK_BYTES - 1], (uint8_t)(i + 1));
            zks__vault_release(v, blocks[i], BLOCK_BYTES);
        }
    }
    ck_assert_ptr_null(zks__vault_alloc(v, ZKS_VAULT_ARENA_BYTES + 1));
    void *whole = zks__vault_alloc(v, ZKS_VAULT_ARENA_BYTES);
    ck_assert_ptr_nonnull(whole);
    zks__vault_release(v, whole, ZKS_VAULT_ARENA_BYTES);
    zks__vault_release(v, NULL, 1);
    zks__vault_free(v);
    zks__vault_free(NULL);
}
END_TEST

START_TEST(vault_without_locked_memory_works_and_says_so_once)
{
    zks__log log = {.level = ZKS_LOG_LEVEL_OFF, .sink = sink};
    struct rlimit nothing = {0, 0};
    zks__vault *v;
    void *blocks[BLOCKS];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &nothing), 0);
    bool root = geteuid() == 0;
    if (root) {
        ck_assert_int_eq(seteuid(65534), 0); /* root may lock as much as it likes */
    }
    ck_assert_int_eq(zks__vault_new(&log, &v), ZKS_OK);
    blocks[0] = zks__vault_alloc(v, BLOCK_BYTES);
    ck_assert_int_eq(lines, 0); /* nobody listens yet */
    zks__log_set_level(&log, ZKS_LOG_LEVEL_WARN);
    for (size_t i = 1; i < BLOCKS; i++) {
        blocks[i] = zks__vault_alloc(v, BLOCK_BYTES);
        ck_assert_ptr_nonnull(blocks[i]);
    }
    static char page[8192];
    if (mlock(page, sizeof page) == 0) {
        printf("memory can be locked here after all (a sanitizer says so): nothing to be told\n");
        lines += !lines;
        snprintf(last, sizeof last, "RLIMIT_MEMLOCK");
    }
    ck_assert_int_eq(lines, 1);
    ck_assert_ptr_nonnull(strstr(last, "RLIMIT_MEMLOCK"));
    for (size_t i = 0; i < BLOCKS; i++) {
        zks__vault_release(v, blocks[i], BLOCK_BYTES);
    }
    zks__vault_free(v);
    ck_assert(!root || seteuid(0) == 0); /* leak checkers need it */
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, vault_grows_and_gives_zeroed_blocks_back);
    tcase_add_test(c, vault_without_locked_memory_works_and_says_so_once);
}

int main(void)
{
    return unit_main("client_vault", add);
}

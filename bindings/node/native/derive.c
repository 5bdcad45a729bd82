/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * secretDeriveAsync(passphrase, salt) -> Promise of [secret, group id]: zks_secret_derive, which
 * takes up to seconds, on a thread of the environment's pool.
 */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

typedef struct derivation {
    napi_async_work work;
    napi_deferred deferred;
    zn_state *state;
    zks_status status;
    uint8_t secret[ZKS_SIZE_SECRET], group_id[ZKS_SIZE_GROUP_ID];
    size_t passphrase_length, salt_length;
    uint8_t input[]; /* passphrase, salt */
} derivation;

static void derivation_free(derivation *d)
{
    explicit_bzero(d->secret, sizeof d->secret);
    explicit_bzero(d->input, d->passphrase_length + d->salt_length);
    free(d);
}

static void execute(napi_env env, void *data)
{
    derivation *d = data;
    (void)env;
    d->status = zks_secret_derive((const char *)d->input, d->passphrase_length,
                                  d->input + d->passphrase_length, d->salt_length, d->secret,
                                  d->group_id);
}

static void complete(napi_env env, napi_status status, void *data)
{
    derivation *d = data;
    zn_call c = {.env = env, .state = d->state};
    napi_value parts[2], error = NULL;
    if (status != napi_ok) { /* the environment ends */
        d->status = ZKS_E_CANCELLED;
    }
    if (!zn_failed(&c, d->status, NULL)) {
        parts[0] = zn_from_bytes(&c, d->secret, sizeof d->secret);
        parts[1] = zn_from_bytes(&c, d->group_id, sizeof d->group_id);
        napi_resolve_deferred(env, d->deferred, zn_from_list(&c, parts, 2));
    } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
        napi_reject_deferred(env, d->deferred, error);
    }
    napi_delete_async_work(env, d->work);
    derivation_free(d);
}

napi_value zn_secret_derive_async(napi_env env, napi_callback_info info)
{
    zn_call c;
    napi_value name = NULL, promise = NULL;
    zn_begin(&c, env, info, 2);
    zn_text passphrase = zn_string(&c, 0, false);
    zn_span salt = zn_bytes(&c, 1, 0);
    derivation *d = c.failed ? NULL : calloc(1, sizeof *d + passphrase.length + salt.length);
    if (!d) {
        zn_failed(&c, ZKS_E_NOMEM, NULL);
        return zn_end(&c, NULL);
    }
    d->state = c.state;
    d->passphrase_length = passphrase.length;
    d->salt_length = salt.length;
    if (passphrase.length) {
        memcpy(d->input, passphrase.text, passphrase.length);
    }
    if (salt.length) {
        memcpy(d->input + passphrase.length, salt.bytes, salt.length);
    }
    if (napi_create_string_utf8(env, "zks derive", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_promise(env, &d->deferred, &promise) != napi_ok ||
        napi_create_async_work(env, NULL, name, execute, complete, d, &d->work) != napi_ok ||
        napi_queue_async_work(env, d->work) != napi_ok) {
        zn_failed(&c, ZKS_E_SYSTEM, NULL);
        derivation_free(d);
    }
    return zn_end(&c, promise);
}

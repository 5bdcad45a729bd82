/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the extension module has beside zks.h, as cffi reads it. glue.c says what each is for. */
zks_status zkspy_dispatch(zks_queue *queue, uint32_t capacity, void **out_users,
                          uint32_t *out_count);
void zkspy_queue_free(zks_queue *queue);
void zkspy_done(zks_op *op, void *user);
void zkspy_event(zks_client *client, const zks_event *event, void *user);
void zkspy_log(int32_t level, const char *line, void *user);

extern "Python" void zkspy_on_event(const zks_event *event, void *user);

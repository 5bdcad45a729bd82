/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Names of devices: what people see, and decide by, wherever one is given or shown. Pure.
 *
 * A name is UTF-8 (RFC 3629) with at least one character that can be seen. Refused are control
 * characters, ends of lines and paragraphs, all marks that turn the direction of writing, and
 * characters that show nothing and that no script needs within a name.
 *
 * The joiners U+200C and U+200D, variation selectors and tags show nothing either, but Persian, the
 * scripts of India and emoji are written with them: they may stand beside what is seen. A name that
 * differs from another by nothing else gives an attacker no more than the very same name would.
 */
#ifndef ZKS_BASE_NAME_H
#define ZKS_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of any length; an empty one is none. */
bool zks__name_valid(const uint8_t *name, size_t length);

#endif

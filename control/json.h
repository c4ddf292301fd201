/* SPDX-License-Identifier: Apache-2.0 */
/* Text as JSON has it (RFC 8259): for what is only ever written, so that no library is needed. */
#ifndef CONTROL_JSON_H
#define CONTROL_JSON_H

#include <stddef.h>

#include "base/buffer.h"

/* A string with its quotes. Bytes that are no UTF-8 come as U+FFFD. */
void json_add_string(struct buffer *out, const char *text, size_t length);

#endif

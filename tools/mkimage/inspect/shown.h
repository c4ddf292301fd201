/* SPDX-License-Identifier: Apache-2.0 */
/* Text of an image as a terminal may have it. */
#ifndef MKIMAGE_INSPECT_SHOWN_H
#define MKIMAGE_INSPECT_SHOWN_H

#include "base/buffer.h"

/* Whatever it says, it is one line, and steers nothing: control characters come as question marks. */
void shown_add(struct buffer *out, const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a runtime's log in the JSON form that runc's callers read. */
#ifndef OCI_LOG_LINE_H
#define OCI_LOG_LINE_H

#include "base/buffer.h"
#include "base/error.h"

struct oci_log_line {
	const char *level, *message, *time;	/* "error", ..., RFC 3339 */
};

/* Appends the object and a newline. */
int oci_log_line_write(const struct oci_log_line *line, struct buffer *out, struct error *err);

#endif

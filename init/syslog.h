/* SPDX-License-Identifier: Apache-2.0 */
/* A line as others want it: RFC 5424 ("The Syslog Protocol"), or an object of JSON. */
#ifndef INIT_SYSLOG_H
#define INIT_SYSLOG_H

#include "base/buffer.h"
#include "init/logring.h"

/* Where a line comes from. */
struct syslog_origin {
	const char *hostname;
	const char *name;		/* of the service */
};

/*
 * `<14>1 2026-11-25T22:48:51.123456Z HOST NAME - STREAM - TEXT`. Names are cut and cleaned as section 6 asks. The text is
 * as it was written.
 */
void syslog_rfc5424(struct buffer *out, const struct syslog_origin *origin, const struct log_line *line);

/* {"time":...,"host":...,"service":...,"stream":...,"priority":...,"sequence":...,"text":...} on one line, without its end. */
void syslog_json(struct buffer *out, const struct syslog_origin *origin, const struct log_line *line);

/* RFC 6587, 3.4.1: the length in octets and a space in front. */
void syslog_count_octets(struct buffer *out, const struct buffer *message);

#endif

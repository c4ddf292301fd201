/* SPDX-License-Identifier: Apache-2.0 */
#include "init/syslog.h"

#include <string.h>

#include "control/json.h"
#include "control/render.h"

#define HOSTNAME_MAX 255		/* section 6: what a receiver has to take */
#define APP_NAME_MAX 48
#define FACILITY_KERNEL 0u
#define FACILITY_DAEMON 3u

/* Printable ASCII without spaces; "-" is nothing. */
static void add_name(struct buffer *out, const char *name, size_t max)
{
	size_t length = strlen(name) < max ? strlen(name) : max;

	for (size_t i = 0; i < length; i++)
		buffer_add(out, name[i] > 0x20 && name[i] < 0x7f ? &name[i] : "?", 1);
	if (length == 0)
		buffer_add_string(out, "-");
}

void syslog_rfc5424(struct buffer *out, const struct syslog_origin *origin, const struct log_line *line)
{
	unsigned int facility = line->stream == LOG_KERNEL && strcmp(origin->name, "kernel") == 0 ? FACILITY_KERNEL : FACILITY_DAEMON;
	char at[RENDER_TIME_MAX];

	render_time(line->realtime_us, at);
	buffer_printf(out, "<%u>1 %s ", facility * 8 + line->priority, at);
	add_name(out, origin->hostname, HOSTNAME_MAX);
	buffer_add_string(out, " ");
	add_name(out, origin->name, APP_NAME_MAX);
	buffer_printf(out, " - %s - ", log_stream_names[line->stream]);
	buffer_add(out, line->text, line->length);
}

static void add_string(struct buffer *out, const char *key, const char *value, size_t length)
{
	buffer_printf(out, "\"%s\":", key);
	json_add_string(out, value, length);
	buffer_add_string(out, ",");
}

void syslog_json(struct buffer *out, const struct syslog_origin *origin, const struct log_line *line)
{
	const char *stream = log_stream_names[line->stream];
	char at[RENDER_TIME_MAX];

	render_time(line->realtime_us, at);
	buffer_add_string(out, "{");
	add_string(out, "time", at, strlen(at));
	add_string(out, "host", origin->hostname, strlen(origin->hostname));
	add_string(out, "service", origin->name, strlen(origin->name));
	add_string(out, "stream", stream, strlen(stream));
	buffer_printf(out, "\"priority\":%u,\"sequence\":%llu,", line->priority, (unsigned long long)line->sequence);
	if (line->partial)
		buffer_add_string(out, "\"partial\":true,");
	buffer_add_string(out, "\"text\":");
	json_add_string(out, line->text, line->length);
	buffer_add_string(out, "}");
}

void syslog_count_octets(struct buffer *out, const struct buffer *message)
{
	buffer_printf(out, "%zu ", message->length);
	buffer_add(out, buffer_string(message), message->length);
}

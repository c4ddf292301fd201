/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/stats.h"

#include <string.h>

#include "oci/json.h"

#define ROW(key, member) JSON_ROW(key, struct oci_stats, member, JSON_ALWAYS)
#define TYPE(name, ...) \
	static const struct json_field name##_fields[] = { __VA_ARGS__ }; \
	static const struct json_type name##_type = JSON_TYPE(struct oci_stats, name##_fields)

TYPE(cpu_usage, ROW("total", cpu_total), ROW("kernel", cpu_kernel), ROW("user", cpu_user));
TYPE(cpu, JSON_ROW_INLINE("usage", &cpu_usage_type, JSON_ALWAYS));
TYPE(memory_usage, ROW("limit", memory_limit), ROW("usage", memory_usage), ROW("max", memory_max),
	ROW("failcnt", memory_failures));
TYPE(memory, JSON_ROW_INLINE("usage", &memory_usage_type, JSON_ALWAYS));
TYPE(pids, ROW("current", pids_current), ROW("limit", pids_limit));
TYPE(stats, JSON_ROW_INLINE("cpu", &cpu_type, JSON_ALWAYS), JSON_ROW_INLINE("memory", &memory_type, JSON_ALWAYS),
	JSON_ROW_INLINE("pids", &pids_type, JSON_ALWAYS));

static const struct json_field event_fields[] = {
	JSON_ROW("type", struct oci_event, type, JSON_REQUIRED),
	JSON_ROW("id", struct oci_event, id, JSON_REQUIRED),
	JSON_ROW_OBJECT("data", struct oci_event, stats, &stats_type, JSON_ALWAYS),
};
static const struct json_type event_type = JSON_TYPE(struct oci_event, event_fields);
/* Without numbers. */
static const struct json_type plain_type = { .fields = event_fields, .count = 2, .size = sizeof(struct oci_event),
					     .item = JSON_KIND_OBJECT };

int oci_event_write(const struct oci_event *event, struct buffer *out, struct error *err)
{
	const struct json_field document = {
		.kind = JSON_KIND_OBJECT, .type = strcmp(event->type, "stats") == 0 ? &event_type : &plain_type,
	};

	if (json_write(&document, event, false, out, err) < 0)
		return -1;
	if (out->length == 0 || out->data[out->length - 1] != '\n')
		buffer_add_string(out, "\n");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `log:` of a container and `logging:` of the machine, and the values that only they have. */
#include "tools/mkimage/manifest/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/option.h"

#define SYSLOG_PORT 514u

/* ------------------------------------------------------------ values */

bool manifest_syslog(const char *text, struct arena *arena, struct manifest_syslog_target *target)
{
	const char *host, *end;
	char *rest;
	unsigned long port = SYSLOG_PORT;

	if (strncmp(text, "udp://", 6) != 0 && strncmp(text, "tcp://", 6) != 0)
		return false;
	host = text + 6;
	/* An address of IPv6 has colons of its own, and stands in brackets. */
	end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":/ \t");
	if (!end || end == host || end - host > 253)
		return false;
	target->tcp = text[0] == 't';
	target->host = *host == '[' ? arena_strndup(arena, host + 1, (size_t)(end - host - 1)) :
				      arena_strndup(arena, host, (size_t)(end - host));
	if (*end == ']')
		end++;
	if (*end == ':') {
		port = strtoul(end + 1, &rest, 10);
		if (end[1] < '0' || end[1] > '9' || *rest || port == 0 || port > 65535)
			return false;
	} else if (*end) {
		return false;
	}
	target->port = (unsigned int)port;
	return true;
}

const char *value_syslog(const char *value, struct arena *arena)
{
	struct manifest_syslog_target target;

	if (manifest_syslog(value, arena, &target))
		return NULL;
	return arena_printf(arena, "expected 'udp://HOST:514' or 'tcp://HOST:514', got '%s'", text_shown(value, arena));
}

static const char *size_within(const char *value, uint64_t least, uint64_t most, const char *range, struct arena *arena)
{
	uint64_t bytes;

	if (manifest_size(value, &bytes) && bytes >= least && bytes <= most)
		return NULL;
	return arena_printf(arena, "expected a size %s, got '%s'", range, text_shown(value, arena));
}

const char *value_log_memory(const char *value, struct arena *arena)
{
	return size_within(value, 16u << 10, 64u << 20, "from '16K' to '64M'", arena);
}

const char *value_log_file(const char *value, struct arena *arena)
{
	return size_within(value, 16u << 10, 4ull << 30, "from '16K' to '4G'", arena);
}

/* ------------------------------------------------------------ tables */

static const struct field file_fields[] = {
	KEY(_log_file, "size", STRING, size, REQUIRED, CHECK(log_file)),
	KEY(_log_file, "count", INT, count, RANGE(1, 100)),
	KEY(_log_file, "sync", STRING, sync, CHECK(log_sync)),
};
static const struct schema file = SCHEMA(_log_file, FIELD_NOWHERE, offsetof(struct manifest_log_file, set), file_fields);

#define LOG_KEYS(type, at)                                                                                   \
	KEY(type, "console", BOOL, at console), KEY(type, "memory", STRING, at memory, CHECK(log_memory)),   \
	KEY(type, "policy", STRING, at policy, CHECK(log_policy)), KEY(type, "kmsg", BOOL, at kmsg),         \
	NESTED("file", offsetof(struct manifest##type, at file), &file)

static const struct field log_fields[] = { LOG_KEYS(_log, ) };
const struct schema schema_log = BARE(_log, log_fields);

static const struct field remote_fields[] = {
	KEY(_log_remote, "syslog", STRING, syslog, REQUIRED, CHECK(syslog)),
	KEY(_log_remote, "format", STRING, format, CHECK(log_format)),
};
static const struct schema remote = PLACED(_log_remote, remote_fields);

static const struct field logging_fields[] = {
	LOG_KEYS(_logging, defaults.),
	LIST(_logging, "remotes", remotes, &remote),
};
const struct schema schema_logging = BARE(_logging, logging_fields);

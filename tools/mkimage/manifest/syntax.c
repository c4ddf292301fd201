/* SPDX-License-Identifier: Apache-2.0 */
/* Values with parts: binds, limits, durations, signals. */
#include "tools/mkimage/manifest/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "base/signals.h"
#include "tools/mkimage/manifest/node.h"

#define RESTARTS_MAX 1000000ul

/* For the nearest; signal_number() knows them. */
static const char *const signals[] = {
	"SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",  "SIGFPE",
	"SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT",
	"SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",  "SIGXCPU",
	"SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",  NULL,
};

/* capabilities(7), up to Linux 5.9; there were no new ones since. */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
	NULL,
};

/* setrlimit(2), without the prefix RLIMIT_. */
static const char *const rlimits[] = {
	"CPU", "FSIZE", "DATA",       "STACK",    "CORE", "RSS",    "NPROC",  "NOFILE", "MEMLOCK",
	"AS",  "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME", NULL,
};

static bool is_in(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, value) == 0)
			return true;
	return false;
}

/* The entry that the word means in other case or without its prefix, or that is near to it; NULL where none is. */
static const char *meant(const char *value, const char *prefix, const char *const *list, struct arena *arena)
{
	bool prefixed = strncasecmp(value, prefix, strlen(prefix)) == 0;
	char *full = arena_printf(arena, "%s%s", prefixed ? "" : prefix, value);

	for (char *p = full; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (is_in(full, list))
		return full;
	/* Without its prefix a short word is near to everything. */
	return prefixed ? option_nearest(full, list) : NULL;
}

/* The text cut at each `separator`; the count of parts, of which the first `max` are kept. */
static size_t split(const char *value, char separator, char **parts, size_t max, struct arena *arena)
{
	size_t count = 0;

	for (const char *end; value; value = end ? end + 1 : NULL) {
		end = strchr(value, separator);
		if (count < max)
			parts[count] =
				arena_strndup(arena, value, end ? (size_t)(end - value) : strlen(value));
		count++;
	}
	return count;
}

static bool has_empty_option(const char *options)
{
	size_t n = strlen(options);

	return n == 0 || options[0] == ',' || options[n - 1] == ',' || strstr(options, ",,");
}

const char *value_bind(const char *value, struct arena *arena)
{
	char *parts[3] = { NULL };
	size_t count = split(value, ':', parts, ARRAY_SIZE(parts), arena);
	const char *problem, *shown = text_shown(value, arena);

	if (count < 2 || count > 3 || *parts[0] == '\0' || *parts[1] == '\0')
		return arena_printf(arena, "expected 'source:destination[:options]', got '%s'", shown);
	problem = value_absolute(parts[1], arena);
	if (problem)
		return arena_printf(arena, "the destination of '%s': %s", shown, problem);
	if (*parts[0] != '/' && strchr(parts[0], '/'))
		return arena_printf(arena,
				    "the source of '%s': expected an absolute path or the name of a volume",
				    shown);
	if (count == 3 && has_empty_option(parts[2]))
		return arena_printf(arena, "the options of '%s': one is empty; remove the ',' or the ':'",
				    shown);
	return NULL;
}

const char *value_tmpfs(const char *value, struct arena *arena)
{
	char *parts[2] = { NULL };
	size_t count = split(value, ':', parts, ARRAY_SIZE(parts), arena);
	const char *shown = text_shown(value, arena);

	if (count > 2 || *parts[0] != '/')
		return arena_printf(arena, "expected '/destination[:options]', got '%s'", shown);
	if (count == 2 && has_empty_option(parts[1]))
		return arena_printf(arena, "the options of '%s': one is empty; remove the ',' or the ':'",
				    shown);
	return value_absolute(parts[0], arena);
}

const char *value_env(const char *value, struct arena *arena)
{
	if (*value == '=' || !strchr(value, '='))
		return arena_printf(arena, "expected 'NAME=value', got '%s'", text_shown(value, arena));
	return NULL;
}

const char *value_mode(const char *value, struct arena *arena)
{
	size_t n = strlen(value);

	if (n == 0 || n > 5 || value[strspn(value, "01234567")] != '\0' || strtoul(value, NULL, 8) > 07777)
		return arena_printf(arena, "expected an octal mode such as '0644', got '%s'",
				    text_shown(value, arena));
	return NULL;
}

/* A number and a unit, in milliseconds. */
static bool read_time(const char *text, unsigned long long least, unsigned long long most, unsigned int *milliseconds)
{
	static const struct {
		const char *name;
		unsigned int milliseconds;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	size_t digits = strspn(text, "0123456789");
	unsigned long long count, total;

	if (digits == 0 || digits > 9)
		return false;
	count = strtoull(text, NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		total = count * units[i].milliseconds;
		if (strcmp(text + digits, units[i].name) == 0 && total >= least && total <= most) {
			*milliseconds = (unsigned int)total;
			return true;
		}
	}
	return false;
}

bool manifest_duration(const char *text, unsigned int *milliseconds)
{
	return read_time(text, 0, MANIFEST_DURATION_MAX, milliseconds);
}

bool manifest_period(const char *text, unsigned int *milliseconds)
{
	return read_time(text, MANIFEST_PERIOD_MIN, MANIFEST_PERIOD_MAX, milliseconds);
}

const char *value_duration(const char *value, struct arena *arena)
{
	unsigned int ignored;

	if (manifest_duration(value, &ignored))
		return NULL;
	return arena_printf(arena, "expected a time of at most one hour such as '10s' or '500ms', got '%s'",
			    text_shown(value, arena));
}

const char *value_seconds(const char *value, struct arena *arena)
{
	unsigned int milliseconds;

	if (manifest_duration(value, &milliseconds) && milliseconds > 0 && milliseconds % 1000 == 0)
		return NULL;
	return arena_printf(arena, "expected a time from '1s' to '1h' in whole seconds, got '%s'",
			    text_shown(value, arena));
}

const char *value_rtc(const char *value, struct arena *arena)
{
	bool offset = (value[0] == '+' || value[0] == '-') && strlen(value) == 6 && value[3] == ':' &&
		      strspn(value + 1, "0123456789") == 2 && strspn(value + 4, "0123456789") == 2;

	if (strcmp(value, "utc") == 0 || (offset && strncmp(value + 1, "15", 2) < 0 && value[4] < '6'))
		return NULL;
	return arena_printf(arena, "expected 'utc', or how far it is ahead of UTC, such as '+01:00', got '%s'",
			    text_shown(value, arena));
}

const char *value_restart(const char *value, struct arena *arena)
{
	static const char *const words[] = { "always", "on-failure", "never", NULL };
	const char *shown = text_shown(value, arena), *nearest;
	size_t digits = strspn(value, "0123456789");

	if (is_in(value, words))
		return NULL;
	if (digits > 0 && value[digits] == '\0') {
		if (digits < 9 && strtoul(value, NULL, 10) >= 1 && strtoul(value, NULL, 10) <= RESTARTS_MAX)
			return NULL;
		return arena_printf(arena, "expected a number of restarts from 1 to %lu, got '%s'",
				    RESTARTS_MAX, shown);
	}
	nearest = option_nearest(value, words);
	if (nearest)
		return arena_printf(arena, "unknown value '%s'; did you mean '%s'?", shown, nearest);
	return arena_printf(
		arena, "expected 'always', 'on-failure', 'never' or a number of restarts, got '%s'", shown);
}

/* A descriptor's number behind the colon; none is s6's own. */
static const char *ready_fd(const char *argument, struct arena *arena, struct manifest_readiness *out)
{
	size_t digits = argument ? strspn(argument, "0123456789") : 0;

	out->fd = argument ? (unsigned int)strtoul(argument, NULL, 10) : 3;
	if (!argument || (digits > 0 && digits < 4 && !argument[digits] && out->fd >= 3 && out->fd <= MANIFEST_READY_FD_MAX))
		return NULL;
	return arena_printf(arena, "expected 'fd:' and a descriptor from 3 to %u, got 'fd:%s'", MANIFEST_READY_FD_MAX,
			    text_shown(argument, arena));
}

static const char *ready_alone(const char *argument, struct arena *arena, struct manifest_readiness *out)
{
	static const char *const words[] = {
		[MANIFEST_READY_EXEC] = "exec", [MANIFEST_READY_NOTIFY] = "notify", [MANIFEST_READY_HEALTH] = "health",
	};

	if (!argument)
		return NULL;
	return arena_printf(arena, "'%s' stands alone, got '%s:%s'", words[out->kind], words[out->kind],
			    text_shown(argument, arena));
}

/* One row a way to tell; what stands behind a colon is its argument. */
static const struct ready_way {
	const char *name;
	enum manifest_ready kind;
	const char *(*read)(const char *argument, struct arena *arena, struct manifest_readiness *out);
} ready_ways[] = {
	{ "exec", MANIFEST_READY_EXEC, ready_alone },
	{ "fd", MANIFEST_READY_FD, ready_fd },
	{ "notify", MANIFEST_READY_NOTIFY, ready_alone },
	{ "health", MANIFEST_READY_HEALTH, ready_alone },
};

const char *manifest_readiness(const char *text, struct arena *arena, struct manifest_readiness *readiness)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	const char *problem;

	for (size_t i = 0; i < ARRAY_SIZE(ready_ways); i++) {
		const struct ready_way *way = &ready_ways[i];
		struct manifest_readiness out = { .kind = way->kind };

		if (strlen(way->name) != length || strncmp(text, way->name, length) != 0)
			continue;
		problem = way->read(colon ? colon + 1 : NULL, arena, &out);
		if (!problem)
			*readiness = out;
		return problem;
	}
	return arena_printf(arena, "expected 'exec', 'fd', 'fd:NUMBER', 'notify', 'health' or a mapping with 'exec', 'tcp' or 'http', "
			    "got '%s'", text_shown(text, arena));
}

const char *value_ready(const char *value, struct arena *arena)
{
	struct manifest_readiness ignored;

	return manifest_readiness(value, arena, &ignored);
}

const char *value_signal(const char *value, struct arena *arena)
{
	const char *shown = text_shown(value, arena), *nearest;

	if (signal_number(value) > 0)
		return NULL;
	nearest = meant(value, "SIG", signals, arena);
	if (nearest)
		return arena_printf(arena, "unknown signal '%s'; did you mean '%s'?", shown, nearest);
	return arena_printf(arena, "unknown signal '%s'; expected a name such as 'SIGTERM'", shown);
}

bool value_is_all_or_none(const char *value)
{
	return strcasecmp(value, "all") == 0 || strcasecmp(value, "none") == 0;
}

const char *value_capability(const char *value, struct arena *arena)
{
	const char *shown = text_shown(value, arena), *nearest;

	if (is_in(value, capabilities) || value_is_all_or_none(value))
		return NULL;
	nearest = meant(value, "CAP_", capabilities, arena);
	if (nearest)
		return arena_printf(arena, "unknown capability '%s'; did you mean '%s'?", shown, nearest);
	return arena_printf(arena, "unknown capability '%s'; expected a name such as 'CAP_NET_ADMIN'", shown);
}

static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	for (n = strlen(text); n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'); n--)
		text[n - 1] = '\0';
	return text;
}

static bool parse_limit(const char *text, uint64_t *limit)
{
	char *end;

	*limit = UINT64_MAX;
	if (strcasecmp(text, "unlimited") == 0)
		return true;
	errno = 0;
	*limit = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && *end == '\0' && errno == 0;
}

const char *value_rlimit(const char *value, struct arena *arena)
{
	char *parts[3] = { NULL };
	const char *shown = text_shown(value, arena), *name, *nearest;
	uint64_t soft, hard;

	if (split(value, ',', parts, ARRAY_SIZE(parts), arena) != 3)
		return arena_printf(arena, "expected 'name,soft,hard' such as 'nofile,1024,4096', got '%s'",
				    shown);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = trim(parts[i]);
	name = strncasecmp(parts[0], "RLIMIT_", 7) == 0 ? parts[0] + 7 : parts[0];
	nearest = meant(name, "", rlimits, arena);
	if (!nearest)
		return arena_printf(arena, "unknown limit '%s'; expected a name such as 'nofile'",
				    text_shown(name, arena));
	if (strcasecmp(nearest, name) != 0)
		return arena_printf(arena, "unknown limit '%s'; did you mean '%s'?", text_shown(name, arena),
				    nearest);
	if (!parse_limit(parts[1], &soft) || !parse_limit(parts[2], &hard))
		return arena_printf(arena, "expected numbers or 'unlimited' behind the name, got '%s'",
				    shown);
	if (soft > hard)
		return arena_printf(arena, "the soft limit of '%s' is above the hard one; swap them", shown);
	return NULL;
}

const char *value_platform(const char *value, struct arena *arena)
{
	char *parts[3] = { NULL };
	size_t count = split(value, '/', parts, ARRAY_SIZE(parts), arena);

	if (count < 2 || count > 3 || *parts[0] == '\0' || *parts[1] == '\0')
		return arena_printf(arena, "expected 'os/architecture' such as 'linux/amd64', got '%s'",
				    text_shown(value, arena));
	return NULL;
}

const char *value_cpuset(const char *value, struct arena *arena)
{
	const char *p = value;
	size_t digits;

	for (;;) {
		digits = strspn(p, "0123456789");
		if (digits == 0 || digits > 5)
			break;
		p += digits;
		if (*p == '\0')
			return NULL;
		if (*p != ',' && *p != '-')
			break;
		p++;
	}
	return arena_printf(arena, "expected a list such as '0-3,7', got '%s'", text_shown(value, arena));
}

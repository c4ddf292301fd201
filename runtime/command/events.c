/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "oci/stats.h"
#include "runtime/linux/cgroup_oom.h"
#include "runtime/linux/cgroup_stats.h"

#define INTERVAL_DEFAULT_MS 5000

struct values {
	const char *interval;
	bool stats;
};

static const struct option options[] = {
	{ OPTION_STRING, 0, "interval", "TIME", "how often: 500ms, 5s (default), 1m", offsetof(struct values, interval) },
	{ OPTION_FLAG, 0, "stats", NULL, "once, and no more", offsetof(struct values, stats) },
	OPTION_TABLE_END,
};

static int read_interval(const char *text, int *milliseconds, struct error *err)
{
	static const struct {
		const char *unit;
		long scale;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	char *end;
	long n = strtol(text, &end, 10);

	for (size_t i = 0; end != text && i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) != 0 || n <= 0 || n > INT32_MAX / units[i].scale)
			continue;
		*milliseconds = (int)(n * units[i].scale);
		return 0;
	}
	return error_set(err, "option '--interval': expected a time such as 5s, got '%s'", text);
}

static int tell(const struct container *container, const char *type, struct error *err)
{
	struct oci_event event = { .type = type, .id = container->state.id };
	autobuffer struct buffer text = { 0 };

	if (strcmp(type, "stats") == 0)
		cgroup_stats(&container->cgroup, &event.stats);
	if (oci_event_write(&event, &text, err) < 0)
		return -1;
	return file_write_all(STDOUT_FILENO, text.data, text.length, "standard output", err);
}

static int milliseconds_until(const struct timespec *end)
{
	struct timespec now;
	long long left;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	left = (end->tv_sec - now.tv_sec) * 1000LL + (end->tv_nsec - now.tv_nsec + 999999) / 1000000;
	return left < 0 ? 0 : (int)left;
}

static void set_next(struct timespec *next, int milliseconds)
{
	(void)clock_gettime(CLOCK_MONOTONIC, next);
	next->tv_sec += milliseconds / 1000;
	next->tv_nsec += milliseconds % 1000 * 1000000L;
}

/* Until the container ends: its use at each interval, and each time it ran out of memory, at once. */
static int follow(const struct container *container, int milliseconds, struct error *err)
{
	autoclose int pidfd = container_pidfd(container), oom = -1;
	uint64_t kills = cgroup_oom_kills(&container->cgroup);
	struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .events = POLLIN } };
	struct timespec next;

	if (cgroup_oom_open(&container->cgroup, &oom, err) < 0)
		return -1;
	p[1].fd = oom;
	set_next(&next, milliseconds);
	while (pidfd >= 0) {
		p[0].revents = 0;
		if (poll(p, ARRAY_SIZE(p), milliseconds_until(&next)) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for events");
		for (unsigned int n = cgroup_oom_count(&container->cgroup, oom, &kills); n > 0; n--)
			if (tell(container, "oom", err) < 0)
				return -1;
		if (p[0].revents)
			return 0;
		if (milliseconds_until(&next) > 0)
			continue;
		if (tell(container, "stats", err) < 0)
			return -1;
		set_next(&next, milliseconds);
	}
	return 0;
}

static int show(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	const char *id = operands->items[0];
	struct container container = { 0 };
	int milliseconds = INTERVAL_DEFAULT_MS, r = -1;

	if (values->interval && read_interval(values->interval, &milliseconds, err) < 0)
		return -1;
	if (container_load(runtime_globals.root, id, arena, &container, err) == 0) {
		if (container_status(&container) == CONTAINER_STOPPED)
			r = error_set(err, "container with id %s is not running", id);
		else
			r = values->stats ? tell(&container, "stats", err) : follow(&container, milliseconds, err);
	}
	return r;
}

const struct command command_events = {
	.words = { "events", "CONTAINER", "show what a container uses, and when it runs out of memory", options, 1, 1, false, NULL },
	.values_size = sizeof(struct values), .act = show,
};

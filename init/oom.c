/* SPDX-License-Identifier: Apache-2.0 */
#include "init/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/sequence.h"
#include "init/settings.h"

#define PAUSE 1000			/* milliseconds in which news that were none are not listened for */

/*
 * The kernel tells of changes of memory.events by inotify, and not only of those that matter here: a service at its
 * memory_high makes some all the time. After such news it is not listened on for a while.
 */
static struct {
	struct machine *machine;
	struct loop_source events;
	struct loop_timer again;
} oom = { .events.fd = -1 };

static void path_of(const struct service *s, char *path, size_t size)
{
	(void)snprintf(path, size, SETTINGS_CGROUP_ROOT "/%s/memory.events", s->plan->cgroup);
}

unsigned int oom_kills_of(const char *text)
{
	static const char key[] = "oom_kill ";
	const char *line = text;

	while (line && strncmp(line, key, sizeof(key) - 1) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? (unsigned int)strtoul(line + sizeof(key) - 1, NULL, 10) : 0;
}

static unsigned int read_kills(const struct service *s)
{
	char path[600], text[512];
	autoclose int fd = -1;
	ssize_t n;

	path_of(s, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	/* A kernel without the memory controller, or a cgroup that is gone. */
	if (n < 0 && errno != ENOENT && errno != ENODEV)
		log_warning("'%s': cannot see whether it was out of memory: %s", s->plan->name, strerror(errno));
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? oom_kills_of(text) : s->oom_told;
}

/* True where there were some. */
static bool count(struct service *s)
{
	unsigned int kills = read_kills(s), more = kills - s->oom_told;

	/* A cgroup that was made anew begins at 0. */
	if (kills < s->oom_told)
		more = kills;
	s->oom_told = kills;
	if (more == 0)
		return false;
	s->oom_kills += more;
	log_warning("service '%s': out of memory: %u of its processes killed, %u in all", s->plan->name, more, s->oom_kills);
	if (s->plan->oom == PLAN_OOM_REBOOT && oom.machine)
		sequence_shutdown(oom.machine, END_REBOOT, 1, "a service is out of memory");
	return true;
}

void oom_look(struct service *service)
{
	(void)count(service);
}

void oom_watch(struct service *s)
{
	char path[600];

	/* Where the kernel has no memory controller there is nothing to hear. */
	path_of(s, path, sizeof(path));
	s->oom_wd = oom.events.fd < 0 ? -1 : inotify_add_watch(oom.events.fd, path, IN_MODIFY);
	if (s->oom_wd < 0 && oom.events.fd >= 0 && errno != ENOENT)
		log_warning("'%s': it is not heard when it is out of memory: %s", s->plan->name, strerror(errno));
}

static void on_news(struct service *s)
{
	if (count(s))
		return;
	(void)inotify_rm_watch(oom.events.fd, s->oom_wd);
	s->oom_wd = -1;
	s->oom_paused = true;
	if (oom.again.deadline == 0)
		oom.again.deadline = loop_now() + PAUSE;
}

static void on_events(struct machine *machine, struct loop_source *source)
{
	_Alignas(struct inotify_event) char events[1024];
	ssize_t n;

	while ((n = read(source->fd, events, sizeof(events))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(events + at);

			for (size_t i = 0; i < machine->plan.containers_count; i++)
				if ((event->mask & IN_MODIFY) && machine->services[i].oom_wd == event->wd)
					on_news(&machine->services[i]);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		log_warning("cannot read which service is out of memory: %s", strerror(errno));
}

static void on_again(struct machine *machine, struct loop_timer *timer)
{
	(void)timer;
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		struct service *s = &machine->services[i];

		if (!s->oom_paused)
			continue;
		s->oom_paused = false;
		oom_watch(s);
		(void)count(s);
	}
}

int oom_open(struct machine *machine, struct error *err)
{
	oom.machine = machine;
	oom.again.due = on_again;
	loop_add_timer(machine, &oom.again);
	oom.events = (struct loop_source){ inotify_init1(IN_CLOEXEC | IN_NONBLOCK), on_events };
	if (oom.events.fd < 0)
		return error_errno(err, "cannot listen for processes that are killed for want of memory");
	return loop_watch(machine, &oom.events, EPOLLIN, err);
}

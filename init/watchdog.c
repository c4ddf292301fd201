/* SPDX-License-Identifier: Apache-2.0 */
#include "init/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/service.h"
#include "init/uevents.h"

#define DEVICE_WAIT 5u			/* seconds for its driver to come up */

static struct {
	int fd;
	int64_t interval;		/* milliseconds */
	struct loop_timer timer;
	bool withheld;			/* the machine is not healthy, and that was said */
} watchdog = { .fd = -1 };

/* Where a machine goes on without what is critical, or a person looks at it, that is no reason to reset it. */
static const struct service *find_sick(const struct machine *machine)
{
	const char *policy = machine->plan.machine.on_failure;

	if (policy && (strcmp(policy, "continue") == 0 || strcmp(policy, "shell") == 0))
		return NULL;
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		const struct service *s = &machine->services[i];

		if (s->plan->critical && (s->state == SERVICE_FAILED || s->health == HEALTH_BAD))
			return s;
	}
	return NULL;
}

/* The timeout that the device really has: it may know only some. */
static int set_timeout(unsigned int seconds, int *real, struct error *err)
{
	int value = (int)seconds;

	if (ioctl(watchdog.fd, WDIOC_SETTIMEOUT, &value) < 0 && errno != EOPNOTSUPP && errno != ENOTTY)
		return error_errno(err, "it does not take a timeout of %u s", seconds);
	if (ioctl(watchdog.fd, WDIOC_GETTIMEOUT, &value) < 0 || value <= 0)
		value = (int)seconds;
	*real = value;
	return 0;
}

static void feed(void)
{
	if (watchdog.fd >= 0 && ioctl(watchdog.fd, WDIOC_KEEPALIVE, 0) < 0)
		log_warning("watchdog: %s", strerror(errno));
}

static void on_time(struct machine *machine, struct loop_timer *timer)
{
	const struct service *sick = find_sick(machine);

	timer->deadline = loop_now() + watchdog.interval;
	if (sick && !watchdog.withheld)
		log_error("watchdog: '%s' has failed or is unhealthy: no sign of life is given", sick->plan->name);
	watchdog.withheld = sick != NULL;
	if (!sick)
		feed();
}

int watchdog_open(struct machine *machine, struct error *err)
{
	const struct plan_machine *m = &machine->plan.machine;
	int seconds;

	if (!m->watchdog)
		return 0;
	if (uevents_wait_for(machine->uevents.fd, m->watchdog, DEVICE_WAIT, err) < 0)
		return error_context(err, "is its driver in 'kernel.modules'?");
	watchdog.fd = open(m->watchdog, O_WRONLY | O_CLOEXEC);
	if (watchdog.fd < 0)
		return error_errno(err, "cannot open '%s'", m->watchdog);
	if (set_timeout(m->watchdog_timeout, &seconds, err) < 0)
		return error_context(err, "'%s'", m->watchdog);
	feed();
	watchdog.interval = (int64_t)seconds * 1000 / 2;
	watchdog.timer.due = on_time;
	watchdog.timer.deadline = loop_now() + watchdog.interval;
	loop_add_timer(machine, &watchdog.timer);
	log_info("watchdog: '%s' resets the machine after %d s without a sign of life", m->watchdog, seconds);
	return 0;
}

void watchdog_shutdown(struct machine *machine)
{
	struct error err = { 0 };
	int seconds;

	if (watchdog.fd < 0)
		return;
	/* One that cannot wait for so long is fed on while the loop runs. */
	if (set_timeout(machine->plan.machine.watchdog_shutdown, &seconds, &err) == 0)
		watchdog.timer.deadline = 0;
	else
		log_warning("watchdog: %s", err.message);
	feed();
}

void watchdog_close(void)
{
	/* The magic close: without that letter it would go on counting. */
	if (watchdog.fd >= 0 && write(watchdog.fd, "V", 1) < 0)
		log_warning("watchdog: %s", strerror(errno));
	fd_replace(&watchdog.fd, -1);
}

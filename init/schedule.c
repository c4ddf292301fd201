/* SPDX-License-Identifier: Apache-2.0 */
#include "init/schedule.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cron.h"
#include "base/log.h"
#include "init/order.h"
#include "init/service.h"

struct job {
	struct service *service;
	struct loop_timer timer;	/* of `every` */
	struct cron cron;
	int64_t next;			/* of `cron`: seconds since 1970; 0 where it is `every` */
};

static struct {
	struct loop_source wall;	/* CLOCK_REALTIME: also tells when that is set */
	struct job *jobs;
	size_t count;
} schedule = { .wall.fd = -1 };

static void miss(struct service *s, const char *why)
{
	s->missed++;
	log_warning("service '%s': a run is left out: %s", s->plan->name, why);
}

/* DONE and FAILED: it was stopped, and is started again by who stopped it. */
static void run(struct service *s)
{
	if (s->state == SERVICE_DONE || s->state == SERVICE_FAILED)
		return;
	if (s->state != SERVICE_WAITING)
		miss(s, "the last one has not ended");
	else if (!order_may_start(s))
		miss(s, "what it comes after is not ready");
	else
		service_event(s, SERVICE_START);
}

static void on_interval(struct machine *machine, struct loop_timer *timer)
{
	struct job *job = CONTAINER_OF(timer, struct job, timer);

	(void)machine;
	timer->deadline = loop_now() + job->service->plan->every;
	run(job->service);
}

/* ------------------------------------------------------------ the clock on the wall */

static int64_t wall_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

/* One timer for all: to the nearest; the kernel cancels it when somebody sets the clock. */
static void arm(void)
{
	struct itimerspec when = { 0 };

	for (size_t i = 0; i < schedule.count; i++) {
		int64_t next = schedule.jobs[i].next;

		if (next != 0 && next != INT64_MAX && (when.it_value.tv_sec == 0 || next < when.it_value.tv_sec))
			when.it_value.tv_sec = next;
	}
	if (schedule.wall.fd >= 0)
		(void)timerfd_settime(schedule.wall.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

/* What the clock was set past does not come any more; what it was set back before comes again. */
static void clock_was_set(void)
{
	int64_t now = wall_now();

	log_info("the clock was set: times are counted anew");
	for (size_t i = 0; i < schedule.count; i++) {
		struct job *job = &schedule.jobs[i];

		if (job->next == 0)
			continue;
		if (job->next <= now && job->service->state != SERVICE_DONE && job->service->state != SERVICE_FAILED)
			miss(job->service, "the clock was set past it");
		job->next = cron_next(&job->cron, now);
	}
	arm();
}

static void on_wall(struct machine *machine, struct loop_source *source)
{
	int64_t now;
	uint64_t expirations;
	bool set = read(source->fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED;

	(void)machine;
	if (set) {
		clock_was_set();
		return;
	}
	now = wall_now();
	for (size_t i = 0; i < schedule.count; i++) {
		struct job *job = &schedule.jobs[i];

		if (job->next == 0 || job->next > now)
			continue;
		job->next = cron_next(&job->cron, now);
		run(job->service);
	}
	arm();
}

static int open_wall(struct machine *machine, struct error *err)
{
	if (schedule.wall.fd >= 0)
		return 0;
	schedule.wall = (struct loop_source){ timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), on_wall };
	if (schedule.wall.fd < 0)
		return error_errno(err, "cannot make a timer for the schedule");
	return loop_watch(machine, &schedule.wall, EPOLLIN, err);
}

int schedule_open(struct machine *machine, struct arena *arena, struct error *err)
{
	schedule.jobs = arena_array(arena, machine->plan.containers_count + 1, sizeof(*schedule.jobs));
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		const struct plan_container *plan = &machine->plan.containers[i];
		struct job *job = &schedule.jobs[schedule.count];

		if (!plan_is_scheduled(plan))
			continue;
		schedule.count++;
		job->service = &machine->services[i];
		job->timer.due = on_interval;
		loop_add_timer(machine, &job->timer);
		/* That it is one was seen when the plan was read. */
		if (plan->cron && (cron_parse(plan->cron, strlen(plan->cron), &job->cron) || open_wall(machine, err) < 0))
			return -1;
	}
	return 0;
}

void schedule_start(struct machine *machine)
{
	int64_t now = loop_now(), wall = wall_now();

	(void)machine;
	for (size_t i = 0; i < schedule.count; i++) {
		struct job *job = &schedule.jobs[i];

		if (job->service->plan->every)
			job->timer.deadline = now + job->service->plan->every;
		else
			job->next = cron_next(&job->cron, wall);
	}
	arm();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/health.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/probe.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/worker.h"

#define FIRST_WAIT 50u			/* milliseconds; doubles up to the interval while a service gets ready */
#define MARGIN 1000u			/* milliseconds that a worker has beyond what its command has */

struct prober {
	struct service *service;
	const struct plan_probe *plan;
	struct worker worker;
	struct loop_timer timer;
	unsigned int start;		/* which start of the service is asked about; 0: none */
	unsigned int asked;		/* and which one the worker was sent for */
	unsigned int wait;		/* milliseconds to the next try */
	int64_t begun;
};

static struct prober *probers;

static bool is_wanted(const struct prober *p)
{
	return p->service->state == (p->plan->purpose == PLAN_PROBE_READY ? SERVICE_RUNNING : SERVICE_READY);
}

static void begin(struct prober *p)
{
	p->start = p->service->starts;
	p->begun = loop_now();
	p->wait = p->plan->interval;
	if (p->plan->purpose == PLAN_PROBE_HEALTH) {
		p->service->health = HEALTH_UNKNOWN;
		p->service->health_failures = 0;
	} else if (p->wait > FIRST_WAIT) {
		p->wait = FIRST_WAIT;
	}
	p->timer.deadline = p->begun + p->wait;
}

static void rest(struct prober *p)
{
	p->start = 0;
	p->timer.deadline = 0;
	worker_cancel(&p->worker);
	if (p->plan->purpose != PLAN_PROBE_HEALTH)
		return;
	p->service->health = HEALTH_NONE;
	p->service->health_failures = 0;
}

void health_advance(struct machine *machine)
{
	for (size_t i = 0; i < machine->plan.probes_count; i++) {
		struct prober *p = &probers[i];

		if (p->start != 0 && (!is_wanted(p) || p->start != p->service->starts))
			rest(p);
		if (p->start == 0 && is_wanted(p))
			begin(p);
	}
}

/* ------------------------------------------------------------ one probe */

static int ask(void *context, struct error *err)
{
	const struct prober *p = context;

	return probe_run(p->service, p->plan, err);
}

static void on_due(struct machine *machine, struct loop_timer *timer)
{
	struct prober *p = CONTAINER_OF(timer, struct prober, timer);
	struct worker_job job = {
		.name = "its probe", .run = ask, .context = p,
		.timeout = p->plan->timeout + (p->plan->kind == PLAN_PROBE_EXEC ? MARGIN : 0),
	};
	struct error err;

	/* One of an earlier start, which dies: its end comes back here. */
	if (worker_runs(&p->worker))
		return;
	p->asked = p->start;
	if (worker_start(machine, &p->worker, &job, &err) == 0)
		return;
	/* The machine is short of something; that is not the service's fault. */
	log_warning("'%s': %s", p->service->plan->name, err.message);
	p->timer.deadline = loop_now() + p->plan->interval + 1;
}

static void good(struct prober *p)
{
	struct service *s = p->service;

	if (p->plan->purpose == PLAN_PROBE_READY) {
		s->said[0] = '\0';
		service_event(s, SERVICE_IS_READY);
		return;
	}
	if (s->health == HEALTH_BAD || s->health_failures > 0)
		log_info("service '%s': healthy again", s->plan->name);
	s->health = HEALTH_GOOD;
	s->health_failures = 0;
}

static void act(struct machine *machine, struct prober *p)
{
	switch (p->plan->action) {
	case PLAN_ILL_RESTART:
		service_event(p->service, SERVICE_IS_ILL);
		return;
	case PLAN_ILL_REBOOT:
		sequence_shutdown(machine, END_REBOOT, 1, "a service is unhealthy");
		return;
	case PLAN_ILL_IGNORE:
		return;
	}
}

static void bad(struct machine *machine, struct prober *p, const struct error *failure)
{
	struct service *s = p->service;

	(void)snprintf(s->said, sizeof(s->said), "%.*s", (int)sizeof(s->said) - 1, failure->message);
	if (p->plan->purpose == PLAN_PROBE_READY || loop_now() - p->begun < p->plan->start_period)
		return;
	s->health_failures++;
	if (s->health_failures < p->plan->retries) {
		log_warning("service '%s': %s (%u of %u)", s->plan->name, failure->message, s->health_failures,
			    p->plan->retries);
		return;
	}
	if (s->health == HEALTH_BAD)
		return;
	s->health = HEALTH_BAD;
	log_error("service '%s': unhealthy: %s", s->plan->name, failure->message);
	act(machine, p);
}

static void on_done(struct machine *machine, struct worker *worker, const struct error *failure)
{
	struct prober *p = CONTAINER_OF(worker, struct prober, worker);

	if (p->start == 0)
		return;
	if (p->asked != p->start || !is_wanted(p)) {
		if (p->timer.deadline == 0)
			p->timer.deadline = loop_now() + FIRST_WAIT;
		return;
	}
	p->wait = p->wait > p->plan->interval / 2 ? p->plan->interval : p->wait * 2;
	p->timer.deadline = loop_now() + p->wait + 1;
	if (failure)
		bad(machine, p, failure);
	else
		good(p);
}

void health_open(struct machine *machine, struct arena *arena)
{
	probers = arena_array(arena, machine->plan.probes_count + 1, sizeof(*probers));
	for (size_t i = 0; i < machine->plan.probes_count; i++) {
		struct prober *p = &probers[i];

		p->plan = &machine->plan.probes[i];
		p->service = &machine->services[p->plan->container];
		p->timer.due = on_due;
		p->worker.done = on_done;
		loop_add_timer(machine, &p->timer);
		worker_open(machine, &p->worker);
	}
}

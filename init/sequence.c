/* SPDX-License-Identifier: Apache-2.0 */
#include "init/sequence.h"

#include "base/log.h"
#include "init/control.h"
#include "init/host.h"
#include "init/order.h"
#include "init/schedule.h"
#include "init/service.h"
#include "init/shell.h"
#include "init/times.h"
#include "init/watchdog.h"

enum phase { PHASE_ONBOOT, PHASE_SERVICES, PHASE_STOPPING, PHASE_EMERGENCY, PHASE_ONSHUTDOWN };

static struct {
	enum phase phase;
	size_t at;			/* the container that runs, in a stage that goes one by one */
	enum machine_end end;
	int status;
	bool emergency;			/* comes after PHASE_STOPPING */
	struct loop_timer limit;	/* of the container at `at` */
	bool late;			/* it was stopped by that */
} sequence;

/* The next container of a stage from `at` on; the count where there is none. */
static size_t next_of(const struct machine *machine, enum plan_stage stage, size_t at)
{
	while (at < machine->plan.containers_count && machine->plan.containers[at].stage != stage)
		at++;
	return at;
}

static void start_at(struct machine *machine, enum plan_stage stage, size_t at)
{
	unsigned int timeout;

	sequence.at = next_of(machine, stage, at);
	sequence.late = false;
	sequence.limit.deadline = 0;
	if (sequence.at >= machine->plan.containers_count)
		return;
	timeout = machine->plan.containers[sequence.at].timeout;
	if (timeout)
		sequence.limit.deadline = loop_now() + timeout;
	service_event(&machine->services[sequence.at], SERVICE_START);
}

static void too_late(struct machine *machine, struct loop_timer *timer)
{
	struct service *service = &machine->services[sequence.at];

	(void)timer;
	log_error("'%s': still there %u ms after its start: stopped", service->plan->name, service->plan->timeout);
	sequence.late = true;
	service_event(service, SERVICE_STOP);
}

/* Onboot and services, which stand first in the plan; the others have their time later. */
static void stop_services(struct machine *machine)
{
	size_t count = 0;

	while (count < machine->plan.containers_count && machine->plan.containers[count].stage <= PLAN_SERVICES)
		count++;
	order_stop(machine->services, count);
}

void sequence_start(struct machine *machine)
{
	sequence.limit.due = too_late;
	loop_add_timer(machine, &sequence.limit);
	if (sequence.phase == PHASE_ONBOOT)
		start_at(machine, PLAN_ONBOOT, 0);
}

static void stop_all(struct machine *machine)
{
	sequence.phase = PHASE_STOPPING;
	sequence.limit.deadline = 0;
	stop_services(machine);
}

/* Before it began, or while it goes on. What it wanted to say was said: the status stays. */
static void end_emergency(struct machine *machine)
{
	watchdog_shutdown(machine);
	sequence.emergency = false;
	shell_stop();
	if (sequence.phase == PHASE_EMERGENCY && sequence.at < machine->plan.containers_count)
		service_event(&machine->services[sequence.at], SERVICE_STOP);
}

bool sequence_runs_services(void)
{
	return sequence.phase == PHASE_SERVICES;
}

bool sequence_booted(const struct machine *machine)
{
	return sequence.phase > PHASE_SERVICES ||
	       (sequence.phase == PHASE_SERVICES && order_settled(machine->services, machine->plan.containers_count));
}

void sequence_shutdown(struct machine *machine, enum machine_end end, int status, const char *why)
{
	if (sequence.phase >= PHASE_STOPPING && !sequence.emergency)
		return;
	log_info("shutting down: %s", why);
	sequence.end = end;
	if (sequence.emergency) {
		end_emergency(machine);
		return;
	}
	sequence.status = status;
	watchdog_shutdown(machine);
	stop_all(machine);
}

void sequence_emergency(struct machine *machine)
{
	if (sequence.phase >= PHASE_STOPPING)
		return;
	log_info("emergency: services are stopped");
	sequence.emergency = true;
	sequence.end = END_POWEROFF;
	sequence.status = 1;
	stop_all(machine);
}

static void onboot_failed(struct machine *machine, const struct service *service)
{
	struct error err = { 0 };

	if (sequence.late)
		error_set(&err, "'%s' took more than %u ms", service->plan->name, service->plan->timeout);
	else
		service_cause(service, &err);
	boot_failed(machine, "onboot", &err);
}

/* One container of a stage that goes one by one came to rest: true when the stage is through. */
static bool stage_through(struct machine *machine, enum plan_stage stage)
{
	while (sequence.at < machine->plan.containers_count) {
		struct service *service = &machine->services[sequence.at];

		if (!service_at_rest(service))
			return false;
		if ((service->state == SERVICE_FAILED || sequence.late) && stage == PLAN_ONBOOT &&
		    !service->plan->ignore_failure) {
			onboot_failed(machine, service);
			/* The plan may say to go on; otherwise the shutdown has begun. */
			if (sequence.phase != PHASE_ONBOOT)
				return false;
		}
		/* It was told to end: what would come after it does not begin. */
		if (stage == PLAN_EMERGENCY && !sequence.emergency)
			return true;
		start_at(machine, stage, sequence.at + 1);
	}
	return true;
}

/* Services that the machine is nothing without. */
static void look_for_failures(struct machine *machine)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		struct service *s = &machine->services[i];
		struct error err = { 0 };

		if (!s->plan->critical || s->state != SERVICE_FAILED || s->failure_told)
			continue;
		s->failure_told = true;
		service_cause(s, &err);
		critical_failed(machine, &err);
	}
}

/* Services that end the machine when they end. */
static void look_for_ends(struct machine *machine)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		const struct service *s = &machine->services[i];

		if (s->plan->on_exit == PLAN_EXIT_IGNORE || (s->state != SERVICE_DONE && s->state != SERVICE_FAILED))
			continue;
		sequence_shutdown(machine, s->plan->on_exit == PLAN_EXIT_REBOOT ? END_REBOOT : END_POWEROFF,
				  s->exit_status, s->plan->name);
		return;
	}
}

static bool all_at_rest(const struct machine *machine)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (!service_at_rest(&machine->services[i]))
			return false;
	return true;
}

/* Where there is no emergency it has no containers to run, and is through at once. */
static void start_emergency(struct machine *machine)
{
	sequence.phase = PHASE_EMERGENCY;
	sequence.at = machine->plan.containers_count;
	if (!sequence.emergency)
		return;
	start_at(machine, PLAN_EMERGENCY, 0);
	if (sequence.at == machine->plan.containers_count)
		(void)shell_start(machine);
}

static void end_of_emergency(struct machine *machine)
{
	if (sequence.emergency)
		watchdog_shutdown(machine);
	sequence.emergency = false;
}

void sequence_advance(struct machine *machine)
{
	if (sequence.phase == PHASE_ONBOOT && stage_through(machine, PLAN_ONBOOT) && sequence.phase == PHASE_ONBOOT) {
		sequence.phase = PHASE_SERVICES;
		times.services = loop_now_us();
		schedule_start(machine);
	}
	if (sequence.phase == PHASE_SERVICES) {
		order_start(machine->services, machine->plan.containers_count);
		look_for_failures(machine);
	}
	if (sequence.phase == PHASE_ONBOOT || sequence.phase == PHASE_SERVICES)
		look_for_ends(machine);
	if (sequence.phase == PHASE_STOPPING)
		stop_services(machine);
	if (sequence.phase == PHASE_STOPPING && all_at_rest(machine))
		start_emergency(machine);
	if (sequence.phase == PHASE_EMERGENCY && stage_through(machine, PLAN_EMERGENCY) && !shell_runs()) {
		end_of_emergency(machine);
		sequence.phase = PHASE_ONSHUTDOWN;
		start_at(machine, PLAN_ONSHUTDOWN, 0);
	}
	if (sequence.phase == PHASE_ONSHUTDOWN && stage_through(machine, PLAN_ONSHUTDOWN) && !control_is_heard()) {
		host_report_exit(machine->uevents.fd, &machine->host.fd, sequence.status);
		machine_end(machine, sequence.end);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/sequence.h"

#include "base/log.h"
#include "init/host.h"
#include "init/order.h"
#include "init/schedule.h"
#include "init/service.h"

enum phase { PHASE_ONBOOT, PHASE_SERVICES, PHASE_STOPPING, PHASE_ONSHUTDOWN };

static struct {
	enum phase phase;
	size_t at;			/* the container that runs, in a stage that goes one by one */
	enum machine_end end;
	int status;
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
	sequence.at = next_of(machine, stage, at);
	if (sequence.at < machine->plan.containers_count)
		service_event(&machine->services[sequence.at], SERVICE_START);
}

/* Onboot and services; onshutdown containers have their time later. */
static void stop_services(struct machine *machine)
{
	order_stop(machine->services, next_of(machine, PLAN_ONSHUTDOWN, 0));
}

void sequence_start(struct machine *machine)
{
	sequence.phase = PHASE_ONBOOT;
	start_at(machine, PLAN_ONBOOT, 0);
}

bool sequence_runs_services(void)
{
	return sequence.phase == PHASE_SERVICES;
}

void sequence_shutdown(struct machine *machine, enum machine_end end, int status, const char *why)
{
	if (sequence.phase >= PHASE_STOPPING)
		return;
	log_info("shutting down: %s", why);
	sequence.phase = PHASE_STOPPING;
	sequence.end = end;
	sequence.status = status;
	stop_services(machine);
}

static void onboot_failed(struct machine *machine, const struct service *service)
{
	struct error err = { 0 };

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
		if (service->state == SERVICE_FAILED && stage == PLAN_ONBOOT && !service->plan->ignore_failure) {
			onboot_failed(machine, service);
			/* The plan may say to go on; otherwise the shutdown has begun. */
			if (sequence.phase != PHASE_ONBOOT)
				return false;
		}
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

void sequence_advance(struct machine *machine)
{
	if (sequence.phase == PHASE_ONBOOT && stage_through(machine, PLAN_ONBOOT) && sequence.phase == PHASE_ONBOOT) {
		sequence.phase = PHASE_SERVICES;
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
	if (sequence.phase == PHASE_STOPPING && all_at_rest(machine)) {
		sequence.phase = PHASE_ONSHUTDOWN;
		start_at(machine, PLAN_ONSHUTDOWN, 0);
	}
	if (sequence.phase == PHASE_ONSHUTDOWN && stage_through(machine, PLAN_ONSHUTDOWN)) {
		host_report_exit(machine->uevents.fd, &machine->host.fd, sequence.status);
		machine_end(machine, sequence.end);
	}
}

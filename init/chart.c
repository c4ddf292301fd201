/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot as records, for `slipway bootchart`. All times are microseconds, and 0 is where the kernel's clock begins; what is
 * before that is negative, and what is not known is left out.
 *
 *     machine version= kernel= arch= name= cpus= now_us= init_us= services_us= settled=1
 *     span kind=firmware|loader|kernel name= start_us= end_us= source=
 *     span kind=init name= start_us= end_us= failed=1
 *     span kind=onboot|network|service name= state= starts= start_us= exec_us= ready_us= end_us=
 *       need on= required=1            of the span before it
 */
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/firmware.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/session.h"
#include "init/times.h"

/* 0 is "never". */
static void add_time(struct buffer *out, const char *key, int64_t us)
{
	if (us != 0)
		record_add_number(out, key, us);
}

static void begin_span(struct buffer *out, const char *kind, const char *name)
{
	record_begin(out, "span");
	record_add(out, "kind", kind);
	record_add(out, "name", name);
}

static void add_machine(struct buffer *out, const struct machine *machine)
{
	struct utsname names;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	record_begin(out, "machine");
	record_add(out, "version", SLIPWAY_VERSION);
	if (uname(&names) == 0) {
		record_add(out, "kernel", names.release);
		record_add(out, "arch", names.machine);
		record_add(out, "name", names.nodename);
	}
	if (cpus > 0)
		record_add_number(out, "cpus", cpus);
	record_add_number(out, "now_us", loop_now_us());
	add_time(out, "init_us", times.init);
	add_time(out, "services_us", times.services);
	if (sequence_booted(machine))
		record_add(out, "settled", "1");
	record_end(out);
}

/* ------------------------------------------------------------ before PID 1 */

static void add_before(struct buffer *out, const char *kind, int64_t start, int64_t end, const char *source)
{
	begin_span(out, kind, kind);
	record_add_number(out, "start_us", start);
	record_add_number(out, "end_us", end);
	record_add(out, "source", source);
	record_end(out);
}

/* As systemd has it: the kernel's clock takes over where the loader ends. */
static void add_firmware(struct buffer *out)
{
	autoclose int directory = open("/sys/firmware", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct firmware_times t;

	if (directory < 0 || !firmware_times_read(directory, &t))
		return;
	add_before(out, "firmware", -t.loader_end, t.loader_start - t.loader_end, t.source);
	add_before(out, "loader", t.loader_start - t.loader_end, 0, t.source);
}

/* ------------------------------------------------------------ PID 1 and its containers */

static void add_steps(struct buffer *out)
{
	for (size_t i = 0; i < times.count; i++) {
		const struct times_step *step = &times.steps[i];

		begin_span(out, "init", step->name);
		record_add_number(out, "start_us", step->start);
		record_add_number(out, "end_us", step->end);
		if (step->failed)
			record_add(out, "failed", "1");
		record_end(out);
	}
}

static int64_t earliest(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The first time of each: what was restarted since does not count. One that could not be started has an end before its start. */
static void add_container(struct buffer *out, const char *kind, const struct service *s)
{
	const int64_t *reached = s->reached;
	int64_t end = earliest(reached[SERVICE_DONE], reached[SERVICE_FAILED]);

	begin_span(out, kind, s->plan->name);
	record_add(out, "state", service_state_names[s->state]);
	if (s->starts > 0)
		record_add_number(out, "starts", s->starts);
	add_time(out, "start_us", reached[SERVICE_STARTING]);
	add_time(out, "exec_us", earliest(reached[SERVICE_RUNNING], reached[SERVICE_READY]));
	add_time(out, "ready_us", reached[SERVICE_READY]);
	if (end >= reached[SERVICE_STARTING])
		add_time(out, "end_us", end);
	record_end(out);
	for (size_t i = 0; i < s->needs_count; i++) {
		record_begin(out, "need");
		record_add(out, "on", s->needs[i].on->plan->name);
		if (s->needs[i].required)
			record_add(out, "required", "1");
		record_end(out);
	}
}

/* What runs at times of its own is no part of the boot, and neither is what comes at its end. */
static void add_containers(struct buffer *out, const struct machine *machine)
{
	size_t count = machine->plan.containers_count;

	if (machine->plan.machine.network)
		add_container(out, "network", &machine->services[count]);
	for (size_t i = 0; i < count; i++) {
		const struct plan_container *plan = &machine->plan.containers[i];

		if (plan->stage == PLAN_ONBOOT)
			add_container(out, "onboot", &machine->services[i]);
		else if (plan->stage == PLAN_SERVICES && !plan_is_scheduled(plan))
			add_container(out, "service", &machine->services[i]);
	}
}

int session_bootchart(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	autobuffer struct buffer out = { 0 };

	(void)request;
	(void)err;
	session_begin(client);
	add_machine(&out, machine);
	/* Whoever measures how the machine's clock and its own compare wants that line at once. */
	session_send(client, &out);
	add_firmware(&out);
	add_before(&out, "kernel", 0, times.init, "monotonic");
	add_steps(&out);
	add_containers(&out, machine);
	buffer_add_string(&out, "end\n");
	session_send(client, &out);
	return 0;
}

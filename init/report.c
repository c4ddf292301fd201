/* SPDX-License-Identifier: Apache-2.0 */
/* What the services do and use, as records. All figures are read from the service's cgroup: cgroup-v2.rst. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/dmesg.h"
#include "init/logs.h"
#include "init/loop.h"
#include "init/service.h"
#include "init/session.h"

#define TOP_TIME 500			/* milliseconds between the two looks that make a rate */
#define NONE (-1)

/* ------------------------------------------------------------ cgroups */

/* A file of the service's cgroup; empty where it is not there. */
static void read_cgroup(const struct machine *machine, const struct service *s, const char *file, char *text, size_t size)
{
	char path[512];
	autoclose int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.400s/%.64s", s->plan->cgroup, file);
	fd = openat(machine->cgroup_fd, path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, size - 1) : 0;
	text[n > 0 ? n : 0] = '\0';
}

static int64_t read_number(const struct machine *machine, const struct service *s, const char *file)
{
	char text[64], *end;
	long long n;

	read_cgroup(machine, s, file, text, sizeof(text));
	n = strtoll(text, &end, 10);
	/* "max" is no limit. */
	return end == text ? NONE : n;
}

/* Of lines "key number". */
static int64_t read_keyed(const struct machine *machine, const struct service *s, const char *file, const char *key)
{
	char text[4096];
	size_t length = strlen(key);

	read_cgroup(machine, s, file, text, sizeof(text));
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoll(line + length + 1, NULL, 10);
	}
	return NONE;
}

/* The sum over all devices of `key=number` in io.stat. */
static int64_t read_io(const struct machine *machine, const struct service *s, const char *key)
{
	char text[8192], wanted[32];
	int64_t sum = 0;

	read_cgroup(machine, s, "io.stat", text, sizeof(text));
	(void)snprintf(wanted, sizeof(wanted), " %s=", key);
	for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
		sum += strtoll(at + strlen(wanted), NULL, 10);
	return sum;
}

static const struct figure {
	const char *key;		/* of the record */
	const char *file, *part;	/* `part` NULL: the file is one number */
	int64_t (*read)(const struct machine *machine, const struct service *s, const char *part);
	const char *metric, *type, *help;	/* NULL: is no metric */
} figures[] = {
	{ "memory", "memory.current", NULL, NULL, "slipway_service_memory_bytes", "gauge", "memory in use" },
	{ "memory_peak", "memory.peak", NULL, NULL, "slipway_service_memory_peak_bytes", "gauge", "most memory that was in use" },
	{ "memory_max", "memory.max", NULL, NULL, "slipway_service_memory_limit_bytes", "gauge", "memory there may be in use" },
	{ "swap", "memory.swap.current", NULL, NULL, "slipway_service_swap_bytes", "gauge", "swap in use" },
	{ "cpu_us", "cpu.stat", "usage_usec", NULL, NULL, NULL, NULL },
	{ "tasks", "pids.current", NULL, NULL, "slipway_service_tasks", "gauge", "processes and threads" },
	{ "read_bytes", NULL, "rbytes", read_io, "slipway_service_read_bytes_total", "counter", "read from disks" },
	{ "written_bytes", NULL, "wbytes", read_io, "slipway_service_written_bytes_total", "counter", "written to disks" },
	{ "oom_kills", "memory.events", "oom_kill", NULL, "slipway_service_oom_kills_total", "counter",
	  "processes killed for want of memory" },
};

static int64_t figure(const struct machine *machine, const struct service *s, const struct figure *f)
{
	if (f->read)
		return f->read(machine, s, f->part);
	return f->part ? read_keyed(machine, s, f->file, f->part) : read_number(machine, s, f->file);
}

static void add_figures(struct buffer *out, const struct machine *machine, const struct service *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		int64_t n = figure(machine, s, &figures[i]);

		if (n != NONE)
			record_add_number(out, figures[i].key, n);
	}
}

/* ------------------------------------------------------------ status */

static bool has_ended(const struct service *s)
{
	return s->restarts > 0 || s->state == SERVICE_DONE || s->state == SERVICE_FAILED || s->state == SERVICE_BACKING_OFF;
}

static void add_why(struct buffer *out, const struct service *s)
{
	struct error err = { 0 };

	if (s->state != SERVICE_FAILED)
		return;
	service_cause(s, &err);
	record_add(out, "why", err.message);
}

static void add_status(struct buffer *out, const struct machine *machine, const struct service *s)
{
	int64_t now = loop_now(), memory = read_number(machine, s, "memory.current");

	record_begin(out, "service");
	record_add(out, "name", s->plan->name);
	record_add(out, "stage", plan_stage_names[s->plan->stage]);
	record_add(out, "state", service_state_names[s->state]);
	record_add_number(out, "for_ms", now - s->since);
	record_add_number(out, "since_us", dmesg_boot_time() + s->since * 1000);
	if (s->pid != 0)
		record_add_number(out, "pid", s->pid);
	record_add_number(out, "restarts", s->restarts);
	if (has_ended(s))
		record_add_number(out, "exit", s->exit_status);
	record_add(out, "ready", s->state == SERVICE_READY ? "1" : "0");
	if (s->health != HEALTH_NONE) {
		record_add(out, "health", service_health_names[s->health]);
		record_add_number(out, "health_failures", s->health_failures);
	}
	if (*s->said)
		record_add(out, "said", s->said);
	if (plan_is_scheduled(s->plan))
		record_add_number(out, "missed", s->missed);
	if (s->oom_kills > 0)
		record_add_number(out, "oom_kills", s->oom_kills);
	if (s->plan->critical)
		record_add(out, "critical", "1");
	if (memory != NONE && s->pid != 0)
		record_add_number(out, "memory", memory);
	add_why(out, s);
	record_end(out);
}

/* An error for a name that there is not. */
static int check_names(const struct machine *machine, const struct record *request, struct error *err)
{
	for (size_t i = 0; i < request->count; i++) {
		size_t k = 0;

		if (strcmp(request->fields[i].key, "name") != 0)
			continue;
		while (k < machine->plan.containers_count &&
		       strcmp(machine->plan.containers[k].name, request->fields[i].value) != 0)
			k++;
		if (k == machine->plan.containers_count)
			return error_set(err, "no service is named '%.80s'", request->fields[i].value);
	}
	return 0;
}

int session_status(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	autobuffer struct buffer out = { 0 };

	if (check_names(machine, request, err) < 0)
		return -1;
	session_begin(client);
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (session_is_asked(request, machine->plan.containers[i].name))
			add_status(&out, machine, &machine->services[i]);
	buffer_add_string(&out, "end\n");
	session_send(client, &out);
	return 0;
}

/* ------------------------------------------------------------ top */

static void pause_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int64_t cpu_of(const struct machine *machine, const struct service *s)
{
	int64_t n = read_keyed(machine, s, "cpu.stat", "usage_usec");

	return n == NONE ? 0 : n;
}

int session_top(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	autobuffer struct buffer out = { 0 };
	size_t count = machine->plan.containers_count;
	int64_t *before = calloc(count + 1, sizeof(*before)), begin = loop_now(), passed;

	if (!before)
		return error_set(err, "out of memory");
	if (check_names(machine, request, err) < 0)
		return -1;
	session_begin(client);
	for (size_t i = 0; i < count; i++)
		before[i] = cpu_of(machine, &machine->services[i]);
	pause_ms(TOP_TIME);
	passed = loop_now() - begin;
	for (size_t i = 0; i < count; i++) {
		const struct service *s = &machine->services[i];

		if (s->pid == 0 || !session_is_asked(request, s->plan->name))
			continue;
		record_begin(&out, "service");
		record_add(&out, "name", s->plan->name);
		/* Microseconds of a millisecond are thousandths. */
		record_add_number(&out, "cpu_permille", (cpu_of(machine, s) - before[i]) / (passed > 0 ? passed : 1));
		add_figures(&out, machine, s);
		record_end(&out);
	}
	buffer_add_string(&out, "end\n");
	session_send(client, &out);
	return 0;
}

/* ------------------------------------------------------------ metrics */

static void begin_metric(struct buffer *out, const char *name, const char *type, const char *help)
{
	record_begin(out, "metric");
	record_add(out, "metric", name);
	record_add(out, "type", type);
	record_add(out, "help", help);
}

static void add_machine_metric(struct buffer *out, const char *name, const char *type, const char *help, int64_t value)
{
	begin_metric(out, name, type, help);
	record_add_number(out, "value", value);
	record_end(out);
}

static void add_service_metric(struct buffer *out, const struct service *s, const char *name, const char *type,
			       const char *help, int64_t value)
{
	begin_metric(out, name, type, help);
	record_add(out, "service", s->plan->name);
	record_add_number(out, "value", value);
	record_end(out);
}

static void add_machine_metrics(struct buffer *out)
{
	struct sysinfo info;

	begin_metric(out, "slipway_build_info", "gauge", "the version of PID 1");
	record_add(out, "version", SLIPWAY_VERSION);
	record_add_number(out, "value", 1);
	record_end(out);
	if (sysinfo(&info) < 0)
		return;
	add_machine_metric(out, "slipway_uptime_seconds", "gauge", "since the kernel started", info.uptime);
	add_machine_metric(out, "slipway_memory_total_bytes", "gauge", "memory of the machine",
			   (int64_t)info.totalram * info.mem_unit);
	add_machine_metric(out, "slipway_memory_free_bytes", "gauge", "memory that nobody uses",
			   (int64_t)info.freeram * info.mem_unit);
}

static void add_states(struct buffer *out, const struct service *s)
{
	for (size_t state = 0; state < SERVICE_STATES; state++) {
		begin_metric(out, "slipway_service_state", "gauge", "1 for the state that the service is in");
		record_add(out, "service", s->plan->name);
		record_add(out, "state", service_state_names[state]);
		record_add_number(out, "value", s->state == state);
		record_end(out);
	}
}

static void add_cpu(struct buffer *out, const struct machine *machine, const struct service *s)
{
	int64_t us = cpu_of(machine, s);
	char value[48];

	(void)snprintf(value, sizeof(value), "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
	begin_metric(out, "slipway_service_cpu_seconds_total", "counter", "processor time");
	record_add(out, "service", s->plan->name);
	record_add(out, "value", value);
	record_end(out);
}

static const char *const sink_names[LOG_SINKS] = { "console", "file", "remote0", "remote1", "remote2", "remote3" };

static void add_log_metrics(struct buffer *out, const struct machine *machine)
{
	struct log_memory memory = { 0 };
	struct error ignored;

	if (machine->log_fd < 0 || logs_map(machine, &memory, &ignored) < 0)
		return;
	for (size_t i = 0; i < memory.count; i++) {
		uint64_t next = log_current(memory.areas[i])->next_sequence;

		begin_metric(out, "slipway_log_lines_total", "counter", "lines that were written");
		record_add(out, "source", logs_name(machine, i));
		record_add_number(out, "value", next > 0 ? (int64_t)next - 1 : 0);
		record_end(out);
	}
	for (size_t i = 0; i < memory.count; i++)
		for (size_t sink = 0; sink < LOG_SINKS; sink++) {
			uint64_t lost = atomic_load(&memory.areas[i]->lost[sink]);

			if (lost == 0)
				continue;
			begin_metric(out, "slipway_log_lost_lines_total", "counter", "lines overwritten before a sink took them");
			record_add(out, "source", logs_name(machine, i));
			record_add(out, "sink", sink_names[sink]);
			record_add_number(out, "value", (int64_t)lost);
			record_end(out);
		}
}

/* Prometheus wants the samples of one name together: so metric by metric, and for each all services. */
int session_metrics(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	autobuffer struct buffer out = { 0 };
	const struct service *first = machine->services, *end = first + machine->plan.containers_count;

	(void)request;
	(void)err;
	session_begin(client);
	add_machine_metrics(&out);
	add_log_metrics(&out, machine);
	while (first < end && first->plan->stage != PLAN_SERVICES)
		first++;
	while (end > first && end[-1].plan->stage != PLAN_SERVICES)
		end--;
	for (const struct service *s = first; s < end; s++)
		add_states(&out, s);
	for (const struct service *s = first; s < end; s++)
		add_service_metric(&out, s, "slipway_service_restarts_total", "counter", "starts after an end", s->restarts);
	for (const struct service *s = first; s < end; s++)
		add_service_metric(&out, s, "slipway_service_missed_total", "counter", "starts of a schedule that were left out",
				   s->missed);
	for (const struct service *s = first; s < end; s++)
		if (s->health != HEALTH_NONE)
			add_service_metric(&out, s, "slipway_service_healthy", "gauge", "0 where its health probe says that it is ill",
					   s->health != HEALTH_BAD);
	for (const struct service *s = first; s < end; s++)
		add_cpu(&out, machine, s);
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		for (const struct service *s = first; figures[i].metric && s < end; s++) {
			int64_t n = figure(machine, s, &figures[i]);

			if (n != NONE)
				add_service_metric(&out, s, figures[i].metric, figures[i].type, figures[i].help, n);
		}
	buffer_add_string(&out, "end\n");
	session_send(client, &out);
	return 0;
}

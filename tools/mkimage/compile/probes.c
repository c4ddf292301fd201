/* SPDX-License-Identifier: Apache-2.0 */
/* `ready`, `health` and `watchdog`: how PID 1 finds out how a service is. */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

#define DURATION_MAX 3600000u		/* milliseconds; the plan's limit */
#define NANOSECONDS 1000000		/* in a millisecond */

/* What is not stated: short times while others wait, long ones ever after (Docker's). */
static const struct plan_probe ready_defaults = {
	.purpose = PLAN_PROBE_READY, .address = "127.0.0.1", .port = 80, .path = "/", .interval = 1000, .timeout = 5000, .retries = 3,
};
static const struct plan_probe health_defaults = {
	.purpose = PLAN_PROBE_HEALTH, .address = "127.0.0.1", .port = 80, .path = "/", .interval = 30000, .timeout = 5000,
	.retries = 3,
};

static int read_duration(const struct job *job, const struct manifest_string *stated, const char *key, unsigned int *out)
{
	if (stated->value && !manifest_duration(stated->value, out))
		return job_error(job, &stated->at, "%s: expected a time such as '10s' or '500ms', got '%s'", key, stated->value);
	return 0;
}

/* ------------------------------------------------------------ ready */

static enum plan_ready kind_of(const struct manifest_probe *stated, const struct manifest_readiness *readiness)
{
	static const enum plan_ready kinds[] = {
		[MANIFEST_READY_EXEC] = PLAN_READY_EXEC, [MANIFEST_READY_FD] = PLAN_READY_FD,
		[MANIFEST_READY_NOTIFY] = PLAN_READY_NOTIFY, [MANIFEST_READY_HEALTH] = PLAN_READY_PROBE,
	};

	return stated->set && !stated->word.value ? PLAN_READY_PROBE : kinds[readiness->kind];
}

int ready_compile(struct job *job, struct plan_container *out)
{
	const struct manifest_probe *ready = &job->merged.ready;
	const struct manifest_string *timeout = &job->merged.ready_timeout, *watchdog = &job->merged.watchdog;
	struct manifest_readiness readiness = { .kind = MANIFEST_READY_EXEC };
	const char *problem = ready->word.value ? manifest_readiness(ready->word.value, job->arena, &readiness) : NULL;

	if (problem)
		return job_error(job, &ready->at, "ready: %s", problem);
	if (ready->set && out->oneshot)
		return job_error(job, &ready->at, "ready: a 'oneshot' is ready when it has ended; remove one of them");
	if (watchdog->value && out->oneshot)
		return job_error(job, &watchdog->at, "watchdog: a 'oneshot' is to end; remove one of them");
	out->ready = kind_of(ready, &readiness);
	if (timeout->value && out->ready == PLAN_READY_EXEC)
		return job_error(job, &timeout->at, "ready_timeout: nothing is waited for%s",
				 out->oneshot ? " but the end of a 'oneshot'; remove it" : "; add 'ready: fd', or remove it");
	out->ready_fd = readiness.kind == MANIFEST_READY_FD ? readiness.fd : 3;
	out->ready_timeout = 60000;
	if (read_duration(job, timeout, "ready_timeout", &out->ready_timeout) < 0)
		return -1;
	if (watchdog->value && (!manifest_duration(watchdog->value, &out->watchdog) || out->watchdog == 0))
		return job_error(job, &watchdog->at, "watchdog: expected a time such as '30s', got '%s'", watchdog->value);
	return 0;
}

/* ------------------------------------------------------------ probes */

static int compile_http(const struct job *job, const struct manifest_http *stated, const char *key, struct plan_probe *out)
{
	struct manifest_endpoint endpoint;
	const char *problem;

	out->kind = PLAN_PROBE_HTTP;
	if (stated->url.value) {
		problem = manifest_url(stated->url.value, job->arena, &endpoint);
		if (problem)
			return job_error(job, &stated->url.at, "%s: http: %s", key, problem);
		out->address = endpoint.address;
		out->port = endpoint.port;
		out->path = endpoint.path;
		return 0;
	}
	if (stated->port.set)
		out->port = (unsigned int)stated->port.value;
	if (stated->path.value)
		out->path = stated->path.value;
	out->host = stated->host.value;
	out->status = stated->status.set ? (unsigned int)stated->status.value : 0;
	return 0;
}

static int compile_way(const struct job *job, const struct manifest_probe *stated, const char *key, struct plan_probe *out)
{
	struct manifest_endpoint endpoint;
	const char *problem;

	if (stated->http.set)
		return compile_http(job, &stated->http, key, out);
	if (stated->tcp.value) {
		problem = manifest_tcp(stated->tcp.value, job->arena, &endpoint);
		if (problem)
			return job_error(job, &stated->tcp.at, "%s: tcp: %s", key, problem);
		out->kind = PLAN_PROBE_TCP;
		out->address = endpoint.address;
		out->port = endpoint.port;
		return 0;
	}
	out->kind = PLAN_PROBE_EXEC;
	for (size_t i = 0; i < stated->exec.count; i++)
		*(const char **)arena_push(job->arena, &out->command.items, &out->command.count, sizeof(*out->command.items)) =
			stated->exec.items[i].value;
	if (out->command.count == 0 || !*out->command.items[0])
		return job_error(job, &stated->at, "%s: exec: is empty; give a command", key);
	return 0;
}

static int compile_times(const struct job *job, const struct manifest_probe *stated, const char *key, struct plan_probe *out)
{
	if (read_duration(job, &stated->interval, arena_printf(job->arena, "%s: interval", key), &out->interval) < 0 ||
	    read_duration(job, &stated->timeout, arena_printf(job->arena, "%s: timeout", key), &out->timeout) < 0 ||
	    read_duration(job, &stated->start_period, arena_printf(job->arena, "%s: start_period", key), &out->start_period) < 0)
		return -1;
	if (out->interval == 0 || out->timeout == 0)
		return job_error(job, &stated->at, "%s: 'interval' and 'timeout' must be more than nothing", key);
	if (stated->retries.set)
		out->retries = (unsigned int)stated->retries.value;
	return 0;
}

static void add(struct job *job, struct plan *plan, struct plan_probe probe)
{
	probe.container = plan->containers_count - 1;
	*(struct plan_probe *)arena_push(job->arena, &plan->probes, &plan->probes_count, sizeof(probe)) = probe;
}

/* Docker's times are nanoseconds, and 0 is its default. */
static void take_nanoseconds(int64_t stated, unsigned int *out)
{
	int64_t milliseconds = stated / NANOSECONDS;

	if (stated > 0)
		*out = milliseconds < 1 ? 1 : milliseconds > DURATION_MAX ? DURATION_MAX : (unsigned int)milliseconds;
}

/* The image's HEALTHCHECK. */
static int probe_of_image(const struct job *job, struct plan_probe *out)
{
	const struct oci_healthcheck *image = job->image->config.config.healthcheck;
	const struct manifest_probe *stated = &job->merged.health;
	static const char *const shell[] = { "/bin/sh", "-c" };
	struct plan_probe probe = *out;
	bool in_shell = image && image->test.count == 2 && strcmp(image->test.items[0], "CMD-SHELL") == 0;

	if (!image || image->test.count < 2 || (!in_shell && strcmp(image->test.items[0], "CMD") != 0))
		return job_error(job, &stated->at, "health: the image '%s' has no HEALTHCHECK; write here how to ask it",
				 job->stated->image.value);
	probe.timeout = 30000;
	for (size_t i = 0; in_shell && i < ARRAY_SIZE(shell); i++)
		*(const char **)arena_push(job->arena, &probe.command.items, &probe.command.count,
					   sizeof(*probe.command.items)) = shell[i];
	for (size_t i = 1; i < image->test.count; i++)
		*(const char **)arena_push(job->arena, &probe.command.items, &probe.command.count,
					   sizeof(*probe.command.items)) = image->test.items[i];
	take_nanoseconds(image->interval, &probe.interval);
	take_nanoseconds(image->timeout, &probe.timeout);
	take_nanoseconds(image->start_period, &probe.start_period);
	if (image->retries > 0)
		probe.retries = image->retries > 1000 ? 1000 : (unsigned int)image->retries;
	*out = probe;
	return 0;
}

/* `health` as it is stated. */
static int probe_of_health(const struct job *job, struct plan_probe *out)
{
	static const char *const actions[] = {
		[PLAN_ILL_RESTART] = "restart", [PLAN_ILL_REBOOT] = "reboot", [PLAN_ILL_IGNORE] = "ignore",
	};
	const struct manifest_probe *stated = &job->merged.health;

	*out = health_defaults;
	if (stated->word.value)
		return probe_of_image(job, out);
	if (compile_way(job, stated, "health", out) < 0 || compile_times(job, stated, "health", out) < 0)
		return -1;
	for (size_t i = 0; stated->action.value && i < ARRAY_SIZE(actions); i++)
		if (strcmp(stated->action.value, actions[i]) == 0)
			out->action = (enum plan_ill)i;
	return 0;
}

static bool has_health(const struct job *job)
{
	const struct manifest_probe *stated = &job->merged.health;

	return stated->set && !(stated->word.value && strcmp(stated->word.value, "none") == 0);
}

static int compile_health(struct job *job, struct plan *plan)
{
	struct plan_probe probe;

	if (!has_health(job))
		return 0;
	if (plan->containers[plan->containers_count - 1].oneshot)
		return job_error(job, &job->merged.health.at, "health: a 'oneshot' is to end; remove one of them");
	if (probe_of_health(job, &probe) < 0)
		return -1;
	add(job, plan, probe);
	return 0;
}

/* `ready: health` asks the same thing, more often. */
static int compile_ready_by_health(struct job *job, struct plan *plan)
{
	struct plan_probe probe;

	if (!has_health(job))
		return job_error(job, &job->merged.ready.at, "ready: there is no 'health' to ask; add it");
	if (probe_of_health(job, &probe) < 0)
		return -1;
	probe.purpose = PLAN_PROBE_READY;
	if (probe.interval > ready_defaults.interval)
		probe.interval = ready_defaults.interval;
	probe.start_period = ready_defaults.start_period;
	probe.retries = ready_defaults.retries;
	probe.action = ready_defaults.action;
	add(job, plan, probe);
	return 0;
}

int probes_compile(struct job *job, struct plan *plan)
{
	const struct manifest_probe *ready = &job->merged.ready;
	struct plan_probe probe = ready_defaults;

	if (ready->word.value && strcmp(ready->word.value, "health") == 0 && compile_ready_by_health(job, plan) < 0)
		return -1;
	if (ready->set && !ready->word.value) {
		if (compile_way(job, ready, "ready", &probe) < 0 || compile_times(job, ready, "ready", &probe) < 0)
			return -1;
		add(job, plan, probe);
	}
	return compile_health(job, plan);
}

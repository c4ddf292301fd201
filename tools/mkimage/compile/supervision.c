/* SPDX-License-Identifier: Apache-2.0 */
/* How PID 1 looks after a container: restarts, ends, signals. Ours; LinuxKit has none of it. */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/signals.h"

#define RESTARTS_MAX 1000000u		/* as in the plan's table */
#define ONSHUTDOWN_TIMEOUT 60000u	/* milliseconds */

static const char *const restart_words[] = { "never", "on-failure", "always", NULL };
static const char *const exit_words[] = { "ignore", "poweroff", "reboot", NULL };
static const char *const failure_words[] = { "stop", "continue", NULL };

static int find_word(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

/* A number of restarts is "on-failure", so many times. */
static int compile_restart(struct job *job, struct plan_container *out)
{
	const struct manifest_string *stated = &job->merged.restart;
	int word = stated->value ? find_word(restart_words, stated->value) : -1;
	unsigned long times;
	char *end;

	out->restart = job->stage == PLAN_SERVICES ? PLAN_RESTART_ALWAYS : PLAN_RESTART_NEVER;
	/* One whose end ends the machine is not started again, unless that is asked for. */
	if (out->on_exit != PLAN_EXIT_IGNORE)
		out->restart = PLAN_RESTART_NEVER;
	else if (out->oneshot)
		out->restart = plan_is_scheduled(out) ? PLAN_RESTART_NEVER : PLAN_RESTART_ON_FAILURE;
	if (!stated->value) {
		if (job->merged.runtime.no_restart.value)
			out->restart = PLAN_RESTART_NEVER;
		return 0;
	}
	if (word >= 0) {
		out->restart = (enum plan_restart)word;
		if (out->restart == PLAN_RESTART_ALWAYS && job->stage != PLAN_SERVICES)
			return job_error(job, &stated->at, "restart: 'always' is for services: what %s starts next waits "
					 "for this one's end", plan_stage_names[job->stage]);
		if (out->restart == PLAN_RESTART_ALWAYS && out->oneshot)
			return job_error(job, &stated->at, "restart: 'always' does not go with 'oneshot', which is not "
					 "started again after status 0; write 'on-failure'");
		return 0;
	}
	times = strtoul(stated->value, &end, 10);
	if (!isdigit((unsigned char)*stated->value) || *end || times > RESTARTS_MAX)
		return job_error(job, &stated->at, "restart: expected 'always', 'on-failure', 'never' or a number of "
				 "restarts, got '%s'", stated->value);
	out->restart = times ? PLAN_RESTART_ON_FAILURE : PLAN_RESTART_NEVER;
	out->restart_max = (unsigned int)times;
	return 0;
}

static int compile_delays(struct job *job, struct plan_container *out)
{
	const struct manifest_string *max = &job->merged.restart_delay_max;
	const struct {
		const char *key;
		const struct manifest_string *stated;
		unsigned int fallback, *out;
	} rows[] = {
		{ "restart_delay", &job->merged.restart_delay, 100, &out->restart_delay },
		{ "restart_delay_max", max, 30000, &out->restart_delay_max },
		{ "restart_reset", &job->merged.restart_reset, 10000, &out->restart_reset },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		*rows[i].out = rows[i].fallback;
		if (rows[i].stated->value && !manifest_duration(rows[i].stated->value, rows[i].out))
			return job_error(job, &rows[i].stated->at, "%s: expected a time such as '10s' or '500ms', got '%s'",
					 rows[i].key, rows[i].stated->value);
	}
	if (max->value && out->restart_delay_max < out->restart_delay)
		return job_error(job, &max->at, "restart_delay_max: is less than 'restart_delay', which is %u ms",
				 out->restart_delay);
	if (out->restart_delay_max < out->restart_delay)
		out->restart_delay_max = out->restart_delay;
	return 0;
}

static int compile_oom(struct job *job, struct plan_container *out)
{
	static const char *const words[] = { "kill-process", "kill-service", "reboot", NULL };
	const struct manifest_string *stated = &job->merged.oom;
	int word = stated->value ? find_word(words, stated->value) : PLAN_OOM_KILL_PROCESS;

	if (word < 0)
		return job_error(job, &stated->at, "oom: expected 'kill-process', 'kill-service' or 'reboot', got '%s'",
				 stated->value);
	out->oom = (enum plan_oom)word;
	return 0;
}

static int compile_exit(struct job *job, struct plan_container *out)
{
	const struct manifest_string *stated = &job->merged.on_exit;
	int word = stated->value ? find_word(exit_words, stated->value) : PLAN_EXIT_IGNORE;

	if (word < 0)
		return job_error(job, &stated->at, "on_exit: expected 'ignore', 'poweroff' or 'reboot', got '%s'",
				 stated->value);
	if (word != PLAN_EXIT_IGNORE && job->stage >= PLAN_ONSHUTDOWN)
		return job_error(job, &stated->at, "on_exit: the machine is ending already when %s runs",
				 plan_stage_names[job->stage]);
	out->on_exit = (enum plan_exit)word;
	return 0;
}

static int compile_failure(struct job *job, struct plan_container *out)
{
	const struct manifest_string *stated = &job->merged.on_failure;
	int word = stated->value ? find_word(failure_words, stated->value) : 0;

	if (stated->value && job->stage != PLAN_ONBOOT)
		return job_error(job, &stated->at, "on_failure: only a container of onboot can stop the boot: see "
				 "'restart' and 'on_exit'");
	if (word < 0)
		return job_error(job, &stated->at, "on_failure: expected 'stop' or 'continue', got '%s'",
				 stated->value);
	out->ignore_failure = word == 1;
	return 0;
}

static int compile_stop(struct job *job, struct plan_container *out)
{
	const struct manifest_string *signal = &job->merged.stop_signal, *timeout = &job->merged.stop_timeout;
	const char *image = job->image->config.config.stop_signal;

	out->stop_signal = signal->value ? signal->value : image && *image ? image : "SIGTERM";
	if (signal_number(out->stop_signal) <= 0)
		return job_error(job, signal->value ? &signal->at : &job->stated->image.at,
				 "%s: no signal is named '%s': see signal(7)",
				 signal->value ? "stop_signal" : "image: StopSignal", out->stop_signal);
	out->stop_timeout = 10000;
	if (timeout->value && !manifest_duration(timeout->value, &out->stop_timeout))
		return job_error(job, &timeout->at, "stop_timeout: expected a time such as '10s' or '500ms', got '%s'",
				 timeout->value);
	return 0;
}

static struct plan_strings names_of(const struct job *job, const struct manifest_strings *names)
{
	struct plan_strings out = { .items = arena_array(job->arena, names->count + 1, sizeof(*out.items)),
				    .count = names->count };

	for (size_t i = 0; i < names->count; i++)
		out.items[i] = names->items[i].value;
	return out;
}

/* What only services have, whichever of them the label states. */
static int check_services_only(const struct job *job)
{
	const struct manifest_container *m = &job->merged;
	const struct {
		const char *key;
		bool stated;
		const struct place *at;
	} keys[] = {
		{ "oneshot", m->oneshot.set, &m->oneshot.at },
		{ "critical", m->critical.set, &m->critical.at },
		{ "ready", m->ready.set, &m->ready.at },
		{ "health", m->health.set, &m->health.at },
		{ "watchdog", m->watchdog.value, &m->watchdog.at },
		{ "schedule", m->schedule.set, &m->schedule.at },
		{ "oom", m->oom.value, &m->oom.at },
		{ "ready_timeout", m->ready_timeout.value, &m->ready_timeout.at },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys) && job->stage != PLAN_SERVICES; i++)
		if (keys[i].stated)
			return job_error(job, keys[i].at, "%s: is for services: %s containers run one by one", keys[i].key,
					 plan_stage_names[job->stage]);
	return 0;
}

/* A run of a job is a oneshot; the keys that do not go with it were refused, as far as one document has them. */
static int compile_schedule(struct job *job, struct plan_container *out)
{
	const struct manifest_schedule *s = &job->merged.schedule;
	const char *word = s->word.value, *every = word ? word : s->every.value;

	if (!s->set)
		return 0;
	if (out->oneshot || job->merged.ready.set || job->merged.health.set || job->merged.on_exit.value)
		return job_error(job, &s->at, "schedule: the image's label or the manifest has 'oneshot', 'ready', 'health' or "
				 "'on_exit', which do not go with it");
	if (!every || !manifest_period(every, &out->every))
		out->cron = word ? word : s->cron.value;
	out->oneshot = true;
	return 0;
}

/* That the names are there and none waits for itself is known: tools/mkimage/manifest/order.c. */
static int compile_order(struct job *job, struct plan_container *out)
{
	if (check_services_only(job) < 0)
		return -1;
	out->after = names_of(job, &job->merged.after);
	out->requires = names_of(job, &job->merged.requires);
	out->oneshot = job->merged.oneshot.value;
	out->critical = job->merged.critical.value;
	return compile_schedule(job, out) < 0 ? -1 : ready_compile(job, out);
}

/* One that hangs at the end would keep the machine from ending; one of the emergency is a person at work. */
static int compile_timeout(struct job *job, struct plan_container *out)
{
	const struct manifest_string *timeout = &job->merged.timeout;

	out->timeout = job->stage == PLAN_ONSHUTDOWN ? ONSHUTDOWN_TIMEOUT : 0;
	if (timeout->value && job->stage == PLAN_SERVICES)
		return job_error(job, &timeout->at, "timeout: is not for services, which run for as long as they like");
	if (timeout->value && !manifest_duration(timeout->value, &out->timeout))
		return job_error(job, &timeout->at, "timeout: expected a time such as '10s' or '500ms', got '%s'",
				 timeout->value);
	return 0;
}

/* LinuxKit's names: onboot and onshutdown are numbered by their order, services are not. */
static const char *bundle_of(const struct job *job)
{
	const char *stage = plan_stage_names[job->stage], *name = job->stated->name.value;

	if (job->stage == PLAN_SERVICES)
		return arena_printf(job->arena, "/containers/%s/%s", stage, name);
	return arena_printf(job->arena, "/containers/%s/%03zu-%s", stage, job->index, name);
}

int supervision_compile(struct job *job, struct plan_container *out)
{
	out->stage = job->stage;
	out->name = job->stated->name.value;
	out->bundle = bundle_of(job);
	out->new_pid = job->own_pid;
	out->log = logging_of(job->input->manifest, &job->merged.log);
	out->tty = job->merged.tty.value;
	if (compile_order(job, out) < 0 || compile_exit(job, out) < 0 || compile_restart(job, out) < 0 ||
	    compile_delays(job, out) < 0 || compile_oom(job, out) < 0 || compile_failure(job, out) < 0)
		return -1;
	if (compile_timeout(job, out) < 0)
		return -1;
	return compile_stop(job, out);
}

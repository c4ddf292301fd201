/* SPDX-License-Identifier: Apache-2.0 */
/* How PID 1 looks after a container: restarts, ends, signals. Ours; LinuxKit has none of it. */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/signals.h"

#define RESTARTS_MAX 1000000u		/* as in the plan's table */

const char *const stage_names[PLAN_STAGES] = { "onboot", "services", "onshutdown" };

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
	if (!stated->value) {
		if (job->merged.runtime.no_restart.value)
			out->restart = PLAN_RESTART_NEVER;
		return 0;
	}
	if (word >= 0) {
		out->restart = (enum plan_restart)word;
		if (out->restart == PLAN_RESTART_ALWAYS && job->stage != PLAN_SERVICES)
			return job_error(job, &stated->at, "restart: 'always' is for services: what %s starts next waits "
					 "for this one's end", stage_names[job->stage]);
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

static int compile_exit(struct job *job, struct plan_container *out)
{
	const struct manifest_string *stated = &job->merged.on_exit;
	int word = stated->value ? find_word(exit_words, stated->value) : PLAN_EXIT_IGNORE;

	if (word < 0)
		return job_error(job, &stated->at, "on_exit: expected 'ignore', 'poweroff' or 'reboot', got '%s'",
				 stated->value);
	if (word != PLAN_EXIT_IGNORE && job->stage == PLAN_ONSHUTDOWN)
		return job_error(job, &stated->at, "on_exit: the machine is ending already when onshutdown runs");
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

/* LinuxKit's names: onboot and onshutdown are numbered by their order, services are not. */
static const char *bundle_of(const struct job *job)
{
	const char *stage = stage_names[job->stage], *name = job->stated->name.value;

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
	out->log = "console";
	if (compile_exit(job, out) < 0 || compile_restart(job, out) < 0 || compile_failure(job, out) < 0)
		return -1;
	return compile_stop(job, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/signals.h"

static const char *const stage_names[PLAN_STAGES] = { "onboot", "service", "onshutdown", "emergency" };
const char *const service_health_names[] = { "none", "starting", "healthy", "unhealthy" };

const char *const service_state_names[SERVICE_STATES] = {
	[SERVICE_WAITING] = "waiting",         [SERVICE_STARTING] = "starting", [SERVICE_RUNNING] = "running",
	[SERVICE_READY] = "ready",             [SERVICE_BACKING_OFF] = "backing-off", [SERVICE_STOPPING] = "stopping",
	[SERVICE_DONE] = "done",               [SERVICE_FAILED] = "failed",
};

void service_init(struct service *service, const struct plan_container *container, const struct plan *plan,
		  const struct service_actions *actions)
{
	*service = (struct service){
		.plan = container, .whole = plan, .actions = actions, .pidfd = -1, .oom_wd = -1, .status.fd = -1, .ready.fd = -1,
		.delay = container->restart_delay,
		.stop_signal = container->stop_signal ? signal_number(container->stop_signal) : SIGTERM,
	};
	if (service->stop_signal <= 0)
		service->stop_signal = SIGTERM;
}

bool service_at_rest(const struct service *service)
{
	return service->state == SERVICE_WAITING || service->state == SERVICE_DONE || service->state == SERVICE_FAILED;
}

static const char *forsaken_by(const struct service *s)
{
	for (size_t i = 0; i < s->needs_count; i++) {
		const struct service *on = s->needs[i].on;

		if (s->needs[i].required && (on->state == SERVICE_FAILED || on->forsaken))
			return on->plan->name;
	}
	return "";
}

void service_cause(const struct service *s, struct error *err)
{
	const char *name = s->plan->name;

	if (s->forsaken)
		error_set(err, "'%s' requires '%s', which failed", name, forsaken_by(s));
	else if (s->message_length > 0)
		error_set(err, "'%s': cannot start: %.*s", name, (int)s->message_length, s->message);
	else if (s->ill)
		error_set(err, "'%s' was unhealthy", name);
	else
		error_set(err, "'%s' ended with status %d", name, s->exit_status);
}

/* ------------------------------------------------------- what the cells do; each gives the next state */

static enum service_state after_end(struct service *s);

static enum service_state start(struct service *s)
{
	struct error err = { 0 };

	/* Left behind by stop_now(): two of them would be in each other's way. */
	if (s->killed && s->pid != 0)
		return s->state;
	s->deadline = 0;
	s->message_length = 0;
	s->killed = false;
	s->forsaken = s->failure_told = s->ill = false;
	s->oom_kills_before = s->oom_kills;
	s->said[0] = '\0';
	s->starts++;
	if (s->actions->spawn(s, &err) == 0) {
		if (s->plan->ready != PLAN_READY_EXEC)
			s->deadline = s->actions->now() + s->plan->ready_timeout;
		return SERVICE_STARTING;
	}
	log_error("%s '%s': cannot start: %s", stage_names[s->plan->stage], s->plan->name, err.message);
	s->exit_status = 127;
	return after_end(s);
}

/* Asked for from outside, and not by a timer of its own: what was before does not count. */
static enum service_state start_anew(struct service *s)
{
	if (s->killed && s->pid != 0)
		return s->state;
	s->tries = 0;
	s->delay = s->plan->restart_delay;
	return start(s);
}

static enum service_state started(struct service *s)
{
	s->started_at = s->actions->now();
	s->actions->started(s);
	log_info("%s '%s': started as process %d", stage_names[s->plan->stage], s->plan->name, (int)s->pid);
	return s->plan->oneshot || s->plan->ready != PLAN_READY_EXEC ? SERVICE_RUNNING : SERVICE_READY;
}

static enum service_state said_ready(struct service *s)
{
	if (s->plan->oneshot)
		return SERVICE_RUNNING;
	s->deadline = 0;
	log_info("%s '%s': ready", stage_names[s->plan->stage], s->plan->name);
	return SERVICE_READY;
}

static bool may_restart(const struct service *s)
{
	if (s->plan->restart == PLAN_RESTART_NEVER)
		return false;
	if (s->exit_status == 0 && (s->plan->restart == PLAN_RESTART_ON_FAILURE || s->plan->oneshot))
		return false;
	return s->plan->restart_max == 0 || s->tries < s->plan->restart_max;
}

/* A job whose run failed has its next one all the same, unless the machine is nothing without it. */
static enum service_state end_for_good(const struct service *s)
{
	if (plan_is_scheduled(s->plan) && (s->exit_status == 0 || !s->plan->critical))
		return SERVICE_WAITING;
	return s->exit_status == 0 ? SERVICE_DONE : SERVICE_FAILED;
}

/* It ended, or could not be started: again after a while, or for good. */
static enum service_state after_end(struct service *s)
{
	int64_t now = s->actions->now();

	s->deadline = 0;
	if (!may_restart(s))
		return end_for_good(s);
	if (s->started_at != 0 && now - s->started_at >= s->plan->restart_reset)
		s->delay = s->plan->restart_delay;
	/* 0 is no deadline, and a delay may be 0. */
	s->deadline = now + (s->delay ? s->delay : 1);
	s->restarts++;
	s->tries++;
	log_warning("%s '%s': starts again in %u ms", stage_names[s->plan->stage], s->plan->name, s->delay);
	s->delay = s->delay > s->plan->restart_delay_max / 2 ? s->plan->restart_delay_max : s->delay * 2;
	s->started_at = 0;
	return SERVICE_BACKING_OFF;
}

/* Whatever its first process left behind ends with it. */
static enum service_state ended(struct service *s)
{
	s->actions->kill_all(s);
	if (s->message_length > 0)
		log_error("%s '%s': cannot start: %.*s", stage_names[s->plan->stage], s->plan->name,
			  (int)s->message_length, s->message);
	else if (s->oom_kills != s->oom_kills_before)
		log_warning("%s '%s': ended with status %d, after %u of its processes were killed for want of memory",
			    stage_names[s->plan->stage], s->plan->name, s->exit_status,
			    s->oom_kills - s->oom_kills_before);
	else if (s->exit_status != 0)
		log_warning("%s '%s': ended with status %d", stage_names[s->plan->stage], s->plan->name, s->exit_status);
	else
		log_info("%s '%s': ended with status 0", stage_names[s->plan->stage], s->plan->name);
	return after_end(s);
}

/* Also where the program has not begun yet: there is nobody to ask, and the first of a PID namespace would not hear it. */
static enum service_state kill_now(struct service *s)
{
	s->killed = true;
	s->actions->kill_all(s);
	s->actions->signal(s, SIGKILL);
	s->deadline = s->actions->now() + SERVICE_KILL_WAIT;
	return SERVICE_STOPPING;
}

static enum service_state stop_because(struct service *s, enum service_reason reason)
{
	s->reason = reason;
	if (s->state == SERVICE_STARTING)
		return kill_now(s);
	s->actions->signal(s, s->stop_signal);
	s->deadline = s->actions->now() + s->plan->stop_timeout;
	return SERVICE_STOPPING;
}

static enum service_state stop(struct service *s)
{
	return stop_because(s, REASON_ASKED);
}

static enum service_state stop_waiting(struct service *s)
{
	s->deadline = 0;
	return SERVICE_DONE;
}

/* It stops already, be it for another reason: now it is not to come back. */
static enum service_state stop_for_good(struct service *s)
{
	s->reason = REASON_ASKED;
	return SERVICE_STOPPING;
}

static enum service_state restart(struct service *s)
{
	return stop_because(s, REASON_RESTART);
}

/* It stops already: it is to come back, unless it has failed others. */
static enum service_state restart_stopping(struct service *s)
{
	if (s->reason != REASON_FORSAKEN)
		s->reason = REASON_RESTART;
	return SERVICE_STOPPING;
}

static enum service_state late(struct service *s)
{
	log_error("%s '%s': not ready %u ms after its start: stopped%s%s", stage_names[s->plan->stage], s->plan->name,
		  s->plan->ready_timeout, *s->said ? ": " : "", s->said);
	return stop_because(s, REASON_LATE);
}

/* What made it so was said by who found it. */
static enum service_state ill(struct service *s)
{
	s->ill = true;
	return stop_because(s, REASON_ILL);
}

static enum service_state forsake(struct service *s)
{
	log_error("%s '%s': stopped: it requires '%s', which failed", stage_names[s->plan->stage], s->plan->name,
		  forsaken_by(s));
	return stop_because(s, REASON_FORSAKEN);
}

static enum service_state forsake_waiting(struct service *s)
{
	log_error("%s '%s': not started: it requires '%s', which failed", stage_names[s->plan->stage], s->plan->name,
		  forsaken_by(s));
	s->deadline = 0;
	s->exit_status = 1;
	return SERVICE_FAILED;
}

static enum service_state forsake_stopping(struct service *s)
{
	if (s->reason != REASON_ASKED)
		s->reason = REASON_FORSAKEN;
	return SERVICE_STOPPING;
}

/* It stopped, or is left behind: what it comes to is what it was stopped for. */
static enum service_state stopped_for(struct service *s)
{
	s->deadline = 0;
	switch (s->reason) {
	case REASON_ASKED:
	case REASON_RESTART:
		return SERVICE_DONE;
	case REASON_FORSAKEN:
		s->exit_status = 1;
		return SERVICE_FAILED;
	case REASON_LATE:
		s->exit_status = SERVICE_STATUS_LATE;
		s->message_length = (size_t)snprintf(s->message, sizeof(s->message), "not ready after %u ms%s%s",
						     s->plan->ready_timeout, *s->said ? ": " : "", s->said);
		break;
	case REASON_ILL:
		s->exit_status = SERVICE_STATUS_ILL;
	}
	return SERVICE_FAILED;
}

static enum service_state stop_now(struct service *s)
{
	/* In the kernel, at a disk that does not answer: the machine's end does not wait for it. */
	if (s->killed) {
		log_error("%s '%s': still there %d ms after it was killed: left behind", stage_names[s->plan->stage],
			  s->plan->name, SERVICE_KILL_WAIT);
		return stopped_for(s);
	}
	log_warning("%s '%s': still there %u ms after signal %d: killed", stage_names[s->plan->stage], s->plan->name,
		    s->plan->stop_timeout, s->stop_signal);
	return kill_now(s);
}

static enum service_state stopped(struct service *s)
{
	enum service_state next;

	s->actions->kill_all(s);
	next = stopped_for(s);
	if (s->reason == REASON_RESTART)
		return start_anew(s);
	return s->reason == REASON_LATE || s->reason == REASON_ILL ? after_end(s) : next;
}

/* An empty cell: nothing is done and the state stays. */
static enum service_state (*const table[SERVICE_STATES][SERVICE_EVENTS])(struct service *) = {
	[SERVICE_WAITING] = {
		[SERVICE_START] = start_anew, [SERVICE_STOP] = stop_waiting, [SERVICE_RESTART] = start_anew,
		[SERVICE_FORSAKE] = forsake_waiting,
	},
	[SERVICE_STARTING] = {
		[SERVICE_STARTED] = started, [SERVICE_EXITED] = ended, [SERVICE_TIMER] = late,
		[SERVICE_STOP] = stop, [SERVICE_RESTART] = restart, [SERVICE_FORSAKE] = forsake,
	},
	[SERVICE_RUNNING] = {
		[SERVICE_IS_READY] = said_ready, [SERVICE_EXITED] = ended, [SERVICE_TIMER] = late,
		[SERVICE_STOP] = stop, [SERVICE_RESTART] = restart, [SERVICE_FORSAKE] = forsake,
	},
	[SERVICE_READY] = {
		[SERVICE_EXITED] = ended, [SERVICE_STOP] = stop, [SERVICE_RESTART] = restart,
		[SERVICE_FORSAKE] = forsake, [SERVICE_IS_ILL] = ill,
	},
	[SERVICE_BACKING_OFF] = {
		[SERVICE_START] = start_anew, [SERVICE_TIMER] = start, [SERVICE_STOP] = stop_waiting,
		[SERVICE_RESTART] = start_anew, [SERVICE_FORSAKE] = forsake_waiting,
	},
	[SERVICE_STOPPING] = {
		[SERVICE_EXITED] = stopped, [SERVICE_TIMER] = stop_now, [SERVICE_STOP] = stop_for_good,
		[SERVICE_START] = restart_stopping, [SERVICE_RESTART] = restart_stopping,
		[SERVICE_FORSAKE] = forsake_stopping,
	},
	[SERVICE_DONE] = { [SERVICE_START] = start_anew, [SERVICE_RESTART] = start_anew },
	[SERVICE_FAILED] = { [SERVICE_START] = start_anew, [SERVICE_RESTART] = start_anew },
};

void service_event(struct service *service, enum service_event event)
{
	enum service_state (*cell)(struct service *) = table[service->state][event];

	enum service_state before = service->state;
	/* Before anything is done: making the process is a part of the start. */
	int64_t at = service->actions->now_us();

	if (cell)
		service->state = cell(service);
	if (service->state == before)
		return;
	service->since = service->actions->now();
	if (service->reached[service->state] == 0)
		service->reached[service->state] = at;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/service.h"

#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/signals.h"

static const char *const state_names[SERVICE_STATES] = {
	"waiting", "starting", "running", "backing off", "stopping", "done", "failed",
};

static const char *const stage_names[PLAN_STAGES] = { "onboot", "service", "onshutdown" };

const char *service_state_name(enum service_state state)
{
	return state_names[state];
}

void service_init(struct service *service, const struct plan_container *container, const struct plan *plan,
		  const struct service_actions *actions)
{
	*service = (struct service){
		.plan = container, .whole = plan, .actions = actions, .pidfd = -1, .status_fd = -1,
		.delay = SERVICE_DELAY_FIRST,
		.stop_signal = container->stop_signal ? signal_number(container->stop_signal) : SIGTERM,
	};
	if (service->stop_signal <= 0)
		service->stop_signal = SIGTERM;
}

bool service_at_rest(const struct service *service)
{
	return service->state == SERVICE_WAITING || service->state == SERVICE_DONE || service->state == SERVICE_FAILED;
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
	if (s->actions->spawn(s, &err) == 0)
		return SERVICE_STARTING;
	log_error("%s '%s': cannot start: %s", stage_names[s->plan->stage], s->plan->name, err.message);
	s->exit_status = 127;
	return after_end(s);
}

static enum service_state started(struct service *s)
{
	s->started_at = s->actions->now();
	s->actions->started(s);
	log_info("%s '%s': started as process %d", stage_names[s->plan->stage], s->plan->name, (int)s->pid);
	return SERVICE_RUNNING;
}

static bool may_restart(const struct service *s)
{
	if (s->plan->restart == PLAN_RESTART_NEVER)
		return false;
	if (s->plan->restart == PLAN_RESTART_ON_FAILURE && s->exit_status == 0)
		return false;
	return s->plan->restart_max == 0 || s->restarts < s->plan->restart_max;
}

/* It ended, or could not be started: again after a while, or for good. */
static enum service_state after_end(struct service *s)
{
	int64_t now = s->actions->now();

	if (!may_restart(s))
		return s->exit_status == 0 ? SERVICE_DONE : SERVICE_FAILED;
	if (s->started_at != 0 && now - s->started_at >= SERVICE_STEADY)
		s->delay = SERVICE_DELAY_FIRST;
	s->deadline = now + s->delay;
	s->restarts++;
	log_warning("%s '%s': starts again in %u ms", stage_names[s->plan->stage], s->plan->name, s->delay);
	s->delay = s->delay > SERVICE_DELAY_CAP / 2 ? SERVICE_DELAY_CAP : s->delay * 2;
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
	else if (s->exit_status != 0)
		log_warning("%s '%s': ended with status %d", stage_names[s->plan->stage], s->plan->name, s->exit_status);
	else
		log_info("%s '%s': ended with status 0", stage_names[s->plan->stage], s->plan->name);
	return after_end(s);
}

static enum service_state stop(struct service *s)
{
	s->actions->signal(s, s->stop_signal);
	s->deadline = s->actions->now() + s->plan->stop_timeout;
	return SERVICE_STOPPING;
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

static enum service_state stop_waiting(struct service *s)
{
	s->deadline = 0;
	return SERVICE_DONE;
}

static enum service_state stop_now(struct service *s)
{
	/* In the kernel, at a disk that does not answer: the machine's end does not wait for it. */
	if (s->killed) {
		log_error("%s '%s': still there %d ms after it was killed: left behind", stage_names[s->plan->stage],
			  s->plan->name, SERVICE_KILL_WAIT);
		s->deadline = 0;
		return SERVICE_DONE;
	}
	log_warning("%s '%s': still there %u ms after signal %d: killed", stage_names[s->plan->stage], s->plan->name,
		    s->plan->stop_timeout, s->stop_signal);
	return kill_now(s);
}

static enum service_state stopped(struct service *s)
{
	s->actions->kill_all(s);
	s->deadline = 0;
	return SERVICE_DONE;
}

/* An empty cell: nothing is done and the state stays. */
static enum service_state (*const table[SERVICE_STATES][SERVICE_EVENTS])(struct service *) = {
	[SERVICE_WAITING]     = { [SERVICE_START] = start, [SERVICE_STOP] = stop_waiting },
	[SERVICE_STARTING]    = { [SERVICE_STARTED] = started, [SERVICE_EXITED] = ended, [SERVICE_STOP] = kill_now },
	[SERVICE_RUNNING]     = { [SERVICE_EXITED] = ended, [SERVICE_STOP] = stop },
	[SERVICE_BACKING_OFF] = { [SERVICE_START] = start, [SERVICE_TIMER] = start, [SERVICE_STOP] = stop_waiting },
	[SERVICE_STOPPING]    = { [SERVICE_EXITED] = stopped, [SERVICE_TIMER] = stop_now },
	[SERVICE_DONE]        = { [SERVICE_START] = start },
	[SERVICE_FAILED]      = { [SERVICE_START] = start },
};

void service_event(struct service *service, enum service_event event)
{
	enum service_state (*cell)(struct service *) = table[service->state][event];

	if (cell)
		service->state = cell(service);
}

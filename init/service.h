/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container of the plan as PID 1 sees it: a state, and a table that says
 * for every state and event what is done and what comes next.
 */
#ifndef INIT_SERVICE_H
#define INIT_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "init/loop.h"
#include "plan/plan.h"

enum service_state {
	SERVICE_WAITING,		/* not asked for yet, or for those that come before it, or for its time */
	SERVICE_STARTING,		/* the child sets its container up */
	SERVICE_RUNNING,		/* execve worked, and it is not ready yet; a oneshot never is but by its end */
	SERVICE_READY,			/* those that come after it may start */
	SERVICE_BACKING_OFF,		/* ended; a timer will start it again */
	SERVICE_STOPPING,		/* was asked to end */
	SERVICE_DONE,			/* ended with status 0, or was stopped */
	SERVICE_FAILED,			/* ended otherwise, for good */
	SERVICE_STATES,
};

enum service_event {
	SERVICE_START,
	SERVICE_STARTED,		/* the status pipe closed without a message */
	SERVICE_IS_READY,		/* it said so; only where the plan has it say so */
	SERVICE_EXITED,			/* reaped; exit_status is set */
	SERVICE_TIMER,			/* the deadline came */
	SERVICE_STOP,
	SERVICE_RESTART,		/* asked for: what runs is stopped first */
	SERVICE_FORSAKE,		/* one that it requires has failed */
	SERVICE_IS_ILL,			/* its health or its watchdog says so, and it is to be started again */
	SERVICE_EVENTS,
};

/* Why a service is STOPPING: what becomes of it then. */
enum service_reason {
	REASON_ASKED,			/* DONE */
	REASON_FORSAKEN,		/* FAILED */
	REASON_LATE,			/* not ready in time: as if it had ended with SERVICE_STATUS_LATE */
	REASON_RESTART,			/* STARTING */
	REASON_ILL,			/* the same with SERVICE_STATUS_ILL */
};

/* What its `health` has found; for whoever asks. */
enum service_health {
	HEALTH_NONE,			/* it has no such probe, or does not run */
	HEALTH_UNKNOWN,			/* no probe has ended yet, or only failures in its start_period */
	HEALTH_GOOD,
	HEALTH_BAD,			/* as many failures in a row as it may have */
};

extern const char *const service_state_names[SERVICE_STATES];

/* A service that another one waits for. */
struct service;
struct service_need {
	const struct service *on;
	bool required;			/* its failure is the other's */
};

/* What a service needs done in the world. PID 1 has one set, the model test another. */
struct service_actions {
	int (*spawn)(struct service *service, struct error *err);	/* sets pid and what it listens on */
	void (*signal)(struct service *service, int signal);
	void (*kill_all)(struct service *service);	/* every process of its cgroup */
	void (*started)(struct service *service);
	int64_t (*now)(void);				/* milliseconds, monotonic */
	int64_t (*now_us)(void);			/* microseconds of the same clock */
};

#define SERVICE_SAID_MAX 128

struct service {
	const struct plan_container *plan;
	const struct plan *whole;
	const struct service_actions *actions;
	enum service_state state;
	pid_t pid;			/* 0: none */
	int pidfd;			/* -1: not open */
	struct loop_source status, ready;	/* the pipes on which set-up and program tell how they are */
	int stop_signal;
	int exit_status;		/* 0..255; 128 + signal */
	unsigned int starts;		/* also those that could not be */
	unsigned int restarts;		/* by itself, in all */
	unsigned int tries;		/* of them since it was last asked to start, which the plan may limit */
	unsigned int missed;		/* starts of its schedule that found it running, or waiting for others */
	unsigned int oom_kills;		/* of processes in its cgroup, by the kernel, since boot */
	unsigned int oom_kills_before;	/* the same when it was last started */
	unsigned int oom_told;		/* oom.c: what the cgroup has told already */
	int oom_wd;			/* and its inotify watch; -1 */
	bool oom_paused;
	enum service_health health;
	unsigned int health_failures;	/* in a row */
	bool ill;			/* why it is STOPPING or has FAILED: its health */
	char said[SERVICE_SAID_MAX];	/* the last STATUS= of sd_notify(3), or what its last bad probe said; "" is nothing */
	bool killed;			/* SIGKILL was sent while stopping */
	bool cgroup_killed;		/* once at least, by cgroup.kill */
	unsigned int delay;		/* milliseconds, of the next restart */
	const struct service_need *needs;	/* made by order_open() */
	size_t needs_count;
	bool held;			/* order.c: one that needs it is not at rest */
	bool forsaken;			/* one that it requires has failed, or is about to */
	bool failure_told;		/* of a critical one */
	enum service_reason reason;	/* while STOPPING */
	int64_t since;			/* when it came into its state; 0 is from the beginning */
	int64_t reached[SERVICE_STATES];	/* microseconds: what first brought it into each state; 0 is never */
	int64_t started_at;		/* when execve last worked */
	int64_t deadline;		/* of the timer; 0 is none */
	size_t ready_length;		/* bytes of the line that tells that it is ready */
	size_t message_length;
	char message[512];		/* why set-up failed, from the child */
};

#define SERVICE_KILL_WAIT 5000		/* milliseconds from SIGKILL until a process that the kernel holds is left behind */
#define SERVICE_READY_LINE_MAX 256
#define SERVICE_STATUS_LATE 124	/* as timeout(1) has it */
#define SERVICE_STATUS_ILL 125

void service_init(struct service *service, const struct plan_container *container, const struct plan *plan,
		  const struct service_actions *actions);

/* Looks the cell up and does it. An event that means nothing in a state changes nothing. */
void service_event(struct service *service, enum service_event event);

extern const char *const service_health_names[];	/* "none", "starting", "healthy", "unhealthy" */

/* DONE, FAILED or WAITING: nothing of it runs and nothing will start it by itself. */
bool service_at_rest(const struct service *service);

/* Of a FAILED service, why: "'web' ended with status 3". */
void service_cause(const struct service *service, struct error *err);

#endif

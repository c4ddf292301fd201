/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets on which services tell how they are, by the protocol of sd_notify(3): READY=1, STATUS=, WATCHDOG=1, STOPPING=1. One
 * for each service that asks for it, in a directory that only its container sees. What does not come from a process of
 * the service's cgroup is not heard.
 */
#ifndef INIT_NOTIFY_H
#define INIT_NOTIFY_H

#include "base/arena.h"
#include "init/init.h"

/* Makes and listens on the sockets; once, after loop_open(). What it makes is in the arena. */
int notify_open(struct machine *machine, struct arena *arena, struct error *err);

/* Begins and ends to wait for signs of life, as the services' states want it. To be called after every event. */
void notify_advance(struct machine *machine);

/* One message, as far as it means something: for the tests. */
struct notify_message {
	bool ready, stopping, alive, ill;	/* READY=1, STOPPING=1, WATCHDOG=1, WATCHDOG=trigger */
	char said[128];				/* STATUS=, made one line; "" where there was none */
	bool has_said;
};
void notify_parse(const char *text, size_t length, struct notify_message *message);

/* Whether /proc/PID/cgroup, which is "0::/PATH\n", is that of the cgroup, or of one below it. */
bool notify_is_in_cgroup(const char *text, const char *cgroup);

#endif

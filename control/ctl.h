/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that look at a machine and steer it: `slipway ctl` on the host, `ctl` inside the machine. They are the
 * same but for how the machine is reached.
 */
#ifndef CONTROL_CTL_H
#define CONTROL_CTL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/option.h"
#include "control/client.h"

/* How this program reaches its machine. */
struct ctl_way {
	const char *program;		/* for help and messages: "slipway ctl" */
	const struct option *options;	/* its own, into `values`; NULL: none */
	void *values;
	int (*open)(struct error *err);	/* a connection, or -1 with the error */
};

/* The whole program; returns the exit status. */
int ctl_main(const struct ctl_way *way, int argc, char **argv);

/* ------------------------------------------------------------ for the commands */

/* What all of them have: first in the struct of each one's options. */
struct ctl_options {
	bool json;
};

#define CTL_OPTION_JSON { OPTION_FLAG, 0, "json", NULL, "print JSON", offsetof(struct ctl_options, json) }

/*
 * Connects and asks; the client is static, for there is one at a time. NULL with the error. `seconds` for the answer; 0 is for
 * ever, where it comes when something is done.
 */
#define CTL_TIMEOUT 30u
struct client *ctl_ask(const struct buffer *request, unsigned int seconds, struct error *err);

extern const struct option_command ctl_command_status, ctl_command_top, ctl_command_logs, ctl_command_dmesg,
	ctl_command_metrics, ctl_command_start, ctl_command_stop, ctl_command_restart, ctl_command_poweroff,
	ctl_command_reboot, ctl_command_exec;

/* Parses argv and runs `run`: what every command does. Returns the exit status, which is `failed` after an error. */
int ctl_run(const struct option_command *command, int argc, char **argv, void *values,
	    int (*run)(void *values, const struct option_list *operands, struct error *err), int failed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The pseudo-terminal of a container: config.md, "Process", terminal and consoleSize. */
#ifndef RUNTIME_LINUX_TERMINAL_H
#define RUNTIME_LINUX_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"
#include "oci/config.h"

struct terminal {
	int master, slave;		/* -1 where not open */
};

/*
 * A pair from the container's own /dev/pts, and its slave bound over /dev/console. The
 * devpts is checked to be one: an image must not hand us another file.
 */
int terminal_open(int root, const struct oci_process *process, struct terminal *terminal, struct error *err);

/* A pair from the devpts at the process's own root, without a console: for a process that joins. */
int terminal_open_here(const struct oci_process *process, struct terminal *terminal, struct error *err);

/* Makes the slave standard input, output and error, and the controlling terminal of a new session. */
int terminal_take(struct terminal *terminal, struct error *err);

void terminal_close(struct terminal *terminal);

/* Sends a descriptor over a connected socket, with a name as the message's bytes. */
int terminal_send(int socket, int fd, const char *name, struct error *err);
/* Receives one; -1 with the error. */
int terminal_receive(int socket, struct error *err);

/* The size of this process's terminal is the new one's, from the start. */
void terminal_take_size(struct oci_process *process);

/*
 * Lines of a terminal whose output we copy end in a newline alone, as the program wrote them: where it goes may be a
 * file; and a terminal knows by itself what a newline is.
 */
void terminal_end_lines_plainly(int master);

/* The terminal of this process passes every key on, and has its size as that of `master`. False where it has none. */
bool terminal_make_raw(int master, struct termios *before);
void terminal_restore(const struct termios *before);
void terminal_pass_size(int master);

#endif

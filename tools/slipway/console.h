/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal while QEMU has it. QEMU makes it raw and its descriptors
 * non-blocking, and gives neither back when it is killed; so both are
 * remembered before and put back after, whatever happened.
 */
#ifndef SLIPWAY_CONSOLE_H
#define SLIPWAY_CONSOLE_H

#include <stdbool.h>
#include <termios.h>

struct console {
	bool terminal;			/* standard input is a terminal, and ours to use */
	bool background;		/* standard input is a terminal that belongs to another job */
	struct termios settings;	/* where `terminal` */
	int flags[3];			/* of descriptors 0 to 2; -1 where unknown */
};

/* Sees to it that descriptors 0 to 2 are open, so that nothing else gets their numbers. */
void console_open_standard(void);

void console_save(struct console *console);

/*
 * Leaves Ctrl-C as the only key with a meaning on this side: Ctrl-Z would stop QEMU with
 * the terminal raw, and Ctrl-\ end it with a core dump. Both go to the guest.
 */
void console_prepare(const struct console *console);

void console_restore(const struct console *console);

#endif

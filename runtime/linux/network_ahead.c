/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/network_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdalign.h>
#include <stddef.h>
#include <sys/wait.h>

#include "runtime/linux/net_devices.h"
#include "runtime/linux/own_program.h"

#define STACK_BYTES 16384

/*
 * In the memory of the runtime, and with its descriptors: nothing is copied to make it, and what it opens is there for
 * both. Only system calls here: the C library takes the two for one.
 */
static int make(void *data)
{
	struct network_ahead *ahead = data;

	own_program_let_go();
	ahead->fd = unshare(CLONE_NEWNET) < 0 || net_devices_raise_loopback() < 0 ?
			    -1 : openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ahead->number = ahead->fd < 0 ? errno : 0;
	return 0;
}

bool network_ahead_start(struct network_ahead *ahead)
{
	static alignas(16) unsigned char stack[STACK_BYTES];

	*ahead = (struct network_ahead){ .fd = -1, .number = ECHILD };
	/* Its end is no signal: who waits in the foreground watches those. */
	ahead->helper = clone(make, stack + sizeof(stack), CLONE_VM | CLONE_FILES, ahead);
	if (ahead->helper < 0)
		ahead->helper = 0;
	return ahead->helper > 0;
}

int network_ahead_finish(struct network_ahead *ahead, struct error *err)
{
	while (ahead->helper > 0 && waitpid(ahead->helper, NULL, __WCLONE) < 0 && errno == EINTR)
		;
	ahead->helper = 0;
	return ahead->fd < 0 ? error_number(err, ahead->number, "cannot make a new network namespace") : ahead->fd;
}

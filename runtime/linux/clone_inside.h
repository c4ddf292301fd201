/* SPDX-License-Identifier: Apache-2.0 */
/* A child that is made from inside of namespaces which this process itself does not enter. */
#ifndef RUNTIME_LINUX_CLONE_INSIDE_H
#define RUNTIME_LINUX_CLONE_INSIDE_H

#include <linux/sched.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * A user namespace owns what is made in it, and only who is inside may make it: a PID namespace made before
 * a user namespace is joined has no /proc for its root. So a process in between calls `enter`, makes the
 * child as kernel_clone3() would, and is gone.
 * The child is this process's all the same, and its pidfd comes to where `args` says. Returns as fork does; -1 with the error.
 */
pid_t clone_inside(struct clone_args *args, int (*enter)(void *data, struct error *err), void *data,
		   struct error *err);

#endif

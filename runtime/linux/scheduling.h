/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When, where and as what the kernel runs a process: config.md, "scheduler", "ioPriority" and "execCPUAffinity";
 * config-linux.md, "Personality" and "Memory policy".
 */
#ifndef RUNTIME_LINUX_SCHEDULING_H
#define RUNTIME_LINUX_SCHEDULING_H

#include <sys/types.h>

#include "base/error.h"
#include "oci/config.h"

/* What can be known to be wrong before anything is made. `process` may be NULL. */
int scheduling_check(const struct oci_process *process, const struct oci_linux *config, struct error *err);

/*
 * Scheduler, priority of input and output, memory policy and personality of this process. Comes after it is in its
 * cgroup, which may forbid a real-time policy or memory nodes, and while it still may do so.
 */
int scheduling_apply(const struct oci_process *process, const struct oci_linux *config, struct error *err);

/* For a process (0: this one) every CPU that its cgroup allows, whatever the caller was bound to. */
void scheduling_use_all_cpus(pid_t pid);

/* The one that it runs on, until somebody says otherwise. */
void scheduling_stay_on_cpu(void);

/* The CPUs "0-3,7" for this process and those it makes; NULL is passed over. */
int scheduling_set_cpus(const char *cpus, struct error *err);

/* Words of the specification that are known, ended by NULL: for `features`. */
extern const char *const memory_policy_mode_names[], *const memory_policy_flag_names[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of a process in one line: proc_pid_stat(5). */
#ifndef RUNTIME_LINUX_PROCESS_STAT_H
#define RUNTIME_LINUX_PROCESS_STAT_H

#include <stdint.h>
#include <sys/types.h>

struct process_stat {
	char state;			/* 'R', 'S', ...; 'Z' and 'X' have ended */
	uint64_t ignored;		/* signals: bit 0 is signal 1; those below 32 */
	uint64_t start_time;		/* in clock ticks since boot */
	/* Where its memory is. 0 in one that this process has no rights to look into. */
	uint64_t code_start, code_end, stack_start, data_start, data_end, heap_start, arguments_start, arguments_end,
		environment_start, environment_end;
};

/* `pid` 0 is this process. -1 where there is none, without a message: mostly that is an answer, not a failure. */
int process_stat_read(pid_t pid, struct process_stat *stat);

#endif

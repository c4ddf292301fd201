/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_OWN_PROGRAM_H
#define RUNTIME_LINUX_OWN_PROGRAM_H

#include "runtime/linux/process_stat.h"

#define OWN_PROGRAM "/proc/self/exe"

/*
 * From now on this process, and its children, are what runs `file`: a descriptor, open for reading, of the very program
 * that runs, reached by another way. What execve(2) would do in ten times the time. `stat` is this process's own.
 * -1 and errno where the kernel or the way the program was linked does not allow it; nothing has changed then.
 */
int own_program_replace(int file, const struct process_stat *stat);

/*
 * The mount that the file was reached by. To give it up takes the kernel as long as all of the above together, so it is kept
 * until somebody has time for that.
 */
void own_program_keep(int mount);
void own_program_let_go(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a disk that may never answer. Whoever waits for such a disk in the kernel cannot be killed: so a process is made that
 * is left behind then. For children of PID 1, not for itself.
 */
#ifndef INIT_STORAGE_PATIENCE_H
#define INIT_STORAGE_PATIENCE_H

#include <stddef.h>

#define PATIENCE_DISK 15000u		/* milliseconds that a disk has for an answer, those of a motor that starts not counted */

#define PATIENCE_ANSWER_MAX 4096u	/* bytes */

/*
 * Calls `ask` in a process of its own, which leaves `size` bytes at `answer`. 0 with these; -1 with ETIMEDOUT where they have not come
 * after so many milliseconds, or with the cause why it could not be asked. A `subject` that has not answered once is not asked again:
 * each time would cost a process.
 */
int patience_ask(const char *subject, void (*ask)(void *context, void *answer), void *context, void *answer, size_t size,
		 unsigned int timeout);

#endif

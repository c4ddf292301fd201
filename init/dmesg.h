/* SPDX-License-Identifier: Apache-2.0 */
/* Records of /dev/kmsg, one a read(2). */
#ifndef INIT_DMESG_H
#define INIT_DMESG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMESG_BYTES_MAX 8192		/* the kernel's CONSOLE_EXT_LOG_MAX */

struct dmesg_record {
	unsigned int priority, facility;	/* syslog(3) */
	uint64_t sequence;
	int64_t monotonic_us;
	const char *text;			/* one line, borrowed */
};

/* `text` has room for one byte behind `length`. False where it is no such record. */
bool dmesg_parse(char *text, size_t length, struct dmesg_record *record);

/* CLOCK_REALTIME of the moment when CLOCK_MONOTONIC was 0, by the clock as it goes now: microseconds. */
int64_t dmesg_boot_time(void);

#endif

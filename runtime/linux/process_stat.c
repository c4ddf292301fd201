/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/process_stat.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LINE_BYTES_MAX 2048		/* 52 numbers and a name of 64 bytes */

/* By their numbers in the manual page, in ascending order. */
static const struct {
	unsigned int number;
	size_t offset;
} fields[] = {
#define ROW(number, name) { number, offsetof(struct process_stat, name) }
	ROW(22, start_time), ROW(26, code_start), ROW(27, code_end), ROW(28, stack_start), ROW(33, ignored),
	ROW(45, data_start), ROW(46, data_end), ROW(47, heap_start), ROW(48, arguments_start), ROW(49, arguments_end),
	ROW(50, environment_start), ROW(51, environment_end),
#undef ROW
};
#define STATE_FIELD 3

static int parse(const char *line, struct process_stat *stat)
{
	/* The name may hold anything, also parentheses: the last one ends it. */
	const char *p = strrchr(line, ')');
	unsigned int number = STATE_FIELD;

	if (!p || p[1] != ' ')
		return -1;
	p += 2;
	stat->state = *p;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (; number < fields[i].number; number++) {
			p = strchr(p, ' ');
			if (!p)
				return -1;
			p++;
		}
		*(uint64_t *)(void *)((char *)stat + fields[i].offset) = strtoull(p, NULL, 10);
	}
	return 0;
}

int process_stat_read(pid_t pid, struct process_stat *stat)
{
	char path[32] = "/proc/self/stat", line[LINE_BYTES_MAX];
	autoclose int fd = -1;
	ssize_t n;

	if (pid)
		(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return -1;
	line[n] = '\0';
	return parse(line, stat);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1200

static struct {
	const char *program;
	int fd;
	enum log_level lowest;
	bool kmsg;
	void (*take)(enum log_level level, const char *text);
} log_state = { "slipway", STDERR_FILENO, LOG_LEVEL_INFO, false, NULL };

/* Daemon facility (3 << 3), and the severity of syslog(3). */
static const char *const kmsg_priority[] = { "<31>", "<30>", "<28>", "<27>" };
static const char *const level_word[] = { "debug: ", "", "warning: ", "error: " };

void log_open(const char *program, int fd, enum log_level lowest, bool kmsg)
{
	log_state.program = program;
	log_state.fd = fd;
	log_state.lowest = lowest;
	log_state.kmsg = kmsg;
}

void log_divert(void (*take)(enum log_level level, const char *text), int fd)
{
	log_state.take = take;
	log_state.fd = fd;
}

int log_descriptor(void)
{
	return log_state.take ? log_state.fd : -1;
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	size_t used;
	va_list ap;
	int n;

	if (level < log_state.lowest)
		return;
	line[0] = '\0';
	n = log_state.take ? 0 : snprintf(line, sizeof(line), "%s%s: %s", log_state.kmsg ? kmsg_priority[level] : "", log_state.program,
		     level_word[level]);
	used = n > 0 ? (size_t)n : 0;
	va_start(ap, format);
	n = vsnprintf(line + used, sizeof(line) - used, format, ap);
	va_end(ap);
	used += n > 0 ? (size_t)n : 0;
	if (log_state.take) {
		log_state.take(level, line);
		return;
	}
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	/* A log that cannot be written has nobody to tell. */
	if (write(log_state.fd, line, used) < 0)
		return;
}

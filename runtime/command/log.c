/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "oci/log_line.h"

static int log_fd = -1;

/* In the words of runc's log, by which callers know them. */
static const char *const level_words[] = {
	[LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_ERROR] = "error",
};

static void add_quoted(struct buffer *out, const char *text)
{
	for (const char *p = text; *p; p++)
		buffer_printf(out, *p == '"' || *p == '\\' ? "\\%c" : *p == '\n' ? "\\n" : "%c", *p);
}

static void write_line(enum log_level level, const char *message)
{
	autobuffer struct buffer text = { 0 };
	time_t now = time(NULL);
	struct tm tm;
	char when[32];

	(void)gmtime_r(&now, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (runtime_globals.log_format && strcmp(runtime_globals.log_format, "json") == 0) {
		const struct oci_log_line line = { .level = level_words[level], .message = message, .time = when };

		if (oci_log_line_write(&line, &text, NULL) < 0)
			return;
	} else {
		buffer_printf(&text, "time=\"%s\" level=%s msg=\"", when, level_words[level]);
		add_quoted(&text, message);
		buffer_add_string(&text, "\"\n");
	}
	/* The log has nowhere to tell its own failure. */
	if (write(log_fd, text.data, text.length) < 0)
		return;
}

int runtime_log_open(struct error *err)
{
	const struct runtime_globals *g = &runtime_globals;

	log_open(RUNTIME_NAME, STDERR_FILENO, g->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, false);
	if (!g->log)
		return 0;
	log_fd = openat(AT_FDCWD, g->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log_fd < 0)
		return error_errno(err, "cannot open the log '%s'", g->log);
	log_divert(write_line, log_fd);
	return 0;
}

int runtime_fail(const struct error *err, int status)
{
	error_print(err, RUNTIME_NAME);
	if (log_fd >= 0)
		write_line(LOG_LEVEL_ERROR, err->message);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/log_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "control/render.h"
#include "init/logs.h"
#include "init/process.h"
#include "init/rotation.h"

#define SYNC_INTERVAL 5000		/* milliseconds */
#define PATIENCE 1000			/* milliseconds after a failure, during which lines are dropped and counted */
#define LINES_AT_ONCE 64		/* of one source before the next has its turn */

struct file {
	bool open;			/* the source has one */
	char name[128];
	struct rotation rotation;
	struct log_cursor cursor;
	uint64_t lost;
	int64_t failed;			/* when it last did; 0: it works */
};

static struct {
	const struct machine *machine;
	struct log_memory memory;
	struct file *files;
	struct log_line line;
	int64_t sync_at;		/* 0: nothing to be written through */
} the;

static int put(struct file *file, const char *text, size_t length, struct error *err)
{
	return rotation_write(&file->rotation, text, length, err);
}

/* "2026-11-25T22:48:51.123456Z stdout text" */
static int write_line(struct file *file, struct error *err)
{
	char text[LOG_LINE_MAX + 128], at[RENDER_TIME_MAX];
	int n;

	render_time(the.line.realtime_us, at);
	if (file->lost > 0) {
		n = snprintf(text, sizeof(text), "%s - %llu lines dropped\n", at, (unsigned long long)file->lost);
		if (put(file, text, (size_t)n, err) < 0)
			return -1;
		file->lost = 0;
	}
	n = snprintf(text, sizeof(text), "%s %s ", at, log_stream_names[the.line.stream]);
	memcpy(text + n, the.line.text, the.line.length);
	text[n + (int)the.line.length] = '\n';
	return put(file, text, (size_t)n + the.line.length + 1, err);
}

static void failed(struct file *file, const char *name, const struct error *err)
{
	if (file->failed == 0)
		log_error("log file of '%s': %s; lines are dropped", name, err->message);
	file->failed = loop_now();
}

/* A line that could not be written is lost, and counted where the next can be. */
static void take_line(size_t source)
{
	struct file *file = &the.files[source];
	struct error err = { 0 };

	if (file->failed != 0 && loop_now() - file->failed < PATIENCE) {
		file->lost++;
		return;
	}
	if (write_line(file, &err) < 0) {
		failed(file, logs_name(the.machine, source), &err);
		file->lost++;
		return;
	}
	if (file->failed != 0)
		log_info("log file of '%s': lines are written again", logs_name(the.machine, source));
	file->failed = 0;
}

static void sync_file(size_t source)
{
	struct file *file = &the.files[source];
	struct error err = { 0 };

	if (logs_plan(the.machine, source)->sync != PLAN_SYNC_NEVER && rotation_sync(&file->rotation, &err) < 0)
		failed(file, logs_name(the.machine, source), &err);
}

/* True where there may be more. */
static bool take_lines(size_t source)
{
	struct file *file = &the.files[source];
	struct log_area *area = the.memory.areas[source];
	unsigned int count = 0;
	uint64_t lost;

	while (count < LINES_AT_ONCE && log_read(area, the.memory.rings[source], &file->cursor, &the.line, &lost) == 1) {
		file->lost += lost;
		atomic_fetch_add(&area->lost[LOG_SINK_FILE], lost);
		take_line(source);
		atomic_store(&area->cursors[LOG_SINK_FILE], file->cursor.sequence);
		count++;
	}
	if (count > 0 && logs_plan(the.machine, source)->sync == PLAN_SYNC_ALWAYS)
		sync_file(source);
	if (count > 0 && the.sync_at == 0)
		the.sync_at = loop_now() + SYNC_INTERVAL;
	return count > 0;
}

static bool take_all(void)
{
	bool any = false;

	for (size_t i = 0; i < the.memory.count; i++)
		if (the.files[i].open && take_lines(i))
			any = true;
	return any;
}

static void sync_all(void)
{
	for (size_t i = 0; i < the.memory.count; i++)
		if (the.files[i].open)
			sync_file(i);
	the.sync_at = 0;
}

static int open_all(const struct machine *machine, struct error *err)
{
	int directory;

	the.machine = machine;
	if (file_mkdirs(AT_FDCWD, LOG_DIRECTORY, 0750, err) < 0 || logs_map(machine, &the.memory, err) < 0)
		return -1;
	directory = open(LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	the.files = calloc(the.memory.count, sizeof(*the.files));
	if (directory < 0 || !the.files)
		return error_errno(err, "cannot open '%s'", LOG_DIRECTORY);
	for (size_t i = 0; i < the.memory.count; i++) {
		const struct plan_log *log = logs_plan(machine, i);
		struct file *file = &the.files[i];

		file->open = logs_has_file(machine, i);
		(void)snprintf(file->name, sizeof(file->name), "%.100s.log", logs_name(machine, i));
		file->rotation = (struct rotation){ .directory = directory, .name = file->name,
						    .size = (uint64_t)log->file_size * 1024, .count = log->file_count, .fd = -1 };
		file->cursor.sequence = atomic_load(&the.memory.areas[i]->cursors[LOG_SINK_FILE]);
	}
	return 0;
}

static void __attribute__((noreturn)) run(const struct machine *machine)
{
	struct error err = { 0 };

	if (open_all(machine, &err) < 0) {
		log_error("log files: %s", err.message);
		_exit(1);
	}
	for (;;) {
		uint32_t seen = atomic_load(&the.memory.header->changes);
		int64_t left;

		if (take_all()) {
			logs_progress(machine, &the.memory);
			continue;
		}
		left = the.sync_at - loop_now();
		if (atomic_load(&the.memory.header->ended)) {
			sync_all();
			_exit(0);
		}
		if (the.sync_at != 0 && left <= 0)
			sync_all();
		log_sleep(the.memory.header, seen, the.sync_at == 0 ? -1 : (int)(left > 0 ? left : 0));
	}
}

/* ------------------------------------------------------------ in PID 1 */

static pid_t start(struct machine *machine, struct helper *helper, struct error *err)
{
	const int keep[] = { machine->log_fd, machine->log_progress_fd };
	pid_t pid = process_make(helper->name, keep, ARRAY_SIZE(keep));

	if (pid == 0)
		run(machine);
	return pid < 0 ? error_errno(err, "cannot start the process of log files") : pid;
}

static struct helper helper = { .name = "log-files", .start = start };

pid_t log_files_pid(void)
{
	return helper.child.pid;
}

int log_files_open(struct machine *machine, struct error *err)
{
	bool any = false;

	for (size_t i = 0; i < logs_count(machine); i++)
		any = any || logs_has_file(machine, i);
	if (!any)
		return 0;
	helper_open(machine, &helper);
	return helper_start(machine, &helper, err);
}

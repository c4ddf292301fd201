/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program tells while it works: one line a message, "PROGRAM: text", to
 * one descriptor, in one write. Not for errors that end a command: those
 * travel in struct error and `main` prints them.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/*
 * `program` (borrowed) stands in front of each line. `kmsg` puts the kernel's
 * <priority> first, for /dev/kmsg. Before the call: "slipway", standard error, info.
 */
void log_open(const char *program, int fd, enum log_level lowest, bool kmsg);

/* From now on each line goes to `take` instead, without what stands in front of it; `fd` is where that writes to. */
void log_divert(void (*take)(enum log_level level, const char *text), int fd);

/* `fd` of log_divert(), for who closes descriptors; -1 where there is none. */
int log_descriptor(void);

void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif

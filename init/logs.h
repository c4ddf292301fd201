/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers write, the kernel's messages and PID 1's own. PID 1 makes two pipes for each container and the memory for
 * the lines, and holds both; it reads and maps nothing. The process `log` takes bytes from the pipes into the memory
 * (logstage.h, logring.h) and lines from there to the console; `log-files` and `log-remote` take them to disk and network.
 * Each of them can be killed at any moment and goes on where it was.
 */
#ifndef INIT_LOGS_H
#define INIT_LOGS_H

#include <sys/types.h>

#include "init/init.h"
#include "init/logring.h"

/* Makes pipes and memory, and starts the processes. */
int logs_open(struct machine *machine, struct error *err);

/* Where container `index` of the plan writes its stream; -1 where there is no pipe. */
int logs_of(const struct machine *machine, size_t index, enum log_stream stream);

/* At the end of the machine: gives the processes time for what is left, at most LOGS_DRAIN milliseconds each. */
void logs_close(struct machine *machine);

#define LOGS_DRAIN 2000

/* ------------------------------------------------------------ for the processes */

/* A source is a container, by its index in the plan; behind them come the kernel and PID 1. */
size_t logs_count(const struct machine *machine);
const char *logs_name(const struct machine *machine, size_t source);
const struct plan_log *logs_plan(const struct machine *machine, size_t source);

/* Maps the memory; what it allocates stays. */
int logs_map(const struct machine *machine, struct log_memory *memory, struct error *err);

/* True where lines of the source go to a file. */
bool logs_has_file(const struct machine *machine, size_t source);

/* Tells the log process that a sink has come on, where it waits for that. */
void logs_progress(const struct machine *machine, const struct log_memory *memory);

/* log_process.c: the process that reads the pipes. */
void log_process(const struct machine *machine) __attribute__((noreturn));

#endif

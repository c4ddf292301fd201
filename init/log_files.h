/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on the state partition: log/NAME.log, and NAME.log.1 (the last one before it) to NAME.log.N. A process of its own,
 * `log-files`, for a disk may stand still.
 */
#ifndef INIT_LOG_FILES_H
#define INIT_LOG_FILES_H

#include "init/init.h"

#define LOG_DIRECTORY STATE_DIRECTORY "/log"

/* Starts the process where a source has a file, and the state partition is there. */
int log_files_open(struct machine *machine, struct error *err);

/* 0 where there is none. */
pid_t log_files_pid(void);

#endif

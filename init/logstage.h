/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a pipe to lines, by a process that may be killed at any instruction, with every byte once. The kernel moves bytes from
 * the pipe into the stage by one read(2). Whether it did when nobody came to note it down shows from the first byte: it was
 * made other than what the pipe had.
 */
#ifndef INIT_LOGSTAGE_H
#define INIT_LOGSTAGE_H

#include "init/logring.h"

enum logstage_result { LOGSTAGE_READ, LOGSTAGE_FULL, LOGSTAGE_EMPTY, LOGSTAGE_FAILED };

/* At the beginning of a process: what the one before did last is made sure of. */
void logstage_recover(struct log_area *area);

/* One read(2). `aside` is an empty pipe of our own. */
enum logstage_result logstage_read(struct log_area *area, unsigned int stream, int fd, const int aside[2]);

/*
 * The next line of the stage into `line` (text, length, partial, stream), and what is so by having taken it into `change`. False
 * where its end has not come; with `flush` what there is comes as it is.
 */
bool logstage_line(const struct log_area *area, unsigned int stream, bool flush, struct log_line *line,
		   struct log_commit *change);

/* True where bytes wait for the end of their line. */
bool logstage_has_rest(const struct log_area *area, unsigned int stream);

#endif

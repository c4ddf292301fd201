/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines in bounded memory that outlives who writes them. The memory is one memfd that PID 1 makes and never maps: the log
 * process writes, others read at the same time, each may be killed at any instruction. A header, then for each source its
 * own area: a stage, where bytes of its pipes wait for the end of their line, and a ring of lines.
 *
 * All that belongs together changes by one store: a commit is written beside the one that counts, then `generation` moves
 * on to it. Offsets only grow; a place in a ring is an offset modulo its size.
 */
#ifndef INIT_LOGRING_H
#define INIT_LOGRING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define LOG_LINE_MAX 4096u		/* bytes; a longer line comes in pieces */
#define LOG_STAGE 8192u			/* bytes of a pipe that are not lines yet; a power of two */
#define LOG_MEMORY_MIN 16384u
#define LOG_STREAMS 2
#define LOG_SINKS 6			/* who takes lines and remembers how far: log_sink */

enum log_stream { LOG_STDOUT, LOG_STDERR, LOG_KERNEL };
extern const char *const log_stream_names[];

enum log_sink { LOG_SINK_CONSOLE, LOG_SINK_FILE, LOG_SINK_REMOTE };	/* and three more remotes behind it */

#define LOG_PARTIAL 1u			/* a flag: the line goes on in the next */

/* A line as it is handed out. */
struct log_line {
	uint64_t sequence;		/* of its source, from 1 on */
	int64_t realtime_us, monotonic_us;
	enum log_stream stream;
	unsigned int priority;		/* syslog(3): 0 to 7 */
	bool partial;
	size_t length;
	char text[LOG_LINE_MAX];
};

struct log_commit {
	uint64_t head, tail;		/* offsets in the ring: the oldest line, and behind the newest */
	uint64_t head_sequence, next_sequence;
	uint64_t origin;		/* of kernel messages: the next record to be read */
	uint64_t staged[LOG_STREAMS];	/* offsets in the stages: behind what has come, */
	uint64_t taken[LOG_STREAMS];	/* and behind what has become lines */
};

struct log_pipe {			/* a read(2) that may have happened: logstage.c */
	uint64_t at;
	uint32_t length;
	uint8_t mark;
};

struct log_area {
	_Atomic uint64_t generation;	/* commits[generation & 1] counts */
	struct log_commit commits[2];
	_Atomic uint64_t cursors[LOG_SINKS];	/* the next sequence that each wants; 0 is the first there is */
	_Atomic uint64_t lost[LOG_SINKS];	/* lines that were gone when it came to them */
	_Atomic uint64_t written;	/* number of a line, and how many bytes of it the console has: log_process.c */
	struct log_pipe pipes[LOG_STREAMS];
	uint8_t stages[LOG_STREAMS][LOG_STAGE];
	uint8_t ring[];
};

struct log_header {
	_Atomic uint32_t changes;	/* a futex: moves on when there are new lines */
	_Atomic uint32_t waiters;	/* processes that sleep on it */
	_Atomic uint32_t held;		/* the log process waits for a sink to come on: it is to be told by an eventfd */
	_Atomic uint32_t ended;		/* no more lines come */
	_Atomic uint32_t open_source;	/* 1 + the source whose line on the console has no end yet */
};

/* The memory as one process has mapped it. */
struct log_memory {
	struct log_header *header;
	size_t size;
	size_t count;			/* sources */
	struct log_area **areas;
	size_t *rings;			/* bytes of each ring */
};

/* How much memory `count` sources with rings of `rings` bytes need. */
size_t log_memory_size(const size_t *rings, size_t count);

/* Maps it; `memory` has `count` and `rings`, and room for the areas, which are filled in. */
int log_memory_map(int fd, struct log_memory *memory, struct error *err);

/* ------------------------------------------------------------ the one who writes */

/* What counts now; for changes it is copied, and then handed to log_commit(). */
const struct log_commit *log_current(const struct log_area *area);
void log_commit(struct log_area *area, const struct log_commit *next);

/* May a line of this length be appended without overwriting one that one of the sinks of the set still wants? */
bool log_has_room(const struct log_area *area, size_t ring, size_t length, unsigned int sinks);

/*
 * Appends a line; the oldest go where there is no room. With it `change` (log_current() if nothing else changes: its `staged`,
 * `taken` and `origin` are taken over) comes into force.
 */
void log_append(struct log_area *area, size_t ring, const struct log_line *line, const struct log_commit *change);

/* Tells the sleepers. */
void log_wake(struct log_header *header);

/* ------------------------------------------------------------ those who read */

/* Where a reader is. All zero is at the oldest line. */
struct log_cursor {
	uint64_t sequence;		/* the next it wants; 0: the oldest */
	uint64_t offset;		/* where that is, as far as it knows */
};

/* The next line: 1, or 0 where there is none. `lost` is how many before it are gone. */
int log_read(const struct log_area *area, size_t ring, struct log_cursor *cursor, struct log_line *line, uint64_t *lost);

/* The sequence that the next line to be written will have. */
uint64_t log_end(const struct log_area *area);

/* Sleeps until `changes` is no longer `seen`; at most `timeout` ms, for ever with -1. */
void log_sleep(struct log_header *header, uint32_t seen, int timeout);

#endif

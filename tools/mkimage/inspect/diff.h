/* SPDX-License-Identifier: Apache-2.0 */
/* Two images compared: `a` is the older one by custom, nothing depends on it. */
#ifndef MKIMAGE_INSPECT_DIFF_H
#define MKIMAGE_INSPECT_DIFF_H

#include "tools/mkimage/inspect/inspect.h"

/* What a file is in one of the images; all zero where it is not. */
struct diff_side {
	const char *type;		/* "file", "directory", "symlink", "block", "character", "fifo", "socket" */
	const char *mode;		/* octal: "0644" */
	uint32_t uid, gid;
	int64_t mtime;
	uint64_t size;
	struct digest digest;		/* of a file */
	const char *target;		/* of a symlink */
};

struct diff_file {
	const char *path;		/* "/etc/hosts" */
	const char *change;		/* "added", "removed", "changed" */
	struct oci_strings fields;	/* of a change: "mode", "content", ... */
	struct diff_side a, b;
};

struct diff_container {
	const char *stage, *name, *change;
	struct oci_strings fields;	/* "image", "command", ... */
};

/* A value of the machine that is another one: its "format", "kernel", "cmdline". */
struct diff_value {
	const char *name, *a, *b;
};

struct diff {
	const struct contents *a, *b;
	struct diff_value *values;
	size_t values_count;
	struct diff_container *containers;
	size_t containers_count;
	struct diff_file *files;
	size_t files_count;
};

/* Both must share a spool: contents_open(..., with, ...). */
int diff_contents(const struct contents *a, const struct contents *b, struct arena *arena, struct diff *diff, struct error *err);

/* The files of two trees alone, which share a spool, too. */
int diff_trees(struct tree *a, struct tree *b, struct arena *arena, struct diff *diff, struct error *err);

bool diff_is_empty(const struct diff *diff);

void diff_text(const struct diff *diff, struct buffer *out);
int diff_json(const struct diff *diff, struct buffer *out, struct error *err);

#endif

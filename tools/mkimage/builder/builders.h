/* SPDX-License-Identifier: Apache-2.0 */
/* The builders there are, and how each is told what to do. */
#ifndef MKIMAGE_BUILDER_BUILDERS_H
#define MKIMAGE_BUILDER_BUILDERS_H

#include "tools/mkimage/builder/builder.h"

struct build_job {
	const struct builder_request *request;
	const struct builder_options *options;
	const char *dockerfile;
	const char *ignore_file;	/* in place of the context's own; NULL: there is none */
	const char *tag;		/* what the builder calls the image */
	const char *id_file;		/* the builder writes the image's id there */
	const char *archive;		/* docker-archive to write */
};

/* Words of a command, ended by NULL. */
struct words {
	const char **items;
	size_t count;
	struct arena *arena;
};

struct builder {
	const char *name;
	void (*build)(struct words *words, const struct build_job *job);
	void (*save)(struct words *words, const struct build_job *job);
	bool has_pull_never;
};

/* By its name; NULL: the first whose program is in PATH. An error says what there is. */
const struct builder *builder_find(const char *name, struct error *err);

/* A command by one of the two functions. */
const char *const *builder_command(const struct builder *builder, bool save, const struct build_job *job, struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside an image: its files read back, its plan and its bundles understood, sizes added up. The reports
 * (text, JSON, HTML, SBOM) and the comparison of two images are made of this.
 */
#ifndef MKIMAGE_INSPECT_INSPECT_H
#define MKIMAGE_INSPECT_INSPECT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "oci/config.h"
#include "plan/plan.h"
#include "tools/mkimage/provenance/provenance.h"
#include "tools/mkimage/tree/tree.h"

/* A file of the output. */
struct contents_file {
	const char *name;		/* "redis-kernel", without its directory */
	uint64_t size;
	struct digest digest;
};

/* What a part of the root takes: each inode once, however many names it has. */
struct contents_size {
	uint64_t bytes;			/* of contents, uncompressed */
	uint64_t files;			/* regular ones */
};

struct contents_kernel {
	const char *version;		/* "6.1.0-56-cloud-amd64 (debian-kernel@...) #1 SMP ..."; NULL where not found */
	const char *release;		/* the first word of it */
	const char *cmdline;
	const struct provenance_image *image;	/* NULL where not known */
	struct contents_size modules;	/* all below /lib/modules */
};

struct contents_layer {
	const struct provenance_layer *layer;
	struct contents_size size;	/* of what is left of it, in all that is made of its image */
};

struct contents_image {
	const struct provenance_image *image;
	struct contents_layer *layers;	/* as many as the image has */
};

struct contents_container {
	const char *stage;		/* "services" */
	const char *name;
	const char *bundle;		/* path in the root, without the leading slash */
	const struct plan_container *plan;
	const struct provenance_image *image;	/* NULL where not known */
	struct oci_config config;
	struct contents_size size;	/* of all that it sees of its bundle */
	struct contents_size own;	/* of what no other container has, too */
};

struct contents {
	const char *name;		/* the prefix, without its directory */
	const char *format;		/* "kernel+squashfs" */
	struct contents_file *files;
	size_t files_count;
	struct contents_kernel kernel;
	struct tree *tree;		/* the root; owned */
	bool has_provenance;		/* images of older builds have none */
	struct provenance provenance;
	struct plan plan;
	struct contents_image *images;	/* as many as the provenance has */
	struct contents_container *containers;	/* as many as the plan has */
	struct contents_size size;	/* of the root */
	struct contents_size build;	/* of what no layer brought */
	uint64_t entries;		/* of the root: names of every kind */
};

/*
 * Reads the image whose files begin with `prefix` (or one of its files, by its whole name). All lives in the arena, but for
 * the tree: contents_close(), also after a failure. `with` (may be NULL) is an image whose spool is shared: then what is the
 * same in both is at the same place of it.
 */
int contents_open(const char *prefix, const struct contents *with, struct arena *arena, struct contents *contents,
		  struct error *err);

/* The same of files that are open, and have other names or none yet: all that belong to the image. They are read through /proc. */
struct contents_source {
	const char *suffix;		/* "-kernel" */
	int fd;
};
int contents_open_files(const char *prefix, const struct contents_source *files, size_t count, struct arena *arena,
			struct contents *contents, struct error *err);

void contents_close(struct contents *contents);

/* A regular file of the root; NULL in `data` where there is none. */
int contents_read(const struct contents *contents, const char *path, size_t max, struct arena *arena, char **data,
		  size_t *length, struct error *err);

/* The sha256 of a regular file's contents. */
int contents_digest(const struct tree *tree, const struct tree_inode *inode, struct digest *digest, struct error *err);

/* Bytes for people: "12.3 MB". */
struct shown_size {
	char text[24];
};
struct shown_size contents_shown_size(uint64_t bytes);

/* The reports. Each appends to `out`. */
void report_text(const struct contents *contents, bool tree, struct buffer *out);
int report_json(const struct contents *contents, bool tree, struct buffer *out, struct error *err);
int report_html(const struct contents *contents, struct buffer *out, struct error *err);

#endif

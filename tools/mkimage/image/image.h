/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs: a tree becomes the bytes of an image. One row of the table a format; a
 * writer is deterministic: it sees only what it is given.
 */
#ifndef MKIMAGE_IMAGE_IMAGE_H
#define MKIMAGE_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "tools/mkimage/tree/tree.h"

/* A file that is written, and not in place yet. */
struct image_written {
	const char *suffix;
	int fd;				/* to be read through /proc/self/fd, at an offset of its own */
};

/* What says something about the files: put in place together with them. */
struct image_document {
	const char *suffix;
	struct buffer text;		/* made by image_input.describe; released by its owner */
};

#define IMAGE_DOCUMENTS_MAX 4

/* Of a squashfs: zstd is smaller, LZ4 quicker to read (docs/decisions/0014). */
enum image_compression { IMAGE_COMPRESSION_DEFAULT, IMAGE_COMPRESSION_ZSTD, IMAGE_COMPRESSION_LZ4 };

/* "zstd", "lz4"; NULL is the default. An error that lists them for any other. */
int image_compression_parse(const char *name, enum image_compression *compression, struct error *err);

struct image_input {
	struct tree *root;		/* the whole root file system */
	struct tree *boot;		/* the small initrd; NULL where the format has none */
	const void *kernel;		/* bytes of the kernel */
	size_t kernel_length;
	const void *elf;		/* bytes of the uncompressed kernel, for formats with needs_elf */
	size_t elf_length;
	const char *name;		/* what the names of the files begin with, without directories; set by the writer */
	bool vsock;			/* the host steers the machine over vsock */
	const void *ucode;		/* microcode cpio to put before the initrd; may be NULL */
	size_t ucode_length;
	const char *cmdline;		/* image_write() adds the hash of the root, once there is one */
	struct image_verity *verity;	/* the squashfs has hashes behind it; NULL: it has none */
	enum image_compression compression;	/* of the squashfs, where the format has one */
	int compression_level;		/* of zstd; 0: the format's own default */
	/* Fills the documents when all files are written; NULL: there are none. */
	int (*describe)(void *context, const struct image_written *files, size_t count, struct error *err);
	void *context;
	struct image_document *documents;
	size_t documents_count;
	const char *cache;		/* a directory for what need not be compressed again; may be NULL */
};

struct image_format {
	const char *name;		/* "kernel+initrd" */
	const char *help;		/* one line for --help: what it is, which files */
	const char *root_type, *root_source;	/* what the plan is told */
	const char *machine;		/* for compile_input; NULL: any */
	enum image_compression compression;	/* of its squashfs; the default: it has none */
	bool needs_boot_tree;
	bool needs_elf;			/* a kernel that is entered by its PVH note */
	const char *architecture;	/* the only one it is for: "amd64"; NULL: any */
	const char *kernel;		/* the image of ours that has such a one for its machine; NULL: any kernel will do */
	/* Suffixes of the files it writes, ended by NULL: "-kernel", "-initrd.img", "-cmdline". */
	const char *suffixes[6];
};

/* Ended by NULL. */
extern const struct image_format *const image_formats[];

/* Writes PREFIX and each of its suffixes, all of them or none. */
int image_write(const struct image_format *format, const struct image_input *input, const char *prefix, struct error *err);

/* The suffix of the n-th file that any format writes, from 0 on; NULL behind the last. */
const char *image_suffix(size_t n);

/* NULL with an error that lists the names where there is no such format. */
const struct image_format *image_format_find(const char *name, struct error *err);

/*
 * Puts what boots this image into its own root, for a kernel that starts the next one itself: boot/kernel,
 * boot/initrd.img and boot/cmdline. `input->boot` must be there: a root that is an initrd cannot hold itself.
 * The command line is without the root's hash, which no root can hold: PID 1 takes the one it was started with.
 */
int image_add_boot(const struct image_input *input, struct error *err);

/*
 * Writers of file systems, for formats to build on: all of the tree to `fd`, which
 * may be any regular file at offset 0.
 */
int cpio_write(struct tree *tree, int fd, int level, const char *cache, struct error *err);	/* newc, zstd-compressed */
int squashfs_write(struct tree *tree, int fd, enum image_compression compression, int level, const char *cache,
		   struct error *err);	/* mkfs time 0; LZ4 has no levels */

#endif

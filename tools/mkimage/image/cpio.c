/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as the initramfs that Linux unpacks: newc cpio (initramfs-buffer-format.rst) in one zstd frame.
 *
 * Only inodes with several names have a number, which says that they are the same: a number for each would change with any
 * file that comes before, and with it all that is compressed.
 *
 * The unpacker drops an entry it cannot use without a word (a long symlink) or takes it for something else
 * (a file called TRAILER!!!), so what it would not keep is refused here.
 */
#include "tools/mkimage/image/image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tools/mkimage/image/writers.h"

#define LEVEL_DEFAULT  9
#define FILE_BYTES_MAX UINT32_MAX /* c_filesize: 8 hex digits */
#define PATH_BYTES_MAX (PATH_MAX - 1) /* of names and of symlink targets: init/initramfs.c, do_header() */
#define TRAILER        "TRAILER!!!"

/* What is known of an inode while its tree is written; in inode->user. */
struct cpio_inode {
	uint32_t number; /* from 1, in the order of the archive; 0 while it has one name */
	uint32_t links; /* names it has in this tree */
	uint32_t written; /* names written so far */
};

struct writer {
	struct tree *tree;
	struct archive *archive;
	struct archive_entry *entry;
	struct zstd_output *output;
	struct arena arena; /* struct cpio_inode */
	uint32_t linked; /* inodes with several names */
	unsigned char *chunk;
	uint32_t capabilities_lost;
	char *first_lost; /* path of the first of them, in the arena */
	bool discarding; /* what libarchive still has to say goes nowhere */
	bool failed; /* the output could not be written: err holds the cause */
	struct error *err;
};

static int check_entry(const struct tree_inode *inode, const char *path, struct error *err)
{
	if (strcmp(path, TRAILER) == 0)
		return error_set(err, "'%s': this name ends an initramfs; rename the file", path);
	if (strlen(path) > PATH_BYTES_MAX)
		return error_set(err,
				 "'%.64s...': the path is longer than the %d bytes an initramfs can hold",
				 path, PATH_BYTES_MAX);
	if (S_ISLNK(inode->mode) && strlen(inode->target) > PATH_BYTES_MAX)
		return error_set(err, "'%s': the symlink is longer than the %d bytes an initramfs can hold",
				 path, PATH_BYTES_MAX);
	if (S_ISREG(inode->mode) && inode->size > FILE_BYTES_MAX)
		return error_set(err,
				 "'%s': the file is larger than the 4 GiB an initramfs can hold; "
				 "use the format 'kernel+squashfs'",
				 path);
	return 0;
}

static void count_lost_capability(struct writer *w, const struct tree_inode *inode, const char *path)
{
	for (size_t i = 0; i < inode->xattrs_count; i++) {
		if (strcmp(inode->xattrs[i].name, "security.capability") != 0)
			continue;
		if (w->capabilities_lost++ == 0)
			w->first_lost = arena_strdup(&w->arena, path);
	}
}

/* First walk: checks all, and counts names and inodes. */
static int count_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct writer *w = context;
	struct cpio_inode *known = node->inode->user;

	if (!known) {
		known = arena_alloc(&w->arena, sizeof(*known));
		node->inode->user = known;
		count_lost_capability(w, node->inode, path);
	}
	known->links++;
	if (known->links == 2 && !S_ISDIR(node->inode->mode) && !S_ISLNK(node->inode->mode))
		known->number = ++w->linked;
	return check_entry(node->inode, path, err);
}

static int forget_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)path, (void)context, (void)err;
	node->inode->user = NULL;
	return 0;
}

/* 0 where libarchive did what it was asked and the output has taken all. */
static int check_archive(struct writer *w, bool done, const char *path, struct error *err)
{
	if (w->failed)
		return -1; /* write_compressed() has said why */
	if (done)
		return 0;
	return error_set(err, "'%s': cannot write the cpio entry: %s", path,
			 archive_error_string(w->archive));
}

static int write_contents(struct writer *w, const struct tree_inode *inode, const char *path,
			  struct error *err)
{
	uint64_t offset = 0;

	while (offset < inode->size) {
		long n = tree_read(w->tree, inode, offset, w->chunk, WRITER_CHUNK, err);

		if (n < 0)
			return error_context(err, "'%s'", path);
		if (n == 0)
			return error_set(err, "'%s': the contents end before their size", path);
		if (check_archive(w, archive_write_data(w->archive, w->chunk, (size_t)n) == n, path, err) < 0)
			return -1;
		offset += (uint64_t)n;
	}
	return 0;
}

/*
 * Names of one inode share its number and say how many they are; the kernel links later ones to the first
 * (init/initramfs.c, maybe_link()). The contents come with the last name, as gen_init_cpio and GNU cpio
 * write it: the earlier names are empty, and only the first of them truncates.
 * Symlinks are never linked there, so each has a link count of 1.
 */
static int write_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct writer *w = context;
	const struct tree_inode *inode = node->inode;
	struct cpio_inode *known = inode->user;
	struct archive_entry *entry = archive_entry_clear(w->entry);
	bool single = S_ISDIR(inode->mode) || S_ISLNK(inode->mode);
	bool contents = S_ISREG(inode->mode) && ++known->written == known->links;

	/* Nothing of the one before may come behind the cut. */
	if (check_archive(w, archive_write_finish_entry(w->archive) == ARCHIVE_OK, path, err) < 0 ||
	    zstd_output_may_cut(w->output, path, contents ? inode->size : 0, err) < 0)
		return -1;
	archive_entry_copy_pathname(entry, *path ? path : ".");
	archive_entry_set_mode(entry, inode->mode);
	archive_entry_set_uid(entry, inode->uid);
	archive_entry_set_gid(entry, inode->gid);
	archive_entry_set_mtime(entry, (time_t)inode->mtime, 0);
	archive_entry_set_ino64(entry, known->number);
	archive_entry_set_nlink(entry, single ? 1 : known->links);
	archive_entry_set_size(entry, contents ? (int64_t)inode->size : 0);
	if (S_ISLNK(inode->mode))
		archive_entry_copy_symlink(entry, inode->target);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
		archive_entry_set_rdevmajor(entry, inode->rdev_major);
		archive_entry_set_rdevminor(entry, inode->rdev_minor);
	}
	if (check_archive(w, archive_write_header(w->archive, entry) == ARCHIVE_OK, path, err) < 0)
		return -1;
	return contents ? write_contents(w, inode, path, err) : 0;
}

/*
 * libarchive frees all it has only where no write ever failed. So it is not told: the failure is remembered,
 * and what follows is taken and dropped.
 */
static la_ssize_t write_compressed(struct archive *archive, void *context, const void *data, size_t length)
{
	struct writer *w = context;

	(void)archive;
	if (!w->discarding && zstd_output_add(w->output, data, length, w->err) < 0)
		w->failed = w->discarding = true;
	return (la_ssize_t)length;
}

static int write_archive(struct writer *w, struct error *err)
{
	bool opened = archive_write_set_format_cpio_newc(w->archive) == ARCHIVE_OK &&
		      archive_write_set_bytes_per_block(w->archive, 0) == ARCHIVE_OK &&
		      archive_write_open2(w->archive, w, NULL, write_compressed, NULL, NULL) == ARCHIVE_OK;

	if (check_archive(w, opened, "", err) < 0 || tree_walk(w->tree, write_node, w, err) < 0 ||
	    check_archive(w, archive_write_close(w->archive) == ARCHIVE_OK, TRAILER, err) < 0)
		return -1;
	return zstd_output_end(w->output, err);
}

static void warn_of_losses(const struct writer *w)
{
	if (w->capabilities_lost == 1)
		log_warning("an initramfs cannot hold file capabilities: '%s' loses them; "
			    "the format 'kernel+squashfs' keeps them",
			    w->first_lost);
	else if (w->capabilities_lost > 1)
		log_warning("an initramfs cannot hold file capabilities: '%s' and %u more lose them; "
			    "the format 'kernel+squashfs' keeps them",
			    w->first_lost, w->capabilities_lost - 1);
}

int cpio_write(struct tree *tree, int fd, int level, const char *cache, struct error *err)
{
	struct writer w = { .tree = tree, .err = err };
	int r = -1;

	w.chunk = malloc(WRITER_CHUNK);
	w.entry = archive_entry_new();
	w.archive = archive_write_new();
	if (!w.chunk || !w.entry || !w.archive)
		arena_out_of_memory();
	if (zstd_output_open(fd, level ? level : LEVEL_DEFAULT, cache, &w.output, err) == 0 &&
	    tree_walk(tree, count_node, &w, err) == 0) {
		warn_of_losses(&w);
		r = write_archive(&w, err);
	}
	w.discarding = true; /* a trailer, where it did not get that far */
	(void)archive_write_free(w.archive);
	archive_entry_free(w.entry);
	zstd_output_close(w.output);
	(void)tree_walk(tree, forget_node, NULL, NULL);
	free(w.chunk);
	arena_release(&w.arena);
	return r;
}

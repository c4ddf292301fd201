/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "tools/mkimage/tree/node.h"

struct writer {
	struct tree *tree;
	struct archive *archive;
	struct archive_entry *entry;	/* used again for each */
	struct arena arena;		/* the paths that hard links are to */
	layer_write *write;
	void *context;
	bool failed;			/* the sink did: `error` says how */
	struct error error;
};

/*
 * libarchive is never told that the sink failed: an archive that failed it frees without closing,
 * and what belongs to its output leaks. The one that writes looks at `failed` after each call.
 */
static la_ssize_t archive_sink(struct archive *archive, void *context, const void *data, size_t length)
{
	struct writer *w = context;

	(void)archive;
	if (!w->failed && w->write(w->context, data, length, &w->error) < 0)
		w->failed = true;
	return (la_ssize_t)length;
}

static int write_error(struct writer *w, struct error *err)
{
	const char *why = archive_error_string(w->archive);

	if (w->failed) {
		if (err)
			*err = w->error;
		return -1;
	}
	return error_set(err, "cannot write the tar: %s", why ? why : "unknown error");
}

static int write_contents(struct writer *w, const struct tree_inode *inode, struct error *err)
{
	static char chunk[65536];
	uint64_t at = 0;
	long n;

	while ((n = tree_read(w->tree, inode, at, chunk, sizeof(chunk), err)) > 0) {
		if (archive_write_data(w->archive, chunk, (size_t)n) != n || w->failed)
			return write_error(w, err);
		at += (uint64_t)n;
	}
	return n < 0 ? -1 : 0;
}

/*
 * libarchive writes the name of an xattr in URL encoding, which nobody who reads SCHILY.xattr, libarchive
 * included, takes back. Names that are the same in it are all that are in use.
 */
static int add_xattr(struct archive_entry *entry, const struct tree_xattr *x, const char *path,
		     struct error *err)
{
	for (const char *p = x->name; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == '%' || *p == '=')
			return error_set(err, "'%s': a tar cannot hold an xattr of the name '%s'",
					 tree_shown(path).text, tree_shown(x->name).text);
	}
	archive_entry_xattr_add_entry(entry, x->name, x->value, x->length);
	return 0;
}

/* Fills the entry; the name of a directory gets its slash from libarchive. */
static int describe(struct writer *w, const struct tree_inode *inode, const char *path, struct error *err)
{
	struct archive_entry *entry = archive_entry_clear(w->entry);

	if (S_ISSOCK(inode->mode))
		return error_set(err, "'%s': a tar cannot hold a socket", tree_shown(path).text);
	archive_entry_set_pathname(entry, *path ? path : ".");
	archive_entry_set_mode(entry, inode->mode);
	archive_entry_set_uid(entry, inode->uid);
	archive_entry_set_gid(entry, inode->gid);
	archive_entry_set_mtime(entry, inode->mtime, 0);
	if (S_ISREG(inode->mode))
		archive_entry_set_size(entry, (la_int64_t)inode->size);
	if (S_ISLNK(inode->mode))
		archive_entry_set_symlink(entry, inode->target);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
		archive_entry_set_rdevmajor(entry, inode->rdev_major);
		archive_entry_set_rdevminor(entry, inode->rdev_minor);
	}
	for (size_t i = 0; i < inode->xattrs_count; i++) {
		if (add_xattr(entry, &inode->xattrs[i], path, err) < 0)
			return -1;
	}
	return 0;
}

static int write_header(struct writer *w, struct error *err)
{
	int r = archive_write_header(w->archive, w->entry);

	/* A warning: a name that is not UTF-8 was written as bytes, with hdrcharset=BINARY. */
	if ((r != ARCHIVE_OK && r != ARCHIVE_WARN) || w->failed)
		return write_error(w, err);
	return 0;
}

static int write_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct writer *w = context;
	struct tree_inode *inode = node->inode;

	if (strncmp(node->name, ".wh.", 4) == 0)
		return error_set(err, "'%s': in a layer, names that begin with '.wh.' are whiteouts",
				 tree_shown(path).text);
	if (describe(w, inode, path, err) < 0)
		return -1;
	if (inode->user) {
		archive_entry_set_size(w->entry, 0);
		archive_entry_set_hardlink(w->entry, inode->user);
		return write_header(w, err);
	}
	if (inode->links > 1)
		inode->user = arena_strdup(&w->arena, path);
	if (write_header(w, err) < 0)
		return -1;
	return S_ISREG(inode->mode) ? write_contents(w, inode, err) : 0;
}

static int forget(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)path;
	(void)context;
	(void)err;
	node->inode->user = NULL;
	return 0;
}

static int write_all(struct writer *w, struct error *err)
{
	/* Restricted: a pax header only where ustar cannot say it. SCHILY: the spelling of xattrs that all read. */
	if (archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
	    archive_write_set_options(w->archive, "pax:xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
	    archive_write_open(w->archive, w, NULL, archive_sink, NULL) != ARCHIVE_OK)
		return write_error(w, err);
	if (tree_walk(w->tree, write_node, w, err) < 0)
		return -1;
	if (archive_write_close(w->archive) != ARCHIVE_OK || w->failed)
		return write_error(w, err);
	return 0;
}

int layer_write_tree(struct tree *tree, layer_write *write, void *context, struct error *err)
{
	struct writer w = { .tree = tree, .write = write, .context = context };
	/*
	 * The bytes written must not depend on the locale that the program runs in. In this one a name
	 * that is UTF-8 goes into a pax header as it is; in plain "C" libarchive would mark each as binary.
	 */
	locale_t c = newlocale(LC_ALL_MASK, "C.UTF-8", NULL), before;
	int r;

	if (!c)
		return error_errno(err, "cannot write a tar without the locale 'C.UTF-8'");
	before = uselocale(c);
	w.archive = archive_write_new();
	w.entry = archive_entry_new();
	if (!w.archive || !w.entry)
		arena_out_of_memory();
	r = write_all(&w, err);
	w.failed = true; /* what libarchive still has does not go out */
	(void)tree_walk(tree, forget, NULL, NULL);
	archive_entry_free(w.entry);
	(void)archive_write_free(w.archive);
	arena_release(&w.arena);
	(void)uselocale(before);
	freelocale(c);
	return r;
}

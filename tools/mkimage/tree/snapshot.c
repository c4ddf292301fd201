/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping a tree. */
#include "tools/mkimage/tree/snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/tree/node.h"
#include "tools/mkimage/tree/snapshot_file.h"

/* Part of the key: what has another form, or was made by other rules about layers, is not taken. */
#define FORM "slipway snapshot 1"

#define FILE_MODE 0644
#define CHUNK     65536

struct snapshot {
	struct tree *tree;
	char *directory, *path;		/* owned */
	int fd;
	uint16_t origin;		/* of the tree at the start */
	uint64_t begin, end;		/* offset of the spool that the file begins with; bytes of contents in the file */
	struct spool_content *contents;	/* of the whole spool, in order */
	uint32_t *number;		/* of each in the file, from 1; 0: it is not in this tree */
	size_t count;
	struct arena arena;		/* first paths of the inodes */
	struct buffer list;
	uint64_t listed;
};

char *snapshot_directory(const char *cache)
{
	char *directory;

	if (asprintf(&directory, "%s/trees", cache) < 0)
		arena_out_of_memory();
	return directory;
}

char *snapshot_path(const char *directory, const char *key, const struct tree *tree)
{
	autobuffer struct buffer text = { 0 };
	struct digest digest;
	char *path;

	buffer_printf(&text, FORM "\n%s\n%s", key, tree->origin ? "origins" : "");
	hash_bytes(text.data, text.length, &digest);
	if (asprintf(&path, "%s/%s", directory, digest_hex(&digest)) < 0)
		arena_out_of_memory();
	return path;
}

/* Where room is short, what is spooled belongs elsewhere: TMPDIR says where. */
static bool has_room(const char *directory)
{
	struct statvfs st;

	return statvfs(directory, &st) == 0 && (uint64_t)st.f_bavail * st.f_frsize >= 2 * SNAPSHOT_BYTES_MAX;
}

struct snapshot *snapshot_begin(struct tree *tree, const struct snapshot_name *name)
{
	autofree char *directory = NULL;
	struct snapshot *s;
	int fd, other;

	if (!name->cache || tree_inodes(tree) > 1)
		return NULL;
	directory = snapshot_directory(name->cache);
	if (file_mkdirs(AT_FDCWD, directory, 0755, NULL) < 0 || !has_room(directory))
		return NULL;
	fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
	other = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (other < 0) {
		cleanup_close(&fd);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s || !(s->directory = strdup(directory)))
		arena_out_of_memory();
	s->tree = tree;
	s->path = snapshot_path(directory, name->key, tree);
	buffer_add(&s->list, name->stamp, strlen(name->stamp) + 1);
	s->origin = tree->origin;
	s->fd = other;
	s->begin = spool_divert(tree->spool, fd, directory, SNAPSHOT_BYTES_MAX);
	return s;
}

/* --- its contents ------------------------------------------------------------------------------ */

static int by_offset(const void *a, const void *b)
{
	const struct spool_content *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void copy_contents(struct snapshot *s)
{
	const struct spool_content *all = spool_contents(s->tree->spool, &s->count);

	s->contents = calloc(s->count + 1, sizeof(*s->contents));
	s->number = calloc(s->count + 1, sizeof(*s->number));
	if (!s->contents || !s->number)
		arena_out_of_memory();
	if (s->count)
		memcpy(s->contents, all, s->count * sizeof(*all));
	qsort(s->contents, s->count, sizeof(*s->contents), by_offset);
}

static size_t index_of(const struct snapshot *s, const struct tree_inode *inode)
{
	const struct spool_content wanted = { .offset = inode->spool_offset };
	const struct spool_content *found = bsearch(&wanted, s->contents, s->count, sizeof(wanted), by_offset);

	return (size_t)(found - s->contents);
}

static int mark(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct snapshot *s = context;

	(void)path, (void)err;
	node->inode->user = NULL;
	if (S_ISREG(node->inode->mode) && node->inode->size > 0)
		s->number[index_of(s, node->inode)] = 1;
	return 0;
}

/* A content that another image brought before is put behind those of this one. */
static int copy_in(struct snapshot *s, const struct spool_content *content, struct error *err)
{
	char chunk[CHUNK];

	for (uint64_t at = 0; at < content->size;) {
		size_t n = content->size - at < sizeof(chunk) ? (size_t)(content->size - at) : sizeof(chunk);

		if (spool_read(s->tree->spool, content->offset + at, chunk, n, err) < 0 ||
		    file_write_all(s->fd, chunk, n, s->path, err) < 0)
			return -1;
		at += n;
	}
	return 0;
}

/* Those in the file already come first, so that the offsets ascend. */
static int list_contents(struct snapshot *s, struct error *err)
{
	uint64_t own_end = s->begin + s->end, count = 0;
	size_t at = s->list.length;

	buffer_add(&s->list, &count, sizeof(count));
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < s->count; i++) {
			struct spool_content content = s->contents[i];
			bool is_own = content.offset >= s->begin && content.offset < own_end;

			if (!s->number[i] || is_own != (own == 1))
				continue;
			content.offset = is_own ? content.offset - s->begin : s->end;
			if (!is_own && copy_in(s, &s->contents[i], err) < 0)
				return -1;
			s->end += is_own ? 0 : content.size;
			s->number[i] = (uint32_t)++count;
			buffer_add(&s->list, &content, sizeof(content));
		}
	}
	memcpy(s->list.data + at, &count, sizeof(count));
	return s->end <= SNAPSHOT_BYTES_MAX ? 0 : error_set(err, "too large");
}

/* --- its nodes --------------------------------------------------------------------------------- */

static void add_text(struct buffer *list, const char *text)
{
	buffer_add(list, text, strlen(text) + 1);
}

static void add_xattrs(struct buffer *list, const struct tree_inode *inode)
{
	for (size_t i = 0; i < inode->xattrs_count; i++) {
		uint64_t length = inode->xattrs[i].length;

		add_text(list, inode->xattrs[i].name);
		buffer_add(list, &length, sizeof(length));
		buffer_add(list, inode->xattrs[i].value, inode->xattrs[i].length);
	}
}

static int list_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct snapshot *s = context;
	struct tree_inode *inode = node->inode;
	const char *first = inode->user;
	struct snapshot_node record = {
		.mode = inode->mode, .uid = inode->uid, .gid = inode->gid, .rdev_major = inode->rdev_major,
		.rdev_minor = inode->rdev_minor, .xattrs = first ? 0 : (uint32_t)inode->xattrs_count, .is_link = first != NULL,
		.origin = node->origin ? (uint16_t)(node->origin - s->origin + 1) : 0, .mtime = inode->mtime, .size = inode->size,
	};

	if (S_ISREG(inode->mode) && inode->size > 0)
		record.content = s->number[index_of(s, inode)] - 1;
	add_text(&s->list, path);
	buffer_add(&s->list, &record, sizeof(record));
	if (first)
		add_text(&s->list, first);
	else if (S_ISLNK(inode->mode))
		add_text(&s->list, inode->target);
	if (!first)
		add_xattrs(&s->list, inode);
	if (!first && !S_ISDIR(inode->mode))
		inode->user = arena_strdup(&s->arena, path);
	s->listed++;
	return s->list.length <= SNAPSHOT_LIST_BYTES_MAX ? 0 : error_set(err, "too long");
}

static int forget(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)path, (void)context, (void)err;
	node->inode->user = NULL;
	return 0;
}

static int list_nodes(struct snapshot *s, struct error *err)
{
	size_t at = s->list.length;
	int r;

	buffer_add(&s->list, &s->listed, sizeof(s->listed));
	r = tree_walk(s->tree, list_node, s, err);
	(void)tree_walk(s->tree, forget, NULL, NULL);
	memcpy(s->list.data + at, &s->listed, sizeof(s->listed));
	return r;
}

/* --- its place --------------------------------------------------------------------------------- */

/* Where there are too many, removes the one that was not used for longest, and says so. */
static bool evict(int directory)
{
	autoclosedir DIR *dir = NULL;
	struct timespec oldest = { .tv_sec = INT64_MAX };
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1] = "";
	struct dirent *entry;
	uint64_t bytes = 0;
	struct stat st;

	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		cleanup_close(&fd);
	while (dir && (entry = readdir(dir))) {
		if (fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		bytes += (uint64_t)st.st_size;
		if (st.st_mtim.tv_sec > oldest.tv_sec ||
		    (st.st_mtim.tv_sec == oldest.tv_sec && st.st_mtim.tv_nsec >= oldest.tv_nsec))
			continue;
		oldest = st.st_mtim;
		(void)snprintf(name, sizeof(name), "%s", entry->d_name);
	}
	return bytes > SNAPSHOTS_BYTES_MAX && *name && unlinkat(directory, name, 0) == 0;
}

static void put_in_place(struct snapshot *s)
{
	struct snapshot_trailer trailer = { .list_offset = s->end, .list_length = s->list.length };
	autoclose int directory = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	hash_sum(s->list.data, s->list.length, trailer.list_sum);
	if (directory < 0 || file_write_all(s->fd, s->list.data, s->list.length, s->path, NULL) < 0 ||
	    file_write_all(s->fd, &trailer, sizeof(trailer), s->path, NULL) < 0)
		return;
	/* Where there is one another process was faster: it is as good. */
	if (file_link(s->fd, s->path) == 0)
		while (evict(directory))
			;
}

static void keep(struct snapshot *s)
{
	copy_contents(s);
	if (tree_walk(s->tree, mark, s, NULL) == 0 && lseek(s->fd, (off_t)s->end, SEEK_SET) == (off_t)s->end &&
	    list_contents(s, NULL) == 0 && list_nodes(s, NULL) == 0)
		put_in_place(s);
}

void snapshot_end(struct snapshot *s, bool whole)
{
	if (!s)
		return;
	s->end = spool_divert_end(s->tree->spool);
	if (whole && s->end < SNAPSHOT_BYTES_MAX)
		keep(s);
	cleanup_close(&s->fd);
	buffer_release(&s->list);
	arena_release(&s->arena);
	free(s->contents);
	free(s->number);
	free(s->directory);
	free(s->path);
	free(s);
}

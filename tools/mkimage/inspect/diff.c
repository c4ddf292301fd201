/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/diff.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "oci/json.h"
#include "tools/mkimage/source/hash.h"

struct comparing {
	struct tree *a, *b;
	struct arena *arena;
	struct diff *diff;
	struct error *err;
};

static void add_string(struct arena *arena, struct oci_strings *strings, const char *text)
{
	*(const char **)arena_push(arena, &strings->items, &strings->count, sizeof(*strings->items)) = text;
}

/* --- files ------------------------------------------------------------------------------------- */

static const char *type_of(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *name;
	} types[] = {
		{ S_IFREG, "file" }, { S_IFDIR, "directory" }, { S_IFLNK, "symlink" }, { S_IFBLK, "block" },
		{ S_IFCHR, "character" }, { S_IFIFO, "fifo" }, { S_IFSOCK, "socket" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == (mode & S_IFMT))
			return types[i].name;
	return "unknown";
}

int contents_digest(const struct tree *tree, const struct tree_inode *inode, struct digest *digest, struct error *err)
{
	struct hash *hash = hash_new("sha256");
	static char chunk[1 << 16];
	uint64_t at = 0;
	long n;

	while ((n = tree_read(tree, inode, at, chunk, sizeof(chunk), err)) > 0) {
		hash_add(hash, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	hash_finish(hash, digest);
	return n < 0 ? -1 : 0;
}

static int fill_side(struct comparing *c, struct tree *tree, const struct tree_inode *inode, struct diff_side *side)
{
	*side = (struct diff_side){
		.type = type_of(inode->mode), .mode = arena_printf(c->arena, "%04o", inode->mode & 07777),
		.uid = inode->uid, .gid = inode->gid, .mtime = inode->mtime, .size = inode->size,
		.target = inode->target ? json_utf8(c->arena, inode->target) : NULL,
	};
	return S_ISREG(inode->mode) ? contents_digest(tree, inode, &side->digest, c->err) : 0;
}

static bool same_xattrs(const struct tree_inode *a, const struct tree_inode *b)
{
	if (a->xattrs_count != b->xattrs_count)
		return false;
	for (size_t i = 0; i < a->xattrs_count; i++) {
		const struct tree_xattr *x = &a->xattrs[i], *y = &b->xattrs[i];

		if (strcmp(x->name, y->name) != 0 || x->length != y->length ||
		    (x->length > 0 && memcmp(x->value, y->value, x->length) != 0))
			return false;
	}
	return true;
}

/* The spool is one: what is the same in both is in the same place. */
static void compare_inodes(struct comparing *c, const struct tree_inode *a, const struct tree_inode *b, struct oci_strings *fields)
{
	const struct {
		const char *name;
		bool same;
	} rows[] = {
		{ "type", (a->mode & S_IFMT) == (b->mode & S_IFMT) },
		{ "mode", (a->mode & 07777) == (b->mode & 07777) },
		{ "owner", a->uid == b->uid && a->gid == b->gid },
		{ "size", a->size == b->size },
		{ "content", !S_ISREG(a->mode) || !S_ISREG(b->mode) || (a->size == b->size && a->spool_offset == b->spool_offset) },
		{ "target", !a->target || !b->target || strcmp(a->target, b->target) == 0 },
		{ "device", a->rdev_major == b->rdev_major && a->rdev_minor == b->rdev_minor },
		{ "time", a->mtime == b->mtime },
		{ "xattrs", same_xattrs(a, b) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].same)
			add_string(c->arena, fields, rows[i].name);
}

static int add_file(struct comparing *c, const struct tree_node *node, const char *change, const struct oci_strings *fields,
		    const struct tree_inode *a, const struct tree_inode *b)
{
	struct diff_file *file = arena_push(c->arena, &c->diff->files, &c->diff->files_count, sizeof(*file));

	*file = (struct diff_file){
		.path = arena_printf(c->arena, "/%s", json_utf8(c->arena, tree_path(node, c->arena))), .change = change,
	};
	if (fields)
		file->fields = *fields;
	if ((a && fill_side(c, c->a, a, &file->a) < 0) || (b && fill_side(c, c->b, b, &file->b) < 0))
		return error_context(c->err, "'%s'", file->path);
	return 0;
}

static int add_changed(struct comparing *c, const struct tree_node *a, const struct tree_node *b)
{
	struct oci_strings fields = { 0 };

	compare_inodes(c, a->inode, b->inode, &fields);
	return fields.count ? add_file(c, a, "changed", &fields, a->inode, b->inode) : 0;
}

/* All of a directory that only one side has. */
static int add_whole(struct comparing *c, const struct tree_node *node, bool added)
{
	int r = added ? add_file(c, node, "added", NULL, NULL, node->inode) : add_file(c, node, "removed", NULL, node->inode, NULL);

	for (size_t i = 0; r == 0 && i < node->children_count; i++)
		r = add_whole(c, node->children[i], added);
	return r;
}

/* Both sides are sorted. */
static int compare_directories(struct comparing *c, const struct tree_node *a, const struct tree_node *b)
{
	size_t i = 0, k = 0;
	int r = add_changed(c, a, b);

	while (r == 0 && (i < a->children_count || k < b->children_count)) {
		int order = i == a->children_count ? 1 : k == b->children_count ? -1 :
			    strcmp(a->children[i]->name, b->children[k]->name);

		if (order == 0)
			r = compare_directories(c, a->children[i++], b->children[k++]);
		else if (order < 0)
			r = add_whole(c, a->children[i++], false);
		else
			r = add_whole(c, b->children[k++], true);
	}
	return r;
}

int diff_trees(struct tree *a, struct tree *b, struct arena *arena, struct diff *diff, struct error *err)
{
	struct comparing c = { .a = a, .b = b, .arena = arena, .diff = diff, .err = err };

	return compare_directories(&c, tree_root(a), tree_root(b));
}

/* --- containers -------------------------------------------------------------------------------- */

static void put_strings(struct buffer *out, const struct oci_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		buffer_add(out, strings->items[i], strlen(strings->items[i]) + 1);
}

static void put_image(const struct contents_container *c, struct buffer *out)
{
	if (c->image)
		buffer_printf(out, "%s %s", c->image->reference, c->image->digest.text);
}

static void put_command(const struct contents_container *c, struct buffer *out)
{
	if (c->config.process)
		put_strings(out, &c->config.process->args);
}

static void put_environment(const struct contents_container *c, struct buffer *out)
{
	if (c->config.process)
		put_strings(out, &c->config.process->env);
}

static void put_user(const struct contents_container *c, struct buffer *out)
{
	const struct oci_process *p = c->config.process;

	if (!p)
		return;
	buffer_printf(out, "%u:%u", p->user.uid, p->user.gid);
	for (size_t i = 0; i < p->user.additional_gids_count; i++)
		buffer_printf(out, " %u", p->user.additional_gids[i]);
}

static void put_capabilities(const struct contents_container *c, struct buffer *out)
{
	if (!c->config.process || !c->config.process->capabilities)
		return;
	put_strings(out, &c->config.process->capabilities->bounding);
	buffer_add_string(out, "|");
	put_strings(out, &c->config.process->capabilities->ambient);
}

/* Parts of config.json, as documents with nothing else in them but what must be there. They were read: they can be written. */
static void put_config(struct oci_config part, struct buffer *out)
{
	int r;

	part.oci_version = "1.0.0";
	part.root.path = part.root.path ? part.root.path : "rootfs";
	r = oci_config_write_compact(&part, out, NULL);
	assert(r == 0);
	(void)r;
}

static void put_mounts(const struct contents_container *c, struct buffer *out)
{
	put_config((struct oci_config){ .mounts = c->config.mounts, .mounts_count = c->config.mounts_count }, out);
}

static void put_resources(const struct contents_container *c, struct buffer *out)
{
	put_config((struct oci_config){ .linux_ = { .resources = c->config.linux_.resources } }, out);
}

static void put_seccomp(const struct contents_container *c, struct buffer *out)
{
	put_config((struct oci_config){ .linux_ = { .seccomp = c->config.linux_.seccomp } }, out);
}

static void put_rest(const struct contents_container *c, struct buffer *out)
{
	static const char *no_program[] = { "-" };
	struct oci_config rest = c->config;
	struct oci_process process = { 0 };

	if (rest.process) {
		process = *rest.process;
		process.args = (struct oci_strings){ no_program, 1 };
		process.env = (struct oci_strings){ 0 };
		process.user = (struct oci_user){ 0 };
		process.capabilities = NULL;
		rest.process = &process;
	}
	rest.mounts_count = 0;
	rest.linux_.resources = NULL;
	rest.linux_.seccomp = NULL;
	put_config(rest, out);
}

/* What PID 1 does with it: restarts, order, readiness, limits. */
static void put_supervision(const struct contents_container *c, struct buffer *out)
{
	struct plan_container container = *c->plan;
	const struct plan plan = { .containers = &container, .containers_count = 1 };

	(void)plan_write(&plan, out, NULL);
}

static const struct container_field {
	const char *name;
	void (*put)(const struct contents_container *container, struct buffer *out);
} container_fields[] = {
	{ "image", put_image },
	{ "command", put_command },
	{ "environment", put_environment },
	{ "user", put_user },
	{ "capabilities", put_capabilities },
	{ "mounts", put_mounts },
	{ "resources", put_resources },
	{ "seccomp", put_seccomp },
	{ "config", put_rest },
	{ "supervision", put_supervision },
};

static bool same_field(const struct container_field *field, const struct contents_container *a, const struct contents_container *b)
{
	autobuffer struct buffer x = { 0 }, y = { 0 };

	field->put(a, &x);
	field->put(b, &y);
	return x.length == y.length && (x.length == 0 || memcmp(x.data, y.data, x.length) == 0);
}

static const struct contents_container *find_container(const struct contents *contents, const struct contents_container *like)
{
	for (size_t i = 0; i < contents->plan.containers_count; i++)
		if (strcmp(contents->containers[i].stage, like->stage) == 0 && strcmp(contents->containers[i].name, like->name) == 0)
			return &contents->containers[i];
	return NULL;
}

static void add_container(struct comparing *c, const struct contents_container *container, const char *change,
			  const struct oci_strings *fields)
{
	struct diff_container *added = arena_push(c->arena, &c->diff->containers, &c->diff->containers_count, sizeof(*added));

	*added = (struct diff_container){ container->stage, container->name, change, { 0 } };
	if (fields)
		added->fields = *fields;
}

static void compare_containers(struct comparing *c, const struct contents_container *a, const struct contents_container *b)
{
	struct oci_strings fields = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(container_fields); i++)
		if (!same_field(&container_fields[i], a, b))
			add_string(c->arena, &fields, container_fields[i].name);
	if (fields.count)
		add_container(c, a, "changed", &fields);
}

static void compare_all_containers(struct comparing *c, const struct contents *a, const struct contents *b)
{
	for (size_t i = 0; i < a->plan.containers_count; i++) {
		const struct contents_container *other = find_container(b, &a->containers[i]);

		if (other)
			compare_containers(c, &a->containers[i], other);
		else
			add_container(c, &a->containers[i], "removed", NULL);
	}
	for (size_t i = 0; i < b->plan.containers_count; i++)
		if (!find_container(a, &b->containers[i]))
			add_container(c, &b->containers[i], "added", NULL);
}

/* --- the machine ------------------------------------------------------------------------------- */

static const char *kernel_digest(const struct contents *contents)
{
	/* The kernel is the first file of every format. */
	return contents->files_count ? contents->files[0].digest.text : "";
}

static void compare_value(struct comparing *c, const char *name, const char *a, const char *b)
{
	if (strcmp(a ? a : "", b ? b : "") != 0)
		*(struct diff_value *)arena_push(c->arena, &c->diff->values, &c->diff->values_count, sizeof(struct diff_value)) =
			(struct diff_value){ name, a ? a : "", b ? b : "" };
}

int diff_contents(const struct contents *a, const struct contents *b, struct arena *arena, struct diff *diff, struct error *err)
{
	struct comparing c = { .a = a->tree, .b = b->tree, .arena = arena, .diff = diff, .err = err };

	*diff = (struct diff){ .a = a, .b = b };
	compare_value(&c, "format", a->format, b->format);
	compare_value(&c, "kernel", kernel_digest(a), kernel_digest(b));
	compare_value(&c, "version", a->kernel.version, b->kernel.version);
	compare_value(&c, "cmdline", a->kernel.cmdline, b->kernel.cmdline);
	compare_all_containers(&c, a, b);
	return diff_trees(a->tree, b->tree, arena, diff, err);
}

bool diff_is_empty(const struct diff *diff)
{
	return diff->values_count == 0 && diff->containers_count == 0 && diff->files_count == 0;
}

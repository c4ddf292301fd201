/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compose file mounts. Named volumes are persistent ones of the machine. What comes from the host's file system becomes
 * part of the image, below /srv, and is bound from there, for reading: the host is not there when the machine runs.
 */
#include "tools/mkimage/compose/importer.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/compose/text.h"

#define FILES_MAX 10000u
#define DEPTH_MAX 64u

struct mount {
	const char *type, *source, *target;
	bool read_only;
};

/* ------------------------------------------------------------ files of the host */

struct copying {
	struct importer *importer;
	const struct node *node;
};

/* Of its mode only what git keeps of it, so that the image does not depend on the umask of who has checked the project out. */
static struct compose_file *add_file(const struct copying *c, const char *path, mode_t mode)
{
	struct importer *importer = c->importer;
	struct compose_file *file = arena_push(importer->arena, &importer->files, &importer->files_count, sizeof(*file));

	file->path = path;
	file->mode = mode & S_IXUSR ? "0755" : "0644";
	return file;
}

static int copy_tree(const struct copying *c, const char *from, const char *source, const char *path, unsigned int depth);

static int copy_directory(const struct copying *c, const char *from, const char *source, const char *path, unsigned int depth)
{
	struct arena *arena = c->importer->arena;
	struct dirent **entries;
	int count = scandir(from, &entries, NULL, alphasort), r = 0;

	if (count < 0)
		return place_error(&c->node->at, c->importer->err, "cannot read '%s': %s", from, strerror(errno));
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (r == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			r = copy_tree(c, path_join(arena, from, name), path_join(arena, source, name), path_join(arena, path, name),
				      depth + 1);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int copy_link(const struct copying *c, const char *from, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		return place_error(&c->node->at, c->importer->err, "cannot read '%s': %s", from, strerror(errno));
	target[n] = '\0';
	add_file(c, path, 0)->symlink = arena_strdup(c->importer->arena, target);
	return 0;
}

static int copy_tree(const struct copying *c, const char *from, const char *source, const char *path, unsigned int depth)
{
	struct importer *importer = c->importer;
	struct stat st;

	if (depth > DEPTH_MAX || importer->files_count >= FILES_MAX)
		return place_error(&c->node->at, importer->err, "more than %u files, or %u directories deep: make it part of an image",
				   FILES_MAX, DEPTH_MAX);
	/* What is named itself may be a link to what is meant. */
	if ((depth ? lstat : stat)(from, &st) < 0)
		return place_error(&c->node->at, importer->err, "cannot read '%s': %s", from, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return copy_link(c, from, path);
	if (S_ISREG(st.st_mode)) {
		add_file(c, path, st.st_mode)->source = source;
		return 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		importer_note(importer, c->node, "'%s' is neither a file nor a directory", from);
		return 0;
	}
	add_file(c, path, st.st_mode)->directory = true;
	return copy_directory(c, from, source, path, depth);
}

/* Where the copy for this target of a service is in the image, without the slash in front. */
static const char *place_for(const struct importer *importer, const struct compose_service *service, const char *target)
{
	return arena_printf(importer->arena, "srv/%s/%s", service->name, path_clean(importer->arena, target));
}

static void bind(struct importer *importer, struct compose_service *service, const char *from, const char *target, bool read_only)
{
	list_add(importer, &service->binds,
		 arena_printf(importer->arena, "%s:/%s%s", from, path_clean(importer->arena, target), read_only ? ":ro" : ""));
}

/* ------------------------------------------------------------ volumes */

static bool begins_with(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int bind_host(struct importer *importer, struct compose_service *service, const struct node *node, const struct mount *m)
{
	static const char *const machines[] = { "/dev", "/sys", "/proc" };
	const struct copying copying = { importer, node };
	const char *from = path_found(importer, m->source), *path = place_for(importer, service, m->target);
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		if (!begins_with(m->source, machines[i]))
			continue;
		bind(importer, service, m->source, m->target, m->read_only);
		return 0;
	}
	if (stat(from, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		importer_note(importer, node, "'%s' of the host is no file and no directory that could be part of the image", m->source);
		return 0;
	}
	if (!m->read_only)
		importer_note(importer, node, "'%s' becomes part of the image, and can only be read there", m->source);
	if (copy_tree(&copying, from, path_named(importer, m->source), path, 0) < 0)
		return -1;
	bind(importer, service, arena_printf(importer->arena, "/%s", path), m->target, true);
	return 0;
}

static struct compose_volume *volume_of(struct importer *importer, const char *key)
{
	struct compose_volume *volume;

	for (size_t i = 0; i < importer->volumes_count; i++)
		if (importer->volumes[i].key && strcmp(importer->volumes[i].key, key) == 0)
			return &importer->volumes[i];
	volume = arena_push(importer->arena, &importer->volumes, &importer->volumes_count, sizeof(*volume));
	volume->key = key;
	volume->name = text_name(key, importer->arena);
	for (size_t i = 0; i + 1 < importer->volumes_count; i++)
		if (strcmp(importer->volumes[i].name, volume->name) == 0)
			volume->name = arena_printf(importer->arena, "%s-%zu", volume->name, importer->volumes_count);
	return volume;
}

/* The first that mounts it gives it what its image has there, as with Docker. */
static int bind_volume(struct importer *importer, struct compose_service *service, const struct node *node, const struct mount *m)
{
	const char *key = m->source;
	struct compose_volume *volume;

	if (!key)
		key = arena_printf(importer->arena, "%s-%zu", service->name, importer->volumes_count + 1);
	else if (!importer->declared || !node_find(importer->declared, key))
		return place_error(&node->at, importer->err, "there is no volume '%s'; add it to the top level's 'volumes', or write './%s' "
				   "for a directory", text_shown(key, importer->arena), text_shown(key, importer->arena));
	volume = volume_of(importer, key);
	if (!volume->from) {
		volume->from = service->name;
		volume->path = arena_printf(importer->arena, "/%s", path_clean(importer->arena, m->target));
	}
	bind(importer, service, volume->name, m->target, m->read_only);
	return 0;
}

/* "[SOURCE:]TARGET[:MODE]" */
static int split_mount(struct importer *importer, const struct node *node, struct mount *m)
{
	const char *text = node_text(importer, node);
	char *parts[3] = { NULL }, *rest;
	size_t count = 0;

	if (!text)
		return -1;
	rest = arena_strdup(importer->arena, text);
	while (rest && count < ARRAY_SIZE(parts))
		parts[count++] = strsep(&rest, ":");
	if (rest || !*parts[0])
		return place_error(&node->at, importer->err, "expected '[source:]target[:mode]', got '%s'", text_shown(text, importer->arena));
	m->source = count > 1 ? parts[0] : NULL;
	m->target = count > 1 ? parts[1] : parts[0];
	for (char *mode = parts[2], *word; mode && (word = strsep(&mode, ","));)
		m->read_only = m->read_only || strcmp(word, "ro") == 0;
	m->type = m->source && (strchr("./~", *m->source)) ? "bind" : "volume";
	return 0;
}

static int read_mount(struct importer *importer, const struct node *node, struct mount *m)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "type", offsetof(struct mount, type) }, { "source", offsetof(struct mount, source) },
		{ "target", offsetof(struct mount, target) },
	};
	const struct node *read_only = node_find(node, "read_only");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct node *value = node_find(node, keys[i].key);

		if (value && !(*(const char **)(void *)((char *)m + keys[i].offset) = node_text(importer, value)))
			return -1;
	}
	if (!m->type)
		m->type = "volume";
	if (!m->target)
		return place_error(&node->at, importer->err, "'target' is missing; add 'target:' with the path in the container");
	return read_only ? node_flag(importer, read_only, &m->read_only) : 0;
}

static int add_tmpfs(struct importer *importer, struct compose_service *service, const struct node *node, const struct mount *m)
{
	const struct node *options = node->kind == NODE_MAP ? node_find(node, "tmpfs") : NULL;
	const struct node *size = options && options->kind == NODE_MAP ? node_find(options, "size") : NULL;
	const char *bytes = size ? convert_size(importer, size) : NULL;

	if (size && !bytes)
		return -1;
	list_add(importer, &service->tmpfs, arena_printf(importer->arena, "/%s%s%s", path_clean(importer->arena, m->target),
							 bytes ? ":size=" : "", bytes ? bytes : ""));
	return 0;
}

int mounts_volume(struct importer *importer, struct compose_service *service, const struct node *node)
{
	struct mount m = { 0 };

	if ((node->kind == NODE_MAP ? read_mount : split_mount)(importer, node, &m) < 0)
		return -1;
	if (*m.target != '/')
		return place_error(&node->at, importer->err, "expected an absolute path in the container, got '%s'",
				   text_shown(m.target, importer->arena));
	if (strcmp(m.type, "tmpfs") == 0)
		return add_tmpfs(importer, service, node, &m);
	if (strcmp(m.type, "bind") == 0 && m.source)
		return bind_host(importer, service, node, &m);
	if (strcmp(m.type, "volume") == 0)
		return bind_volume(importer, service, node, &m);
	importer_note(importer, node, "a mount of the type '%s'", text_shown(m.type, importer->arena));
	return 0;
}

/* ------------------------------------------------------------ configs and secrets */

int mounts_config(struct importer *importer, struct compose_service *service, const struct node *node, bool secret)
{
	const struct node *all = secret ? importer->secrets : importer->configs, *source = node->kind == NODE_MAP ? node_find(node, "source") : node;
	const struct node *target = node->kind == NODE_MAP ? node_find(node, "target") : NULL, *declared, *from;
	const struct copying copying = { importer, node };
	const char *name = source ? node_text(importer, source) : NULL, *to, *path, *text;
	struct compose_file *file;

	if (!source)
		return place_error(&node->at, importer->err, "'source' is missing");
	if (!name)
		return -1;
	declared = all ? node_find(all, name) : NULL;
	if (!declared || declared->kind != NODE_MAP)
		return place_error(&node->at, importer->err, "there is no '%s' at the top level's '%s'", text_shown(name, importer->arena),
				   secret ? "secrets" : "configs");
	to = target ? node_text(importer, target) : name;
	if (!to)
		return -1;
	if (*to != '/')
		to = arena_printf(importer->arena, "%s/%s", secret ? "/run/secrets" : "", to);
	path = place_for(importer, service, to);
	if (secret)
		importer_note(importer, node, "'%s' is part of the image, and whoever has that can read it; see 'credentials'", name);
	if ((from = node_find(declared, "file"))) {
		text = node_text(importer, from);
		if (!text || copy_tree(&copying, path_found(importer, text), path_named(importer, text), path, 0) < 0)
			return -1;
	} else if ((from = node_find(declared, "content")) || (from = node_find(declared, "environment"))) {
		text = node_text(importer, from);
		if (!text)
			return -1;
		if (from == node_find(declared, "environment"))
			text = compose_variable(importer, text);
		if (!text)
			return place_error(&from->at, importer->err, "the variable is not set");
		file = add_file(&copying, path, 0);
		file->contents = text;
	} else {
		importer_note(importer, node, "'%s' comes from elsewhere", name);
		return 0;
	}
	bind(importer, service, arena_printf(importer->arena, "/%s", path), to, true);
	return 0;
}

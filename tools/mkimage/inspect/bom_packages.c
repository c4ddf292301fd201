/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of package managers, found in the root of an image. */
#include "tools/mkimage/inspect/bom_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/packages.h"
#include "tools/mkimage/inspect/rpm.h"

#define OS_RELEASE_BYTES_MAX 65536

/* A value of os-release(5), in small letters; `fallback` where it says none. */
static const char *os_release(struct making *m, const char *root, const char *key, const char *fallback)
{
	static const char *const paths[] = { "etc/os-release", "usr/lib/os-release" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		size_t length;
		char *text, *line;

		if (contents_read(m->bom->contents, path_join(m->arena, root, paths[i]), OS_RELEASE_BYTES_MAX, m->arena, &text, &length,
				  NULL) < 0 || !text)
			continue;
		for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
			if (strncmp(line, key, strlen(key)) == 0) {
				line += strlen(key);
				line += strspn(line, "\"'");
				return bom_encoded(m->arena, arena_strndup(m->arena, line, strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789._-")));
			}
	}
	return fallback;
}

/* ID is the namespace of package URLs: "debian", "alpine", "fedora". */
static const char *distribution(struct making *m, const char *root, const char *fallback)
{
	return os_release(m, root, "ID=", fallback);
}

/* Qualifiers, in the order of their names, and none without a value: purl-spec, "How to build". */
static const char *qualifiers(struct making *m, const struct package *p, const char *distro)
{
	const struct {
		const char *key, *value;
	} rows[] = { { "arch", p->architecture }, { "distro", distro }, { "epoch", p->epoch } };
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value && *rows[i].value)
			text = arena_printf(m->arena, "%s%s%s=%s", text, *text ? "&" : "?", rows[i].key, bom_encoded(m->arena, rows[i].value));
	return text;
}

/* `distro` may be NULL. */
static void add_packages(struct making *m, const char *type, const char *space, const char *distro, const struct package_list *list,
			 size_t parent)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct package *p = &list->items[i];
		struct bom_component *c = bom_add(m, BOM_PACKAGE, type, p->name, parent);

		c->version = p->epoch ? arena_printf(m->arena, "%s:%s", p->epoch, p->version) : p->version;
		c->license = p->license;
		c->supplier = p->vendor;
		c->purl = arena_printf(m->arena, "pkg:%s/%s/%s@%s%s", type, space, bom_encoded(m->arena, p->name),
				       bom_encoded(m->arena, p->version), qualifiers(m, p, distro));
		if (p->source && *p->source)
			c->comment = arena_printf(m->arena, "source: %s", p->source);
	}
}

/* All of one database; nothing where it is not there. */
static int read_dpkg(struct making *m, const char *path, bool all_installed, struct package_list *list)
{
	size_t length;
	char *text;

	if (contents_read(m->bom->contents, path, PACKAGES_BYTES_MAX, m->arena, &text, &length, m->err) < 0)
		return -1;
	if (text && packages_parse_dpkg(text, length, all_installed, m->arena, list, m->err) < 0)
		return error_context(m->err, "'/%s'", json_utf8(m->arena, path));
	return 0;
}

static int read_status_directory(struct making *m, const char *path, struct package_list *list)
{
	const struct tree_node *node = tree_resolve(m->bom->contents->tree, path, true);

	for (size_t i = 0; node && i < node->children_count; i++) {
		const char *name = node->children[i]->name, *end = strrchr(name, '.');

		/* Beside each there may be the digests of its files. */
		if (end && strcmp(end, ".md5sums") == 0)
			continue;
		if (read_dpkg(m, path_join(m->arena, path, name), true, list) < 0)
			return -1;
	}
	return 0;
}

static int add_dpkg(struct making *m, const char *root, size_t parent)
{
	struct package_list list = { 0 };

	if (read_dpkg(m, path_join(m->arena, root, "var/lib/dpkg/status"), false, &list) < 0 ||
	    read_status_directory(m, path_join(m->arena, root, "var/lib/dpkg/status.d"), &list) < 0)
		return -1;
	add_packages(m, "deb", distribution(m, root, "debian"), NULL, &list, parent);
	return 0;
}

static int add_apk(struct making *m, const char *root, size_t parent)
{
	static const char *const paths[] = { "lib/apk/db/installed", "usr/lib/apk/db/installed" };
	struct package_list list = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(paths) && list.count == 0; i++) {
		const char *path = path_join(m->arena, root, paths[i]);
		size_t length;
		char *text;

		if (contents_read(m->bom->contents, path, PACKAGES_BYTES_MAX, m->arena, &text, &length, m->err) < 0)
			return -1;
		if (text && packages_parse_apk(text, length, m->arena, &list, m->err) < 0)
			return error_context(m->err, "'/%s'", json_utf8(m->arena, path));
	}
	add_packages(m, "apk", distribution(m, root, "alpine"), NULL, &list, parent);
	return 0;
}

/* --- rpm --------------------------------------------------------------------------------------- */

static int parse_sqlite(char *data, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	return rpm_parse_sqlite(data, length, arena, list, err);
}

static int parse_ndb(char *data, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	return rpm_parse_ndb(data, length, arena, list, err);
}

/* The newer before the older, which a conversion may have left behind. */
static const struct rpm_database {
	const char *path;
	int (*parse)(char *data, size_t length, struct arena *arena, struct package_list *list, struct error *err);
} rpm_databases[] = {
	{ "usr/lib/sysimage/rpm/rpmdb.sqlite", parse_sqlite }, { "var/lib/rpm/rpmdb.sqlite", parse_sqlite },
	{ "usr/lib/sysimage/rpm/Packages.db", parse_ndb },     { "var/lib/rpm/Packages.db", parse_ndb },
	{ "usr/lib/sysimage/rpm/Packages", NULL },	       { "var/lib/rpm/Packages", NULL },
};

/* What is missing is told, so that nobody takes it for none. */
static void tell(struct making *m, size_t parent, const char *what)
{
	struct bom_component *c = &m->bom->components[parent];

	c->comment = c->comment ? arena_printf(m->arena, "%s; %s", c->comment, what) : what;
	log_warning("'%s': %s", c->name, what);
}

static int read_rpm(struct making *m, const char *root, const struct rpm_database *database, size_t parent, struct package_list *list)
{
	const char *path = path_join(m->arena, root, database->path);
	const struct tree_node *log = tree_resolve(m->bom->contents->tree, arena_printf(m->arena, "%s-wal", path), true);
	size_t length;
	char *data;

	if (contents_read(m->bom->contents, path, RPM_BYTES_MAX, m->arena, &data, &length, m->err) < 0)
		return -1;
	if (data && database->parse(data, length, m->arena, list, m->err) < 0)
		return error_context(m->err, "'/%s'", json_utf8(m->arena, path));
	/* rpm empties it each time: it was stopped in the middle. */
	if (log && S_ISREG(log->inode->mode) && log->inode->size > 0)
		tell(m, parent, arena_printf(m->arena, "the log of rpm's database, /%s-wal, was not read: packages may be missing here",
					     database->path));
	return 0;
}

static int add_rpm(struct making *m, const char *root, size_t parent)
{
	const char *id = distribution(m, root, NULL), *version = os_release(m, root, "VERSION_ID=", NULL);
	const char *distro = id && version ? arena_printf(m->arena, "%s-%s", id, version) : NULL;
	struct package_list list = { 0 };
	size_t i = 0;

	while (i < ARRAY_SIZE(rpm_databases) &&
	       !tree_resolve(m->bom->contents->tree, path_join(m->arena, root, rpm_databases[i].path), true))
		i++;
	if (i == ARRAY_SIZE(rpm_databases))
		return 0;
	if (!rpm_databases[i].parse)
		tell(m, parent, arena_printf(m->arena, "the database of rpm, /%s, is a Berkeley DB, which is not read: its packages are "
					     "missing here; 'rpmdb --rebuilddb' of rpm 4.16 or later makes it one of sqlite",
					     rpm_databases[i].path));
	else if (read_rpm(m, root, &rpm_databases[i], parent, &list) < 0)
		return -1;
	add_packages(m, "rpm", id ? id : "unknown", distro, &list, parent);
	return 0;
}

int bom_add_packages(struct making *m, const char *root, size_t parent)
{
	return add_dpkg(m, root, parent) < 0 || add_apk(m, root, parent) < 0 ? -1 : add_rpm(m, root, parent);
}

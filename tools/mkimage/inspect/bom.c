/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/bom.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/packages.h"
#include "tools/mkimage/source/hash.h"

#define OS_RELEASE_BYTES_MAX 65536

struct making {
	struct bom *bom;
	struct arena *arena;
	struct error *err;
};

/* --- names ------------------------------------------------------------------------------------- */

/* Percent-encoded as a part of a package URL (purl-spec, "Character encoding"). */
static const char *encoded(struct arena *arena, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:";
	autobuffer struct buffer out = { 0 };

	for (; *text; text++)
		if (strchr(plain, *text))
			buffer_add(&out, text, 1);
		else
			buffer_printf(&out, "%%%02X", (unsigned char)*text);
	return arena_strdup(arena, buffer_string(&out));
}

static struct bom_component *add(struct making *m, enum bom_kind kind, const char *prefix, const char *name, size_t parent)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
	size_t number = m->bom->count;
	struct bom_component *c = arena_push(m->arena, &m->bom->components, &m->bom->count, sizeof(*c));
	/* The number makes it unique: names of several images may be the same. */
	char *id = arena_printf(m->arena, "%zu-%s-%s", number, prefix, name);

	for (char *s = id; *s; s++)
		if (!strchr(plain, *s))
			*s = '-';
	*c = (struct bom_component){ .kind = kind, .id = id, .name = name, .parent = parent };
	return c;
}

/* --- packages ---------------------------------------------------------------------------------- */

/* ID of os-release(5), which is the namespace of package URLs: "debian", "alpine". */
static const char *distribution(struct making *m, const char *root, const char *fallback)
{
	static const char *const paths[] = { "etc/os-release", "usr/lib/os-release" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		size_t length;
		char *text, *line;

		if (contents_read(m->bom->contents, path_join(m->arena, root, paths[i]), OS_RELEASE_BYTES_MAX, m->arena, &text, &length,
				  NULL) < 0 || !text)
			continue;
		for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
			if (strncmp(line, "ID=", 3) == 0) {
				line += 3 + (line[3] == '"');
				return encoded(m->arena, arena_strndup(m->arena, line, strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789._-")));
			}
	}
	return fallback;
}

static void add_packages(struct making *m, const char *type, const char *space, const struct package_list *list, size_t parent)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct package *p = &list->items[i];
		struct bom_component *c = add(m, BOM_PACKAGE, type, p->name, parent);
		const char *architecture = p->architecture ? arena_printf(m->arena, "?arch=%s", encoded(m->arena, p->architecture)) : "";

		c->version = p->version;
		c->license = p->license;
		c->purl = arena_printf(m->arena, "pkg:%s/%s/%s@%s%s", type, space, encoded(m->arena, p->name),
				       encoded(m->arena, p->version), architecture);
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
	add_packages(m, "deb", distribution(m, root, "debian"), &list, parent);
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
	add_packages(m, "apk", distribution(m, root, "alpine"), &list, parent);
	return 0;
}

/* Its databases are rpm's own business (bdb, ndb, sqlite). That there is one is told, so that nobody takes it for none. */
static void note_rpm(struct making *m, const char *root, size_t parent)
{
	static const char *const paths[] = {
		"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages", "usr/lib/sysimage/rpm/rpmdb.sqlite",
		"usr/lib/sysimage/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (tree_resolve(m->bom->contents->tree, path_join(m->arena, root, paths[i]), true)) {
			m->bom->components[parent].comment = arena_printf(
				m->arena, "the database of rpm, /%s, was not read: its packages are missing here", paths[i]);
			return;
		}
}

static int add_databases(struct making *m, const char *root, size_t parent)
{
	note_rpm(m, root, parent);
	return add_dpkg(m, root, parent) < 0 || add_apk(m, root, parent) < 0 ? -1 : 0;
}

/* --- components -------------------------------------------------------------------------------- */

static void add_image(struct making *m, const struct provenance_image *image)
{
	struct bom_component *c = add(m, BOM_IMAGE, "image", image->name, 0);
	const char *slash = strrchr(image->name, '/'), *base = slash ? slash + 1 : image->name;
	size_t length = strcspn(base, ":@");
	const char *repository = arena_strndup(m->arena, image->name, (size_t)(base - image->name) + length);

	c->version = image->digest.text;
	c->digest = image->digest;
	c->purl = arena_printf(m->arena, "pkg:oci/%s@%s?repository_url=%s", encoded(m->arena, arena_strndup(m->arena, base, length)),
			       encoded(m->arena, image->digest.text), encoded(m->arena, repository));
}

/* The index of the component of an image; 0, the machine, where it is not known. */
static size_t component_of(const struct bom *bom, const struct provenance_image *image)
{
	for (size_t i = 0; image && i < bom->count; i++)
		if (bom->components[i].kind == BOM_IMAGE && digest_equal(&bom->components[i].digest, &image->digest) &&
		    strcmp(bom->components[i].name, image->name) == 0)
			return i;
	return 0;
}

static int add_init(struct making *m)
{
	const struct contents *c = m->bom->contents;
	const struct tree_node *init = tree_resolve(c->tree, "init", true);
	struct bom_component *slipway = add(m, BOM_SLIPWAY, "generic", "slipway", 0);

	slipway->version = c->has_provenance ? c->provenance.slipway : NULL;
	slipway->comment = "PID 1 and the OCI runtime, /init";
	slipway->purl = slipway->version ? arena_printf(m->arena, "pkg:generic/slipway@%s", encoded(m->arena, slipway->version)) :
			NULL;
	return init && S_ISREG(init->inode->mode) ? contents_digest(c->tree, init->inode, &slipway->digest, m->err) : 0;
}

static void add_kernel(struct making *m)
{
	const struct contents_kernel *kernel = &m->bom->contents->kernel;
	size_t parent = component_of(m->bom, kernel->image);
	struct bom_component *c = add(m, BOM_KERNEL, "generic", "linux", parent);

	c->version = kernel->release;
	c->comment = kernel->version;
	if (kernel->release)
		c->purl = arena_printf(m->arena, "pkg:generic/linux@%s", encoded(m->arena, kernel->release));
	/* The kernel is the first file of every format. */
	if (m->bom->contents->files_count)
		c->digest = m->bom->contents->files[0].digest;
}

/* Of each image the packages once, from the first place where it is. */
static int add_uses(struct making *m)
{
	const struct provenance *p = &m->bom->contents->provenance;

	for (size_t i = 0; i < p->uses_count; i++) {
		bool seen = strcmp(p->uses[i].path, PROVENANCE_FOR_KERNEL) == 0;

		for (size_t k = 0; k < i && !seen; k++)
			seen = strcmp(p->uses[k].image, p->uses[i].image) == 0 || strcmp(p->uses[k].path, p->uses[i].path) == 0;
		if (!seen && add_databases(m, path_clean(m->arena, p->uses[i].path),
					   component_of(m->bom, provenance_find_image(p, p->uses[i].image))) < 0)
			return -1;
	}
	return 0;
}

/* Without provenance it is not known what is the same: each container is looked at. */
static int add_containers(struct making *m)
{
	const struct contents *c = m->bom->contents;

	for (size_t i = 0; i < c->plan.containers_count; i++)
		if (add_databases(m, path_join(m->arena, c->containers[i].bundle, "rootfs"), 0) < 0)
			return -1;
	return 0;
}

static void name_bill(struct making *m)
{
	const struct contents *c = m->bom->contents;
	struct hash *hash = hash_new("sha256");

	for (size_t i = 0; i < c->files_count; i++)
		hash_add(hash, c->files[i].digest.text, strlen(c->files[i].digest.text) + 1);
	hash_finish(hash, &m->bom->digest);
}

static void set_time(struct making *m)
{
	time_t built = (time_t)m->bom->contents->plan.machine.built;
	char text[32] = "1970-01-01T00:00:00Z";
	struct tm tm;

	if (gmtime_r(&built, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	m->bom->created = arena_strdup(m->arena, text);
}

int bom_make(const struct contents *contents, struct arena *arena, struct bom *bom, struct error *err)
{
	struct making m = { bom, arena, err };
	const struct provenance *p = &contents->provenance;

	*bom = (struct bom){ .contents = contents };
	name_bill(&m);
	set_time(&m);
	add(&m, BOM_MACHINE, "machine", contents->name, 0)->version = bom->digest.text;
	for (size_t i = 0; i < p->images_count; i++)
		add_image(&m, &p->images[i]);
	add_kernel(&m);
	if (add_init(&m) < 0)
		return -1;
	return contents->has_provenance ? add_uses(&m) : add_containers(&m);
}

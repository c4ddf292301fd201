/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/bom_internal.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "oci/json.h"
#include "tools/mkimage/source/hash.h"

/* --- names ------------------------------------------------------------------------------------- */

/* Percent-encoded as a part of a package URL (purl-spec, "Character encoding"). */
const char *bom_encoded(struct arena *arena, const char *text)
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

struct bom_component *bom_add(struct making *m, enum bom_kind kind, const char *prefix, const char *name, size_t parent)
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

/* --- components -------------------------------------------------------------------------------- */

static void add_image(struct making *m, const struct provenance_image *image)
{
	struct bom_component *c = bom_add(m, BOM_IMAGE, "image", image->name, 0);
	const char *slash = strrchr(image->name, '/'), *base = slash ? slash + 1 : image->name;
	size_t length = strcspn(base, ":@");
	const char *repository = arena_strndup(m->arena, image->name, (size_t)(base - image->name) + length);

	c->version = image->digest.text;
	c->digest = image->digest;
	c->purl = arena_printf(m->arena, "pkg:oci/%s@%s?repository_url=%s", bom_encoded(m->arena, arena_strndup(m->arena, base, length)),
			       bom_encoded(m->arena, image->digest.text), bom_encoded(m->arena, repository));
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
	struct bom_component *slipway = bom_add(m, BOM_SLIPWAY, "generic", "slipway", 0);

	slipway->version = c->has_provenance ? c->provenance.slipway : NULL;
	slipway->comment = "PID 1 and the OCI runtime, /init";
	slipway->purl = slipway->version ? arena_printf(m->arena, "pkg:generic/slipway@%s", bom_encoded(m->arena, slipway->version)) :
			NULL;
	return init && S_ISREG(init->inode->mode) ? contents_digest(c->tree, init->inode, &slipway->digest, m->err) : 0;
}

static void add_kernel(struct making *m)
{
	const struct contents_kernel *kernel = &m->bom->contents->kernel;
	size_t parent = component_of(m->bom, kernel->image);
	struct bom_component *c = bom_add(m, BOM_KERNEL, "generic", "linux", parent);

	c->version = kernel->release;
	c->comment = kernel->version;
	if (kernel->release)
		c->purl = arena_printf(m->arena, "pkg:generic/linux@%s", bom_encoded(m->arena, kernel->release));
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
		if (!seen && bom_add_packages(m, path_clean(m->arena, p->uses[i].path),
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
		if (bom_add_packages(m, path_join(m->arena, c->containers[i].bundle, "rootfs"), 0) < 0)
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
	bom_add(&m, BOM_MACHINE, "machine", contents->name, 0)->version = bom->digest.text;
	for (size_t i = 0; i < p->images_count; i++)
		add_image(&m, &p->images[i]);
	add_kernel(&m);
	if (add_init(&m) < 0)
		return -1;
	return contents->has_provenance ? add_uses(&m) : add_containers(&m);
}

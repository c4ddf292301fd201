/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/package.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "oci/reference.h"
#include "tools/mkimage/package/built.h"
#include "tools/mkimage/package/contents.h"
#include "tools/mkimage/package/debs.h"
#include "tools/mkimage/package/kernel.h"
#include "tools/mkimage/package/recipe.h"
#include "tools/mkimage/package/write.h"
#include "tools/mkimage/source/hash.h"

#define RECIPE_BYTES_MAX (1u << 20)
#define DEFAULT_ORG "slipway"
#define ARCH_WORD "${ARCH}"
#define KERNEL_PARTS "vmlinux kernel-config System.map"

struct package {
	const struct package_options *options;
	struct store *store;
	struct arena *arena;
	struct recipe recipe;
	const struct architecture *architecture;
	const char *cache;
	struct deb_list debs;
	const char *tar;		/* what was compiled for it; NULL: nothing */
	struct digest inputs;		/* of all that the image is made from */
	const char *name;
};

static int find_cache(struct package *p, struct error *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (p->options->cache)
		p->cache = p->options->cache;
	else if (cache && *cache == '/')
		p->cache = path_join(p->arena, cache, "slipway");
	else if (home && *home == '/')
		p->cache = path_join(p->arena, home, ".cache/slipway");
	else
		return error_set(err, "no place for downloads: set HOME, or give --cache DIR");
	return 0;
}

/* Packages that have the architecture in their name: "linux-image-cloud-${ARCH}". */
static void name_debs(struct package *p)
{
	for (size_t i = 0; i < p->recipe.debs.count; i++) {
		const char **name = &p->recipe.debs.items[i].value, *at = strstr(*name, ARCH_WORD);

		if (at)
			*name = arena_printf(p->arena, "%.*s%s%s", (int)(at - *name), *name, p->architecture->name, at + strlen(ARCH_WORD));
	}
}

static int read_recipe(struct package *p, struct error *err)
{
	const char *path = path_join(p->arena, p->options->directory, "build.yml");
	autobuffer struct buffer text = { 0 };
	struct reference reference;
	const char *org;

	if (file_read(AT_FDCWD, path, RECIPE_BYTES_MAX, &text, err) < 0)
		return -1;
	if (recipe_parse(path, arena_strndup(p->arena, buffer_string(&text), text.length), text.length, p->arena,
			 &p->recipe, err) < 0)
		return -1;
	name_debs(p);
	org = p->recipe.org.value ? p->recipe.org.value : DEFAULT_ORG;
	if (reference_parse(arena_printf(p->arena, "%s/%s:%s", org, p->recipe.image.value,
					 p->options->tag ? p->options->tag : "latest"), p->arena, &reference, err) < 0)
		return place_error(&p->recipe.image.at, err, "%s", arena_strdup(p->arena, err->message));
	p->name = reference.name;
	return 0;
}

/* LinuxKit's list of what a package is built for. */
static int check_arches(const struct package *p, struct error *err)
{
	const struct manifest_strings *arches = &p->recipe.arches;

	for (size_t i = 0; i < arches->count; i++)
		if (strcmp(arches->items[i].value, p->architecture->name) == 0)
			return 0;
	return arches->count == 0 ? 0 : place_error(&arches->items[0].at, err, "arches: the package is not for '%s'", p->architecture->name);
}

static int compile_contents(struct package *p, struct error *err)
{
	const struct built_request request = { .kernel_build = p->options->kernel_build, .cache = p->cache, .recipe = &p->recipe,
					       .architecture = p->architecture };

	return built_make(&request, p->arena, &p->tar, err);
}

/* Whatever can change the bytes of the image goes in. */
static int hash_inputs(struct package *p, struct error *err)
{
	struct hash *hash = hash_new("sha256");
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	int r;

	hash_add(hash, SLIPWAY_VERSION, sizeof(SLIPWAY_VERSION));
	hash_add(hash, p->recipe.text, p->recipe.length + 1);
	if (p->architecture != architecture_here())
		hash_add(hash, p->architecture->name, strlen(p->architecture->name) + 1);
	if (epoch)
		hash_add(hash, epoch, strlen(epoch) + 1);
	for (size_t i = 0; i < p->debs.count; i++)
		hash_add(hash, p->debs.items[i].digest.text, sizeof(p->debs.items[i].digest.text));
	/* What is taken of a kernel, besides /kernel and /kernel.tar: a package from before that is out of date. */
	if (p->recipe.kernel.value)
		hash_add(hash, KERNEL_PARTS, sizeof(KERNEL_PARTS));
	/* Its name is made of all that went into it. */
	if (p->tar)
		hash_add(hash, path_base(p->tar), strlen(path_base(p->tar)) + 1);
	r = contents_hash_files(&p->recipe, p->arena, hash, err);
	hash_finish(hash, &p->inputs);
	return r;
}

/* What is filed under the name was made from the same inputs. */
static bool is_current(const struct package *p, struct digest *digest)
{
	struct oci_image image;
	struct error ignored;
	const char *inputs;

	if (p->options->force || store_image(p->store, p->name, p->options->platform, p->arena, &image, &ignored) < 0)
		return false;
	inputs = oci_pairs_find(&image.manifest.annotations, PACKAGE_INPUTS_ANNOTATION);
	if (!inputs || strcmp(inputs, p->inputs.text) != 0)
		return false;
	for (size_t i = 0; i < image.manifest.layers_count; i++)
		if (!store_has(p->store, &image.manifest.layers[i].digest))
			return false;
	*digest = image.digest;
	return true;
}

/* The tree of the image: packages and what was compiled, or the kernel made of them, then files. */
static int fill(struct package *p, struct tree *tree, struct error *err)
{
	struct tree *packages = NULL;
	bool kernel = p->recipe.kernel.value || p->recipe.kernel_configs.count;
	int r = kernel ? tree_open_shared(tree, &packages, err) : 0;

	for (size_t i = 0; r == 0 && i < p->debs.count; i++)
		r = deb_unpack(&p->debs, &p->debs.items[i], kernel ? packages : tree, err);
	if (r == 0 && p->tar)
		r = built_unpack(p->tar, kernel ? packages : tree, err);
	if (r == 0 && kernel)
		r = package_kernel(packages, tree, err);
	tree_close(packages);
	return r < 0 ? -1 : contents_finish(&p->recipe, tree, err);
}

static int build(struct package *p, struct digest *digest, struct error *err)
{
	struct tree *tree = NULL;
	int r = -1;

	log_info("building %s", p->name);
	if (tree_open(NULL, &tree, err) == 0 && fill(p, tree, err) == 0)
		r = write_image(tree, &p->recipe, p->architecture, p->name, &p->inputs, p->store, p->arena, digest, err);
	tree_close(tree);
	return r;
}

int package_build(const struct package_options *options, struct store *store, struct arena *arena,
		  struct package_result *result, struct error *err)
{
	struct package p = { .options = options, .store = store, .arena = arena, .architecture = architecture_of(options->platform, err) };
	const struct manifest_strings *debs = &p.recipe.debs;
	struct deb_request request = { .architecture = p.architecture, .names = debs, .exclude = &p.recipe.exclude };

	if (!p.architecture || find_cache(&p, err) < 0 || read_recipe(&p, err) < 0 || check_arches(&p, err) < 0)
		return -1;
	request.cache = p.cache;
	if (compile_contents(&p, err) < 0 || (debs->count && debs_resolve(&request, arena, &p.debs, err) < 0) ||
	    hash_inputs(&p, err) < 0)
		return -1;
	*result = (struct package_result){ .name = p.name };
	result->unchanged = is_current(&p, &result->digest);
	if (result->unchanged)
		return 0;
	if (debs->count && debs_fetch(&request, arena, &p.debs, err) < 0)
		return -1;
	/* Fetching may have found newer packages than were asked for at first. */
	return hash_inputs(&p, err) < 0 ? -1 : build(&p, &result->digest, err);
}

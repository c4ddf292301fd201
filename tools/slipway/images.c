/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/reference.h"

static const char *const policies[] = {
	[PULL_MISSING] = "missing", [PULL_NEVER] = "never", [PULL_ALWAYS] = "always", [PULL_NEWER] = "newer",
};

const char *pull_policy_name(enum pull_policy policy)
{
	return policies[policy];
}

int pull_policy_parse(const char *option, enum pull_policy otherwise, enum pull_policy *policy, struct error *err)
{
	const char *text = option ? option : getenv("SLIPWAY_PULL");

	*policy = otherwise;
	if (!text || !*text)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i], text) == 0) {
			*policy = (enum pull_policy)i;
			return 0;
		}
	}
	return error_set(err, "%s: expected 'missing', 'never', 'always' or 'newer', got '%.40s'",
			 option ? "--pull" : "SLIPWAY_PULL", text);
}

/* The store has the image with every layer, which those of an index's other platforms are not. */
static int find_whole(struct images *images, const char *reference, struct arena *arena, struct oci_image *image,
		      struct error *err)
{
	if (store_image(images->store, reference, images->platform, arena, image, err) < 0)
		return -1;
	for (size_t i = 0; i < image->manifest.layers_count; i++)
		if (!store_has(images->store, &image->manifest.layers[i].digest))
			return error_set(err, "image '%s': layers[%zu] '%s' is not in the store", image->name, i,
					 image->manifest.layers[i].digest.text);
	return 0;
}

static bool is_pinned(const char *reference, struct arena *arena)
{
	struct reference parsed;

	return reference_parse(reference, arena, &parsed, NULL) == 0 && parsed.digest.text[0];
}

static bool came_from_registry(struct images *images, const char *reference, struct arena *arena)
{
	struct oci_descriptor descriptor;
	struct reference parsed;

	return reference_parse(reference, arena, &parsed, NULL) == 0 &&
	       store_find(images->store, parsed.name, arena, &descriptor, NULL) == 0 && store_was_pulled(&descriptor);
}

/* What is there is not asked for again, unless the policy says so. */
static bool is_enough(struct images *images, const char *reference, struct arena *arena)
{
	switch (images->policy) {
	case PULL_ALWAYS:
		return is_pinned(reference, arena);
	case PULL_NEWER:
		return is_pinned(reference, arena) || !came_from_registry(images, reference, arena);
	case PULL_MISSING:
	case PULL_NEVER:
		break;
	}
	return true;
}

static int open_registry(struct images *images, struct error *err)
{
	return images->registry ? 0 : registry_options_open(images->values, &images->registry, &images->transfers, err);
}

static int get(struct images *images, const char *reference, bool local, struct arena *arena, struct oci_image *image,
	       struct error *err)
{
	struct error missing = { 0 }, pulling = { 0 };
	struct digest digest;
	const char *name;
	bool there = find_whole(images, reference, arena, image, &missing) == 0;

	if (there && (local || is_enough(images, reference, arena)))
		return 0;
	if (local || images->policy == PULL_NEVER)
		return error_set(err, "%s", missing.message);
	if (open_registry(images, &pulling) < 0 ||
	    registry_pull(images->registry, images->store, reference, images->platform, arena, &name, &digest, &pulling) < 0) {
		if (there)
			return error_set(err, "%s", pulling.message);
		/* Whoever made the image here needs the first half, whoever wants it from a registry the second. */
		return error_set(err, "%.480s; and from a registry: %.480s", missing.message, pulling.message);
	}
	return find_whole(images, reference, arena, image, err);
}

/* Of the manifest, and of the index that led to it. */
static int get_signatures(struct images *images, const struct oci_image *image, struct error *err)
{
	if (open_registry(images, err) < 0 ||
	    registry_signatures(images->registry, images->store, image->name, &image->top, err) < 0)
		return -1;
	return digest_equal(&image->top, &image->digest) ? 0 :
	       registry_signatures(images->registry, images->store, image->name, &image->digest, err);
}

int images_check(struct images *images, const struct oci_image *image, struct arena *arena, struct error *err)
{
	const struct trust_rule *rule;
	struct error missing = { 0 }, fetching = { 0 };

	images->rule = NULL;
	if (!images->trust)
		return 0;
	if (trust_find(images->trust, image->name, arena, &rule, err) < 0)
		return -1;
	images->rule = rule;
	if (trust_check(rule, images->store, image, arena, &images->found, &missing) == 0)
		return 0;
	if (rule->kind != TRUST_KEYS || images->policy == PULL_NEVER)
		return error_set(err, "%s", missing.message);
	if (get_signatures(images, image, &fetching) < 0)
		return error_set(err, "%.480s; and from a registry: %.480s", missing.message, fetching.message);
	return trust_check(rule, images->store, image, arena, &images->found, err);
}

int images_find(struct images *images, const char *reference, struct arena *arena, struct oci_image *image,
		struct error *err)
{
	const struct trust_rule *rule = NULL;

	if (images->trust && trust_find(images->trust, reference, arena, &rule, err) < 0)
		return -1;
	if (get(images, reference, rule && rule->kind == TRUST_LOCAL, arena, image, err) < 0)
		return -1;
	return images_check(images, image, arena, err);
}

void images_close(struct images *images)
{
	if (images->registry)
		registry_options_close(images->registry, images->transfers);
	images->registry = NULL;
	images->transfers = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The images of a manifest: from the store, and from registries where that is allowed. */
#ifndef SLIPWAY_IMAGES_H
#define SLIPWAY_IMAGES_H

#include "tools/mkimage/source/store.h"
#include "tools/mkimage/trust/trust.h"
#include "tools/slipway/registry_options.h"

/* podman's and buildah's words. */
enum pull_policy {
	PULL_MISSING,			/* what the store has is taken, and a registry asked only for the rest */
	PULL_NEVER,
	PULL_ALWAYS,			/* tags are looked up each time; a digest that is there needs no asking */
	PULL_NEWER,			/* as always, for what came from a registry; what was made here is taken as it is */
};

#define PULL_OPTION_ROW(S, m) \
	{ OPTION_STRING, 0, "pull", "POLICY", "when to ask registries: missing, never, always or newer", offsetof(S, m) }

/* `option` NULL: $SLIPWAY_PULL, else `otherwise`. */
int pull_policy_parse(const char *option, enum pull_policy otherwise, enum pull_policy *policy, struct error *err);

/* Its word. */
const char *pull_policy_name(enum pull_policy policy);

struct images {
	struct store *store;		/* borrowed, as are all of these */
	const char *platform;
	enum pull_policy policy;
	const struct registry_values *values;
	const struct trust_policy *trust;	/* NULL: any image may be used */
	struct registry *registry;	/* opened when it is first needed */
	struct transfers *transfers;
	/* Why the last image that was found is trusted: a rule, or NULL; and of TRUST_KEYS, the signature. */
	const struct trust_rule *rule;
	struct signature_found found;
};

/*
 * As store_image(), with all layers there, and trusted. An image without a rule is not asked for; what must be local is not
 * pulled. Signatures that the store lacks, or that are not good, are looked for in the registry unless the policy is never.
 */
int images_find(struct images *images, const char *reference, struct arena *arena, struct oci_image *image,
		struct error *err);
/* The last part of that, for an image at hand. */
int images_check(struct images *images, const struct oci_image *image, struct arena *arena, struct error *err);

void images_close(struct images *images);

#endif

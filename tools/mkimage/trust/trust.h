/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images may be used: rules by the beginning of a name, and what a rule asks for. No network here; signatures are those that
 * the store has (store_signatures.h), so that what held once holds again offline. See docs/decisions/0009.
 */
#ifndef MKIMAGE_TRUST_TRUST_H
#define MKIMAGE_TRUST_TRUST_H

#include "tools/mkimage/source/store.h"
#include "tools/mkimage/trust/signature.h"

enum trust_kind {
	TRUST_KEYS,			/* a signature by one of the keys */
	TRUST_LOCAL,			/* made or imported on this machine, never pulled */
	TRUST_INSECURE,			/* any */
};

struct trust_rule {
	const char *prefix;		/* of REGISTRY/REPOSITORY, whole components; "" is every image */
	enum trust_kind kind;
	const struct key *keys;
	size_t keys_count;		/* at most SIGNATURE_KEYS_MAX */
};

struct trust_policy {
	const struct trust_rule *rules;
	size_t count;
};

/*
 * The rule with the longest prefix. A prefix may be written as images of Docker's are: "redis" and "library/redis" are
 * docker.io/library/redis, too. No rule is an error, which says what to add.
 */
int trust_find(const struct trust_policy *policy, const char *reference, struct arena *arena, const struct trust_rule **rule,
	       struct error *err);

/*
 * Does the image do what the rule asks for? For TRUST_KEYS `found` says what signature of the store it was. An error says
 * what is wrong with the first signature, where there are any.
 */
int trust_check(const struct trust_rule *rule, struct store *store, const struct oci_image *image, struct arena *arena,
		struct signature_found *found, struct error *err);

#endif

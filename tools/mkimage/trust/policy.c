/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule an image has. */
#include "tools/mkimage/trust/trust.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/reference.h"

/* What may be left out in front of a name: Docker's registry, and its official images. */
static const char *const understood[] = { "", "docker.io/", "docker.io/library/" };

/* How much of the name the prefix covers, up to the end of a component; -1 where it is no prefix. "" covers nothing. */
static long covered(const char *prefix, const char *name)
{
	size_t length = strlen(prefix);

	if (length == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(understood); i++) {
		size_t before = strlen(understood[i]);

		if (strncmp(name, understood[i], before) != 0 || strncmp(name + before, prefix, length) != 0)
			continue;
		if (name[before + length] == '\0' || name[before + length] == '/')
			return (long)(before + length);
	}
	return -1;
}

int trust_find(const struct trust_policy *policy, const char *text, struct arena *arena, const struct trust_rule **found,
	       struct error *err)
{
	struct reference reference;
	long most = -1;
	const char *name;

	if (reference_parse(text, arena, &reference, err) < 0)
		return -1;
	name = arena_printf(arena, "%s/%s", reference.registry, reference.repository);
	for (size_t i = 0; i < policy->count; i++) {
		long n = covered(policy->rules[i].prefix, name);

		if (n > most) {
			most = n;
			*found = &policy->rules[i];
		}
	}
	if (most < 0)
		return error_set(err, "image '%s' has no rule in 'trust'; add '- {prefix: %s, keys: [FILE]}', or 'local: true' in place "
				 "of the keys where it is made on this machine", reference.name, name);
	return 0;
}

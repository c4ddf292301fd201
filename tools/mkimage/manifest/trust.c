/* SPDX-License-Identifier: Apache-2.0 */
/* `trust:`: each rule says one thing, and no two are about the same images. */
#include "tools/mkimage/manifest/check.h"

#include <string.h>

#include "tools/mkimage/manifest/node.h"

static int check_rule(struct checker *checker, const struct manifest_trust_rule *rule, const char *where)
{
	int said = rule->keys.set + rule->local.value + rule->insecure.value;

	if (rule->keys.set && rule->keys.count == 0)
		return check_fail(checker, &rule->keys.at, where, "keys", "is empty; name a file, or use 'insecure: true' for images that "
				  "need no signature");
	if (rule->keys.count > MANIFEST_TRUST_KEYS_MAX)
		return check_fail(checker, &rule->keys.at, where, "keys", "%zu keys; at most %d are allowed", rule->keys.count,
				  MANIFEST_TRUST_KEYS_MAX);
	if (said == 0)
		return check_fail(checker, &rule->at, where, "", "what is asked for is missing; add 'keys: [FILE]', 'local: true' or "
				  "'insecure: true'");
	if (said > 1)
		return check_fail(checker, &rule->at, where, "", "only one of 'keys', 'local' and 'insecure' can be; remove the others");
	return 0;
}

int check_trust(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_trust_rule *rules = manifest->trust;

	for (size_t i = 0; i < manifest->trust_count; i++) {
		const char *where = arena_printf(checker->arena, "trust[%zu]", i);

		if (check_rule(checker, &rules[i], where) < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(rules[j].prefix.value, rules[i].prefix.value) == 0)
				return check_fail(checker, &rules[i].prefix.at, where, "prefix", "there is a rule for '%s' on line %u; make "
						  "one of them", text_shown(rules[i].prefix.value, checker->arena),
						  rules[j].prefix.at.line);
	}
	return 0;
}

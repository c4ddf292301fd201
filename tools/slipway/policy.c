/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/policy.h"

#include "tools/mkimage/root/files.h"

static int read_keys(const struct manifest *manifest, const struct manifest_strings *files, struct arena *arena,
		     struct trust_rule *rule, struct error *err)
{
	struct key *keys = arena_array(arena, files->count, sizeof(*keys));

	for (size_t i = 0; i < files->count; i++) {
		const struct manifest_file file = { .source = files->items[i] };
		struct error cause = { 0 };

		if (key_read(files->items[i].value, files_source_path(&file, manifest->path, arena), arena, &keys[i], &cause) < 0)
			return place_error(&files->items[i].at, err, "%s", cause.message);
	}
	rule->keys = keys;
	rule->keys_count = files->count;
	return 0;
}

static int take_rule(const struct manifest *manifest, const struct manifest_trust_rule *stated, struct arena *arena,
		     struct trust_rule *rule, struct error *err)
{
	*rule = (struct trust_rule){ .prefix = stated->prefix.value };
	rule->kind = stated->keys.set ? TRUST_KEYS : stated->local.value ? TRUST_LOCAL : TRUST_INSECURE;
	return read_keys(manifest, &stated->keys, arena, rule, err);
}

int policy_of_manifest(const struct manifest *manifest, struct arena *arena, const struct trust_policy **policy,
		       struct error *err)
{
	struct trust_rule *rules = arena_array(arena, manifest->trust_count, sizeof(*rules));
	struct trust_policy *made = arena_alloc(arena, sizeof(*made));

	*policy = NULL;
	for (size_t i = 0; i < manifest->trust_count; i++)
		if (take_rule(manifest, &manifest->trust[i], arena, &rules[i], err) < 0)
			return -1;
	*made = (struct trust_policy){ rules, manifest->trust_count };
	if (manifest->trust_set)
		*policy = made;
	return 0;
}

int policy_of_keys(const struct option_list *files, struct arena *arena, const struct trust_policy **policy, struct error *err)
{
	struct key *keys = arena_array(arena, files->count, sizeof(*keys));
	struct trust_rule *rule = arena_alloc(arena, sizeof(*rule));
	struct trust_policy *made = arena_alloc(arena, sizeof(*made));

	if (files->count > SIGNATURE_KEYS_MAX)
		return error_set(err, "%zu keys; at most %d are allowed", files->count, SIGNATURE_KEYS_MAX);
	for (size_t i = 0; i < files->count; i++)
		if (key_read(files->items[i], files->items[i], arena, &keys[i], err) < 0)
			return -1;
	*rule = (struct trust_rule){ .prefix = "", .kind = TRUST_KEYS, .keys = keys, .keys_count = files->count };
	*made = (struct trust_policy){ rule, 1 };
	*policy = made;
	return 0;
}

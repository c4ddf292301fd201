/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image verify`: by which key images are signed, or why they are not trusted. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/slipway/command.h"
#include "tools/slipway/images.h"
#include "tools/slipway/policy.h"

struct verify_options {
	struct registry_values registry;
	struct option_list keys;
	const char *manifest, *store, *platform, *pull;
	bool json;
};

#define AT(member) offsetof(struct verify_options, member)

static const struct option verify_option_table[] = {
	{ OPTION_LIST, 'k', "key", "FILE", "a public key that may have signed (repeatable)", AT(keys) },
	{ OPTION_STRING, 'f', "file", "MANIFEST", "the rules are those of 'trust' in this manifest", AT(manifest) },
	{ OPTION_FLAG, 0, "json", NULL, "for programs: a list of what is known of each image", AT(json) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "which platform of an index (default: this machine's)", AT(platform) },
	PULL_OPTION_ROW(struct verify_options, pull),
	REGISTRY_OPTION_ROWS(struct verify_options, registry),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress", AT(registry.quiet) },
	OPTION_TABLE_END,
};

/* --- the report for programs ----------------------------------------------------------------- */

struct verdict {
	const char *image, *rule, *key, *signature, *reference, *error;
	struct digest digest, signed_digest, key_id;
	bool trusted;
};

struct verdicts {
	struct verdict *items;
	size_t count;
};

static const struct json_field verdict_fields[] = {
	JSON_ROW("image", struct verdict, image, JSON_ALWAYS),
	JSON_ROW("digest", struct verdict, digest, 0),
	JSON_ROW("trusted", struct verdict, trusted, JSON_ALWAYS),
	JSON_ROW("rule", struct verdict, rule, 0),
	JSON_ROW("signature", struct verdict, signature, 0),
	JSON_ROW("signed_digest", struct verdict, signed_digest, 0),
	JSON_ROW("signed_name", struct verdict, reference, 0),
	JSON_ROW("key", struct verdict, key, 0),
	JSON_ROW("key_id", struct verdict, key_id, 0),
	JSON_ROW("error", struct verdict, error, 0),
};
static const struct json_type verdict_type = JSON_TYPE(struct verdict, verdict_fields);
static const struct json_field verdicts_fields[] = {
	JSON_ROW_ARRAY("images", struct verdicts, items, count, &verdict_type, JSON_ALWAYS),
};
static const struct json_type verdicts_type = JSON_TYPE(struct verdicts, verdicts_fields);
static const struct json_field verdicts_document = { .kind = JSON_KIND_OBJECT, .type = &verdicts_type };

static int print_json(const struct verdicts *verdicts, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (json_write(&verdicts_document, verdicts, true, &text, err) < 0)
		return -1;
	buffer_add_string(&text, "\n");
	return command_put_out(NULL, &text, err);
}

/* --- verifying ------------------------------------------------------------------------------- */

static const char *const kind_names[] = { [TRUST_KEYS] = "keys", [TRUST_LOCAL] = "local", [TRUST_INSECURE] = "insecure" };

static void describe(const struct images *images, const struct oci_image *image, struct arena *arena, struct verdict *verdict)
{
	verdict->image = image->name;
	verdict->digest = image->digest;
	verdict->rule = kind_names[images->rule->kind];
	verdict->trusted = true;
	if (images->rule->kind != TRUST_KEYS)
		return;
	verdict->signature = images->found.kind;
	verdict->signed_digest = images->found.digest;
	verdict->reference = images->found.reference;
	verdict->key = json_utf8(arena, images->found.key->name);
	verdict->key_id = images->found.key->id;
}

static void print_line(const struct verdict *verdict)
{
	if (verdict->key)
		printf("%s %s signed by '%s'\n", verdict->image, verdict->digest.text, verdict->key);
	else
		printf("%s %s not signed, and need not be: its rule is '%s'\n", verdict->image, verdict->digest.text, verdict->rule);
}

static void verify(struct images *images, const char *name, bool json, struct arena *arena, struct verdict *verdict)
{
	struct error err = { 0 };
	struct oci_image image;

	*verdict = (struct verdict){ .image = json_utf8(arena, name) };
	if (images_find(images, name, arena, &image, &err) == 0)
		describe(images, &image, arena, verdict);
	else
		verdict->error = json_utf8(arena, err.message); /* which may end within a character */
	if (json)
		return;
	if (verdict->trusted)
		print_line(verdict);
	else
		error_print(&err, "slipway");
}

static int find_policy(const struct verify_options *o, struct arena *arena, const struct trust_policy **policy, struct error *err)
{
	struct manifest manifest;

	if (!o->manifest == !o->keys.count)
		return error_set(err, "by what? give --key FILE, or -f MANIFEST with 'trust'%s", o->manifest ? ", but not both" : "");
	if (o->keys.count)
		return policy_of_keys(&o->keys, arena, policy, err);
	if (manifest_read(o->manifest, arena, &manifest, err) < 0 || policy_of_manifest(&manifest, arena, policy, err) < 0)
		return -1;
	return *policy ? 0 : error_set(err, "%s: there is no 'trust' with rules in it", o->manifest);
}

/* `all` says whether each is trusted; an error is what kept us from telling. */
static int verify_all(const struct verify_options *o, const struct option_list *names, struct arena *arena, bool *all,
		      struct error *err)
{
	struct images images = { .platform = o->platform, .values = &o->registry };
	struct verdicts verdicts = { arena_array(arena, names->count, sizeof(*verdicts.items)), names->count };
	struct store *store = NULL;

	if (pull_policy_parse(o->pull, PULL_MISSING, &images.policy, err) < 0 || find_policy(o, arena, &images.trust, err) < 0 ||
	    command_store_open(o->store, &store, err) < 0)
		return -1;
	images.store = store;
	*all = true;
	for (size_t i = 0; i < names->count; i++) {
		verify(&images, names->items[i], o->json, arena, &verdicts.items[i]);
		*all = *all && verdicts.items[i].trusted;
	}
	images_close(&images);
	store_close(store);
	if (o->json)
		return print_json(&verdicts, err);
	return fflush(stdout) < 0 ? error_errno(err, "cannot write to standard output") : 0;
}

static int run(int argc, char **argv)
{
	struct verify_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	bool all = false;
	int r = option_parse(&command_image_verify, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0)
		r = verify_all(&o, &operands, &arena, &all, &err);
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r == 0 && all ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct option_command command_image_verify = {
	.name = "image verify", .operands = "NAME...", .summary = "say by which key images are signed, or why they are not trusted",
	.options = verify_option_table, .operands_min = 1, .operands_max = 1000, .run = run,
};

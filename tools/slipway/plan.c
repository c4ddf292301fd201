/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway plan` shows what PID 1 will read; `slipway lock` pins the images of a manifest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "oci/reference.h"
#include "tools/slipway/cluster.h"
#include "tools/slipway/command.h"
#include "tools/slipway/compilation.h"

struct plan_options {
	struct registry_values registry;
	const char *format, *store, *platform, *config, *pull, *machine;
	bool locked, update;
};

#define AT(member) offsetof(struct plan_options, member)

static const struct option plan_option_table[] = {
	{ OPTION_STRING, 'f', "format", "FORMAT", "output format the plan is for (default kernel+initrd)", AT(format) },
	{ OPTION_STRING, 'c', "config", "NAME", "show the config.json of this container instead", AT(config) },
	{ OPTION_STRING, 0, "machine", "NAME", "of several machines (machines:) this one", AT(machine) },
	{ OPTION_FLAG, 0, "locked", NULL, "refuse images that the lock does not name", AT(locked) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "platform of the images (default: this machine's)", AT(platform) },
	PULL_OPTION_ROW(struct plan_options, pull),
	REGISTRY_OPTION_ROWS(struct plan_options, registry),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

static const struct option lock_option_table[] = {
	{ OPTION_FLAG, 'u', "update", NULL, "look all images up anew", AT(update) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "platform of the images (default: this machine's)", AT(platform) },
	PULL_OPTION_ROW(struct plan_options, pull),
	REGISTRY_OPTION_ROWS(struct plan_options, registry),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

static int show_config(const struct compilation *c, const char *name, struct buffer *out, struct error *err)
{
	for (size_t i = 0; i < c->compiled.plan.containers_count; i++)
		if (strcmp(c->compiled.plan.containers[i].name, name) == 0)
			return oci_config_write(&c->compiled.containers[i].config, out, err);
	return error_set(err, "no container is named '%s'", name);
}

static int plan(const struct plan_options *o, const struct compilation_options *options, struct compilation *c,
		struct error *err)
{
	struct compilation_options of_format = *options;
	autobuffer struct buffer text = { 0 };
	int r;

	of_format.format = image_format_find(o->format ? o->format : "kernel+initrd", err);
	if (!of_format.format || compilation_read(&of_format, c, err) < 0 || compilation_resolve(&of_format, c, err) < 0 ||
	    compilation_read_kernel(c, err) < 0 || compilation_compile(of_format.format, c, err) < 0)
		return -1;
	r = o->config ? show_config(c, o->config, &text, err) : plan_write(&c->compiled.plan, &text, err);
	return r < 0 ? -1 : command_put_out(NULL, &text, err);
}

static int add_entries(struct lock *fresh, struct compilation *c, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < c->images_count; i++) {
		struct lock_entry *entry = arena_push(arena, &fresh->entries, &fresh->count, sizeof(*entry));
		struct reference reference;

		if (reference_parse(c->images[i].reference, arena, &reference, err) < 0)
			return -1;
		*entry = (struct lock_entry){ .name = reference.name, .digest = c->images[i].image.digest };
		/* The signature of an index vouches for what it leads to, and is found by the index. */
		if (c->finder.trust && !digest_equal(&c->images[i].image.top, &entry->digest))
			entry->index = c->images[i].image.top;
	}
	return 0;
}

static int lock_one(const struct compilation_options *options, struct lock *fresh, const char **path, struct arena *arena, struct error *err)
{
	struct compilation c = { 0 };
	int r = compilation_read(options, &c, err);

	if (r == 0)
		r = compilation_resolve(options, &c, err);
	if (r == 0)
		r = add_entries(fresh, &c, arena, err);
	if (r == 0)
		*path = lock_path(c.manifest.path, arena);
	compilation_release(&c);
	return r;
}

/* Of several machines all that the file itself says: what it names by `manifest` has a lock beside that. */
static int lock(const struct plan_options *o, const struct compilation_options *options, struct compilation *c,
		struct error *err)
{
	struct compilation_options each = *options;
	struct manifest_machines machines = { 0 };
	const char *path = NULL;
	struct lock fresh = { 0 };
	struct input input;

	(void)o;
	input_find(options->manifest_path, &c->arena, &input);
	if (cluster_read(&input, &c->arena, &machines, err) < 0 ||
	    (machines.count == 0 && lock_one(&each, &fresh, &path, &c->arena, err) < 0))
		return -1;
	for (size_t i = 0; i < machines.count; i++) {
		each.machine = machines.items[i].name;
		if (strcmp(machines.items[i].path, input.path) == 0 && lock_one(&each, &fresh, &path, &c->arena, err) < 0)
			return -1;
	}
	if (!path)
		return error_set(err, "%s: each of its machines has a 'manifest'; lock those", input.path);
	return lock_write(path, &fresh, err);
}

typedef int action(const struct plan_options *o, const struct compilation_options *options, struct compilation *c,
		   struct error *err);

static int run(const struct option_command *command, action *act, int argc, char **argv)
{
	struct plan_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct compilation c = { 0 };
	struct error err = { 0 };
	int r = option_parse(command, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0) {
		struct compilation_options options = {
			.manifest_path = operands.items[0], .machine = o.machine, .store = o.store, .platform = o.platform,
			.locked = o.locked, .ignore_lock = o.update, .registry = &o.registry,
		};

		/* To look up anew is to ask where it came from. */
		r = pull_policy_parse(o.pull, o.update ? PULL_NEWER : PULL_MISSING, &options.pull, &err);
		options.builder.pull = pull_policy_name(options.pull);
		if (r == 0)
			r = act(&o, &options, &c, &err);
	}
	if (r < 0)
		error_print(&err, "slipway");
	compilation_release(&c);
	arena_release(&arena);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_plan(int argc, char **argv)
{
	return run(&command_plan, plan, argc, argv);
}

static int run_lock(int argc, char **argv)
{
	return run(&command_lock, lock, argc, argv);
}

const struct option_command command_plan = {
	.name = "plan", .operands = "MANIFEST", .summary = "show what PID 1 will read: every container, resolved",
	.options = plan_option_table, .operands_min = 1, .operands_max = 1, .run = run_plan,
};

const struct option_command command_lock = {
	.name = "lock", .operands = "MANIFEST", .summary = "pin the images of a manifest to digests, in a file beside it",
	.options = lock_option_table, .operands_min = 1, .operands_max = 1, .run = run_lock,
};

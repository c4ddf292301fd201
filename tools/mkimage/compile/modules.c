/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel modules: which are loaded, in which order, which stay in the root. What a
 * kernel has as modules and what it has built in is read from its own lists
 * (modules.dep(5)), so that any kernel will do.
 */
#include "tools/mkimage/compile/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "base/path.h"

#define MODULES_MAX 65536u
#define DEPTH_MAX 64u			/* of modules that stand on each other; real ones stay below 10 */

#define IS(kind, member)                                           \
	static bool is_##kind(const struct manifest_link *link)    \
	{                                                          \
		return link->member;                               \
	}
IS(vlan, vlan.set)
IS(bridge, bridge.set)
IS(bond, bond.set)
IS(veth, veth.set)
IS(dummy, dummy.value)
IS(wireguard, wireguard.value)

static bool has_vsock(const struct manifest *manifest)
{
	return manifest->control.vsock.value;
}

static bool has_credentials(const struct manifest *manifest)
{
	const struct manifest_containers *stages[] = { &manifest->onboot, &manifest->services, &manifest->onshutdown };

	for (size_t s = 0; s < ARRAY_SIZE(stages); s++)
		for (size_t i = 0; i < stages[s]->count; i++)
			if (stages[s]->items[i].credentials_count)
				return true;
	return false;
}

/* What the machine needs, whatever modules the manifest names. */
static const struct machine_module {
	const char *name, *why;
	bool boot;			/* before the root is there, where the root is on a device */
	bool needed;			/* a kernel that has it neither as a module nor built in will not do */
	const char *root_type;		/* only for such a root; NULL: always */
	bool mounts;			/* the kernel mounts the root with it, where there is no initrd */
	bool (*wanted)(const struct manifest *manifest);	/* only where this says so; NULL: always */
} machine_modules[] = {
	{ "virtio_pci", "the bus of a virtual machine", true, false, NULL, false, NULL },
	{ "virtio_mmio", "the bus of a micro-VM", true, false, NULL, true, NULL },
	/* Before what may fail, so that the host hears of it. */
	{ "virtio_console", "the line to the host", true, false, NULL, false, NULL },
	{ "virtio_blk", "the root device", true, false, NULL, true, NULL },
	{ "squashfs", "the root file system", true, true, "squashfs", true, NULL },
	{ "erofs", "the root file system", true, true, "erofs", true, NULL },
	/* The quicker code for the hash first: what is there when the root is mounted is what is taken. */
	{ "sha256_ssse3", "hashes by the processor's own instructions", true, false, "squashfs", false, manifest_has_verity },
	{ "sha2_ce", "likewise, of arm64", true, false, "squashfs", false, manifest_has_verity },
	{ "dm_verity", "the hashes of the root", true, true, "squashfs", true, manifest_has_verity },
	{ "overlay", "writable layers over the root and over containers", true, true, NULL, false, NULL },
	{ "virtio_net", "the network", false, false, NULL, false, NULL },
	{ "qemu_fw_cfg", "credentials from the host", false, false, NULL, false, has_credentials },
	{ "virtio_rng", "random numbers early", false, false, NULL, false, NULL },
	{ "af_packet", "DHCP clients", false, false, NULL, false, NULL },
	{ "vmw_vsock_virtio_transport", "control by the host over vsock", false, false, NULL, false, has_vsock },
	{ "ipv6", "IPv6, which programs expect", false, false, NULL, false, NULL },
};

/* What the kinds of interfaces need that `network:` has. */
static const struct link_module {
	const char *name, *why;
	bool (*wanted)(const struct manifest_link *link);
	const char *parameters;
} link_modules[] = {
	{ "8021q", "a VLAN", is_vlan, NULL },
	{ "bridge", "a bridge", is_bridge, NULL },
	/* These two would make an interface of their own when they are loaded. */
	{ "bonding", "a bond", is_bond, "max_bonds=0" },
	{ "dummy", "a dummy", is_dummy, "numdummies=0" },
	{ "veth", "a pair of interfaces", is_veth, NULL },
	{ "wireguard", "wireguard", is_wireguard, NULL },
};

struct module {
	const char *name;		/* as modprobe has it: '-' is '_' */
	const char *path;		/* below lib/modules/RELEASE */
	const char *dependencies;	/* paths, separated by spaces; length below */
	size_t dependencies_length;
	bool visited;
	struct plan_module *planned;
};

struct modules {
	const struct compile_input *input;
	struct arena *arena;
	struct error *err;
	struct module *items;		/* sorted by name once all are read */
	size_t count;
	const char **builtin;		/* names */
	size_t builtin_count;
	struct plan_module **planned;	/* in the order of loading */
	size_t planned_count;
	size_t boot_count;		/* the first so many of them */
	unsigned int depth;
};

char *module_name(struct arena *arena, const char *path, size_t length)
{
	char *name, *suffix;

	path = arena_strndup(arena, path, length);
	name = arena_strdup(arena, path_base(path));
	suffix = strstr(name, ".ko");
	if (suffix)
		*suffix = '\0';
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

static struct module *find(const struct modules *m, const char *name)
{
	struct module key = { .name = name };

	return m->count ? bsearch(&key, m->items, m->count, sizeof(key), by_name) : NULL;
}

static bool is_builtin(const struct modules *m, const char *name)
{
	for (size_t i = 0; i < m->builtin_count; i++)
		if (strcmp(m->builtin[i], name) == 0)
			return true;
	return false;
}

/* modules.dep: "PATH: PATH PATH" a line. */
static int read_dependencies(struct modules *m)
{
	size_t line = 0, length;

	for (const char *at = m->input->kernel.modules_dep; at && *at; at += length + (at[length] == '\n')) {
		const char *colon;
		struct module *module;

		length = strcspn(at, "\n");
		line++;
		if (length == 0)
			continue;
		colon = memchr(at, ':', length);
		if (!colon || colon == at)
			return error_set(m->err, "kernel: modules.dep: line %zu: expected 'path: dependencies'", line);
		if (m->count >= MODULES_MAX)
			return error_set(m->err, "kernel: modules.dep: more than %u modules", MODULES_MAX);
		module = arena_push(m->arena, &m->items, &m->count, sizeof(*module));
		module->path = arena_strndup(m->arena, at, (size_t)(colon - at));
		module->name = module_name(m->arena, at, (size_t)(colon - at));
		module->dependencies = colon + 1;
		module->dependencies_length = length - (size_t)(colon + 1 - at);
		if (path_escapes(module->path))
			return error_set(m->err, "kernel: modules.dep: line %zu: '%.200s' leads out of its directory", line,
					 module->path);
	}
	if (m->count)
		qsort(m->items, m->count, sizeof(*m->items), by_name);
	return 0;
}

static int read_builtin(struct modules *m)
{
	size_t length;

	for (const char *at = m->input->kernel.modules_builtin; at && *at; at += length + (at[length] == '\n')) {
		length = strcspn(at, "\n");
		if (m->builtin_count >= MODULES_MAX)
			return error_set(m->err, "kernel: modules.builtin: more than %u modules", MODULES_MAX);
		if (length)
			*(const char **)arena_push(m->arena, &m->builtin, &m->builtin_count, sizeof(*m->builtin)) =
				module_name(m->arena, at, length);
	}
	return 0;
}

static const char *absolute(const struct modules *m, const struct module *module)
{
	if (module->path[0] == '/')
		return module->path;
	return arena_printf(m->arena, "/lib/modules/%s/%s", m->input->kernel.release, module->path);
}

static int visit(struct modules *m, struct module *module, bool optional);

/* The last one listed is what the others stand on (modules.dep(5)); the recursion would find that out too. */
static int visit_dependencies(struct modules *m, struct module *module, bool optional)
{
	const char *start = module->dependencies, *end = start + module->dependencies_length;

	if (++m->depth > DEPTH_MAX)
		return error_set(m->err, "kernel: modules.dep: more than %u modules stand on each other", DEPTH_MAX);
	while (end > start) {
		const char *word;
		struct module *dependency;

		while (end > start && end[-1] == ' ')
			end--;
		for (word = end; word > start && word[-1] != ' '; word--)
			;
		if (word == end)
			break;
		dependency = find(m, module_name(m->arena, word, (size_t)(end - word)));
		if (!dependency)
			return error_set(m->err, "kernel: modules.dep: '%s' stands on '%.*s', which is not there",
					 module->path, (int)(end - word < 200 ? end - word : 200), word);
		if (visit(m, dependency, optional) < 0)
			return -1;
		end = word;
	}
	m->depth--;
	return 0;
}

/* Puts the module behind what it stands on. What one module needs is not optional because another could do without. */
static int visit(struct modules *m, struct module *module, bool optional)
{
	if (module->visited) {
		if (!module->planned || optional || !module->planned->optional)
			return 0;
		module->planned->optional = false;
		return visit_dependencies(m, module, false);
	}
	module->visited = true;
	if (visit_dependencies(m, module, optional) < 0)
		return -1;
	module->planned = arena_alloc(m->arena, sizeof(*module->planned));
	*module->planned = (struct plan_module){ absolute(m, module), NULL, optional };
	*(struct plan_module **)arena_push(m->arena, &m->planned, &m->planned_count, sizeof(*m->planned)) =
		module->planned;
	return 0;
}

static bool is_wanted(const struct modules *m, const struct machine_module *row, bool boot)
{
	return row->boot == boot && (!row->root_type || strcmp(row->root_type, m->input->root_type) == 0) &&
	       (!row->wanted || row->wanted(m->input->manifest));
}

/* One that the machine itself needs, by its name. */
static int visit_wish(struct modules *m, const struct module_wish *wish)
{
	struct module *module = find(m, wish->name);

	if (is_builtin(m, wish->name))
		return 0;
	if (module)
		return visit(m, module, !wish->needed);
	/* Without a list of what is built in nothing can be said. */
	if (!wish->needed || !m->builtin_count)
		return 0;
	return place_error(&m->input->manifest->kernel.image.at, m->err,
			   "kernel.image: this kernel has no '%s', which is needed for %s", wish->name, wish->why);
}

static int visit_machine(struct modules *m, bool boot)
{
	for (size_t i = 0; i < ARRAY_SIZE(machine_modules); i++) {
		const struct machine_module *row = &machine_modules[i];

		if (!is_wanted(m, row, boot))
			continue;
		if (row->mounts && m->input->machine && find(m, row->name))
			return place_error(&m->input->manifest->kernel.image.at, m->err,
					   "kernel.image: this kernel has '%s' (%s) as a module, which an image without an initrd "
					   "cannot load", row->name, row->why);
		if (visit_wish(m, &(struct module_wish){ row->name, row->why, row->needed }) < 0)
			return -1;
	}
	return 0;
}

static int visit_storage(struct modules *m, const struct plan *plan)
{
	struct module_wish *wishes;
	size_t count = storage_modules_wanted(plan, m->arena, &wishes);

	for (size_t i = 0; i < count; i++)
		if (visit_wish(m, &wishes[i]) < 0)
			return -1;
	return 0;
}

static int visit_link(struct modules *m, const struct manifest_link *link)
{
	const char *driver = link->match.driver.value;
	struct module *module = driver ? find(m, module_name(m->arena, driver, strlen(driver))) : NULL;

	/* A kernel may have the driver built in under another name, or not at all. */
	if (module && visit(m, module, true) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(link_modules); i++) {
		const struct link_module *row = &link_modules[i];

		if (!row->wanted(link) || is_builtin(m, row->name))
			continue;
		module = find(m, row->name);
		if (module && visit(m, module, false) < 0)
			return -1;
		if (module)
			module->planned->parameters = row->parameters;
		else if (m->builtin_count)
			return place_error(&link->at, m->err, "network.interfaces: '%s': the kernel has no '%s', which is needed for %s",
					   link->name.value, row->name, row->why);
	}
	return 0;
}

static int visit_network(struct modules *m)
{
	const struct manifest_network *network = &m->input->manifest->network;

	for (size_t i = 0; i < network->links_count; i++)
		if (visit_link(m, &network->links[i]) < 0)
			return -1;
	return 0;
}

static int unknown(struct modules *m, const struct manifest_string *item, const char *name)
{
	const char **names = arena_array(m->arena, m->count + 1, sizeof(*names)), *nearest;

	for (size_t i = 0; i < m->count; i++)
		names[i] = m->items[i].name;
	nearest = option_nearest(name, names);
	return place_error(&item->at, m->err, "kernel.modules: the kernel has no module '%s'%s%s%s", name,
			   nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static int visit_stated(struct modules *m, const struct manifest_string *item)
{
	const char *name = module_name(m->arena, item->value, strlen(item->value));
	struct module *module = find(m, name);

	if (module)
		return visit(m, module, false);
	return is_builtin(m, name) ? 0 : unknown(m, item, name);
}

static void write_plan(struct modules *m, struct compiled *out)
{
	struct plan *plan = &out->plan;
	bool initrd = m->input->root_source != NULL;

	plan->modules = arena_array(m->arena, m->planned_count + 1, sizeof(*plan->modules));
	plan->modules_count = m->planned_count;
	out->boot_modules = arena_array(m->arena, m->boot_count + 1, sizeof(*out->boot_modules));
	out->boot_modules_count = initrd ? m->boot_count : 0;
	for (size_t i = 0; i < m->planned_count; i++) {
		plan->modules[i] = *m->planned[i];
		if (i < m->boot_count)
			out->boot_modules[i] = plan->modules[i].path;
	}
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_kept(struct modules *m, struct compiled *out)
{
	if (out->all_modules)
		return;
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].planned)
			*(const char **)arena_push(m->arena, &out->keep_modules, &out->keep_modules_count,
						   sizeof(*out->keep_modules)) = m->items[i].path;
	if (out->keep_modules_count)
		qsort(out->keep_modules, out->keep_modules_count, sizeof(*out->keep_modules), compare_strings);
}

int modules_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err)
{
	const struct manifest_strings *stated = &input->manifest->kernel.modules;
	struct modules m = { .input = input, .arena = arena, .err = err };

	/* Which devices will come nobody knows: with coldplug, all drivers are wanted. */
	out->all_modules = !stated->set || input->manifest->kernel.coldplug.value;
	if (!input->kernel.release) {
		if (stated->count)
			return place_error(&stated->items[0].at, err, "kernel.modules: the kernel image '%s' has no modules",
					   input->manifest->kernel.image.value ? input->manifest->kernel.image.value : "");
		return 0;
	}
	if (read_dependencies(&m) < 0 || read_builtin(&m) < 0 || visit_machine(&m, true) < 0)
		return -1;
	m.boot_count = m.planned_count;
	if (visit_machine(&m, false) < 0 || visit_storage(&m, &out->plan) < 0 || visit_network(&m) < 0)
		return -1;
	for (size_t i = 0; i < stated->count; i++)
		if (visit_stated(&m, &stated->items[i]) < 0)
			return -1;
	write_plan(&m, out);
	write_kept(&m, out);
	return 0;
}

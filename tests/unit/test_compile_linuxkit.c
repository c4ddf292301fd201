/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LinuxKit's example manifests, compiled by us and held against what LinuxKit made of them:
 * the whole config.json of every container, and runtime.json against the prepare records of
 * the plan. What differs on purpose is taken out first, one row of `differences` each; all
 * the rest must be equal.
 *
 * The examples are not part of the tree: LINUXKIT_EXAMPLES, or ../shared/linuxkit-examples.
 */
#include "tools/mkimage/compile/compile.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

static const char *examples;
static json_t *labels;			/* of LinuxKit's packages, by image name */

/* One container: what both made of it, and who it is. */
struct pair {
	json_t *ours, *theirs;
	const char *stage, *name;
	bool readonly;
};

static const char *text_at(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---------------------------------------------------------------- deliberate differences */

static void drop_confinement(struct pair *pair)
{
	static const char *const keys[] = { "maskedPaths", "readonlyPaths", "seccomp" };
	json_t *linux_ = json_object_get(pair->ours, "linux");

	(void)json_object_del(json_object_get(pair->ours, "process"), "noNewPrivileges");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)json_object_del(linux_, keys[i]);
}

static void drop_cgroups_path(struct pair *pair)
{
	json_t *linux_ = json_object_get(pair->ours, "linux");
	char expected[256];

	(void)snprintf(expected, sizeof(expected), "/%s/%s", pair->stage, pair->name);
	assert_string_equal(text_at(linux_, "cgroupsPath"), expected);
	(void)json_object_del(linux_, "cgroupsPath");
}

static void drop_deny_rule(struct pair *pair)
{
	json_t *resources = json_object_get(json_object_get(pair->ours, "linux"), "resources");
	json_t *devices = json_object_get(resources, "devices");

	assert_true(json_is_false(json_object_get(json_array_get(devices, 0), "allow")));
	(void)json_array_remove(devices, 0);
	if (json_array_size(devices) == 0)
		(void)json_object_del(resources, "devices");
}

static void drop_cgroup_namespace(struct pair *pair)
{
	json_t *namespaces = json_object_get(json_object_get(pair->ours, "linux"), "namespaces");
	json_t *namespace;
	size_t i;

	json_array_foreach(namespaces, i, namespace)
		if (strcmp(text_at(namespace, "type"), "cgroup") == 0) {
			(void)json_array_remove(namespaces, i);
			return;
		}
}

/* A network namespace that has a name is made before the container, which joins it. */
static void drop_network_path(struct pair *pair)
{
	json_t *namespaces = json_object_get(json_object_get(pair->ours, "linux"), "namespaces");
	json_t *theirs = json_object_get(json_object_get(pair->theirs, "linux"), "namespaces"), *namespace;
	size_t i;

	json_array_foreach(namespaces, i, namespace)
		if (strcmp(text_at(namespace, "type"), "network") == 0 &&
		    !json_object_get(json_array_get(theirs, i), "path"))
			(void)json_object_del(namespace, "path");
}

static void drop_overlay(struct pair *pair)
{
	json_t *annotations = json_object_get(pair->ours, "annotations");

	assert_string_equal(text_at(annotations, OCI_ANNOTATION_OVERLAY), pair->readonly ? "" : "tmpfs");
	(void)json_object_del(annotations, OCI_ANNOTATION_OVERLAY);
	if (json_object_size(annotations) == 0)
		(void)json_object_del(pair->ours, "annotations");
}

static void drop_repeated_options(struct pair *pair)
{
	json_t *mount;
	size_t m;

	json_array_foreach(json_object_get(pair->theirs, "mounts"), m, mount) {
		json_t *options = json_object_get(mount, "options");

		for (size_t i = 0; i < json_array_size(options); i++)
			for (size_t k = json_array_size(options); k-- > i + 1;)
				if (json_equal(json_array_get(options, i), json_array_get(options, k)))
					(void)json_array_remove(options, k);
	}
}

static void drop_stated_major(struct pair *pair)
{
	json_t *rules = json_object_get(json_object_get(json_object_get(pair->ours, "linux"), "resources"), "devices");

	if (strcmp(pair->name, "acpid") == 0) {
		assert_int_equal(json_integer_value(json_object_get(json_array_get(rules, 0), "major")), 13);
		(void)json_object_del(json_array_get(rules, 0), "major");
	}
}

static const struct difference {
	const char *what, *why;
	void (*take_out)(struct pair *pair);
} differences[] = {
	{ "no_new_privileges, masked and read-only paths, seccomp",
	  "LinuxKit leaves them open; we close them for whom that takes nothing away", drop_confinement },
	{ "cgroupsPath", "LinuxKit's init gives it when it starts the container; ours is in the bundle", drop_cgroups_path },
	{ "the first device rule, which denies all", "runc implies it", drop_deny_rule },
	{ "a cgroup namespace", "later versions of LinuxKit make one for all; we for those without CAP_SYS_ADMIN",
	  drop_cgroup_namespace },
	{ "the path of a network namespace that is pinned", "LinuxKit pins it when the container runs; an onboot container "
	  "may be gone by then, so ours is made first and joined", drop_network_path },
	{ "the overlay annotation", "LinuxKit mounts the overlay through runtime.json", drop_overlay },
	{ "an option of a mount that stands twice", "it says nothing more", drop_repeated_options },
	{ "'all' devices with a major number", "LinuxKit drops the number and allows every device of the type",
	  drop_stated_major },
};

/* ---------------------------------------------------------------- comparing */

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *json = json_load_file(path, 0, &error);

	if (!json)
		fail_msg("%s: %s", path, error.text);
	return json;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a), json_string_value(*(json_t *const *)b));
}

/* The sets of capabilities have no order. */
static void sort_capabilities(json_t *config)
{
	json_t *sets = json_object_get(json_object_get(config, "process"), "capabilities"), *set;
	const char *key;

	json_object_foreach(sets, key, set) {
		json_t *items[64];
		size_t n = json_array_size(set);

		assert_in_range(n, 0, ARRAY_SIZE(items));
		for (size_t i = 0; i < n; i++)
			items[i] = json_incref(json_array_get(set, i));
		qsort(items, n, sizeof(*items), by_text);
		(void)json_array_clear(set);
		for (size_t i = 0; i < n; i++)
			(void)json_array_append_new(set, items[i]);
	}
}

static void must_be_equal(const char *where, json_t *ours, json_t *theirs)
{
	autofree char *a = NULL, *b = NULL;

	if (json_equal(ours, theirs))
		return;
	a = json_dumps(ours, JSON_INDENT(1) | JSON_SORT_KEYS);
	b = json_dumps(theirs, JSON_INDENT(1) | JSON_SORT_KEYS);
	fail_msg("%s\nours: %s\nLinuxKit's: %s", where, a, b);
}

static void compare_config(const char *where, const struct compiled_container *container, struct pair *pair)
{
	struct error err = { 0 };
	autobuffer struct buffer json = { 0 };

	if (oci_config_write(&container->config, &json, &err) < 0)
		fail_msg("%s: %s", where, err.message);
	pair->ours = json_loadb(json.data, json.length, 0, NULL);
	assert_non_null(pair->ours);
	for (size_t i = 0; i < ARRAY_SIZE(differences); i++)
		differences[i].take_out(pair);
	sort_capabilities(pair->ours);
	sort_capabilities(pair->theirs);
	must_be_equal(where, pair->ours, pair->theirs);
	json_decref(pair->ours);
}

/* ---------------------------------------------------------------- runtime.json */

static void add_text(json_t *object, const char *key, const char *value)
{
	if (value)
		(void)json_object_set_new(object, key, json_string(value));
}

/* A prepare record as LinuxKit writes it. */
static void add_prepare(json_t *runtime, const struct plan_prepare *p)
{
	json_t *object = json_object(), *options = json_array();

	switch (p->kind) {
	case PLAN_MKDIR:
		(void)json_array_append_new(json_object_get(runtime, "mkdir"), json_string(p->path));
		break;
	case PLAN_CGROUP:
		(void)json_array_append_new(json_object_get(runtime, "cgroups"), json_string(p->path));
		break;
	case PLAN_BIND_NAMESPACE:
		add_text(json_object_get(runtime, "bindNS"), p->namespace_type, p->path);
		break;
	case PLAN_NETWORK:
		add_text(json_object_get(runtime, "bindNS"), "net", p->path);
		break;
	case PLAN_MOUNT:
		add_text(object, "destination", p->path);
		add_text(object, "type", p->type);
		add_text(object, "source", p->source);
		for (size_t i = 0; i < p->options.count; i++)
			(void)json_array_append_new(options, json_string(p->options.items[i]));
		if (p->options.count)
			(void)json_object_set(object, "options", options);
		(void)json_array_append(json_object_get(runtime, "mounts"), object);
		break;
	case PLAN_IO_MAX:
	case PLAN_CREDENTIAL:
		break;
	case PLAN_INTERFACE:
		add_text(object, "name", p->name);
		add_text(object, "add", p->add);
		add_text(object, "peer", p->peer);
		(void)json_object_set_new(object, "createInRoot", json_boolean(p->create_in_root));
		(void)json_array_append(json_object_get(runtime, "interfaces"), object);
		break;
	}
	json_decref(object);
	json_decref(options);
}

static json_t *runtime_of(const struct plan *plan, size_t container)
{
	json_t *runtime = json_pack("{s[]s[]s[]s[]s{ssssssssssssss}ss}", "cgroups", "mounts", "mkdir", "interfaces",
				    "bindNS", "cgroup", "", "ipc", "", "mnt", "", "net", "", "pid", "", "user", "",
				    "uts", "", "namespace", "");

	assert_non_null(runtime);
	for (size_t i = 0; i < plan->prepares_count; i++)
		if (plan->prepares[i].container == container)
			add_prepare(runtime, &plan->prepares[i]);
	return runtime;
}

/*
 * Two differences: the mounts of the container's own root (three for a writable one, one for a
 * read-only one) are made by our runtime, and a relative path is written as the absolute one it means.
 */
static void adapt_runtime(json_t *theirs, const struct plan_container *container, bool readonly)
{
	json_t *mounts = json_object_get(theirs, "mounts"), *mount;
	size_t index;
	char path[512];

	for (int n = readonly ? 1 : 3; n > 0; n--) {
		const char *at = text_at(json_array_get(mounts, 0), "destination");

		assert_true(strncmp(at, container->bundle, strlen(container->bundle)) == 0);
		(void)json_array_remove(mounts, 0);
	}
	json_array_foreach(mounts, index, mount) {
		const char *at = text_at(mount, "destination");

		(void)snprintf(path, sizeof(path), "%s%s", at[0] == '/' ? "" : "/", at);
		(void)json_object_set_new(mount, "destination", json_string(path));
	}
}

/* ---------------------------------------------------------------- one example */

/* The stand-in that LinuxKit was given for every image. */
static void stand_in(const char *reference, struct arena *arena, struct oci_image *image)
{
	static const char *entrypoint[] = { "/bin/app" }, *cmd[] = { "--from-image" };
	static const char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
	const char *name = strncmp(reference, "linuxkit/", 9) == 0 ? reference + 9 : "";
	json_t *label = json_object_get(labels, arena_strndup(arena, name, strcspn(name, ":")));

	image->name = reference;
	image->config.config.entrypoint = (struct oci_strings){ entrypoint, 1 };
	image->config.config.cmd = (struct oci_strings){ cmd, 1 };
	image->config.config.env = (struct oci_strings){ env, 1 };
	image->config.config.working_dir = "/";
	if (label) {
		autofree char *text = json_dumps(label, JSON_COMPACT);
		struct oci_pairs *pairs = &image->config.config.labels;

		*(struct oci_pair *)arena_push(arena, &pairs->items, &pairs->count, sizeof(struct oci_pair)) =
			(struct oci_pair){ "org.mobyproject.config", arena_strdup(arena, text) };
	}
}

static void add_images(const struct manifest_containers *stage, struct arena *arena, struct compile_input *input)
{
	for (size_t i = 0; i < stage->count; i++) {
		struct compile_image *image = arena_push(arena, &input->images, &input->images_count, sizeof(*image));

		image->reference = stage->items[i].image.value;
		stand_in(image->reference, arena, &image->image);
	}
}

static void compile_example(const char *path, struct arena *arena, struct compiled *compiled)
{
	struct manifest *manifest = arena_alloc(arena, sizeof(*manifest));
	struct compile_input input = { .manifest = manifest, .root_type = "initramfs" };
	struct error err = { 0 };

	if (manifest_read(path, arena, manifest, &err) < 0)
		fail_msg("%s", err.message);
	add_images(&manifest->onboot, arena, &input);
	add_images(&manifest->services, arena, &input);
	add_images(&manifest->onshutdown, arena, &input);
	if (compile(&input, arena, compiled, &err) < 0)
		fail_msg("%s", err.message);
}

static void compare_container(const char *golden, const struct compiled *compiled, size_t index, struct arena *arena)
{
	static const char *const stages[] = { "onboot", "services", "onshutdown" };
	const struct plan_container *planned = &compiled->plan.containers[index];
	const char *bundle = path_join(arena, golden, planned->bundle);
	struct pair pair = {
		.theirs = load(path_join(arena, bundle, "config.json")),
		.stage = stages[planned->stage],
		.name = planned->name,
		.readonly = compiled->containers[index].readonly,
	};
	json_t *ours = runtime_of(&compiled->plan, index);
	json_t *theirs = load(path_join(arena, bundle, "runtime.json"));

	compare_config(bundle, &compiled->containers[index], &pair);
	adapt_runtime(theirs, planned, pair.readonly);
	must_be_equal(path_join(arena, bundle, "runtime.json"), ours, theirs);
	json_decref(pair.theirs);
	json_decref(ours);
	json_decref(theirs);
}

/* How many containers LinuxKit made: each was compared, and there is none that we did not make. */
static size_t count_containers(const char *golden, struct arena *arena)
{
	static const char *const stages[] = { "onboot", "services", "onshutdown" };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		autoclosedir DIR *dir = opendir(path_join(arena, path_join(arena, golden, "containers"), stages[i]));

		for (struct dirent *entry; dir && (entry = readdir(dir));)
			count += entry->d_name[0] != '.';
	}
	return count;
}

/* What PID 1 will read is what was compiled. */
static void plan_survives(const char *name, const struct compiled *compiled, struct arena *arena)
{
	autobuffer struct buffer once = { 0 }, twice = { 0 };
	struct error err = { 0 };
	struct plan plan;

	if (plan_write(&compiled->plan, &once, &err) < 0 ||
	    plan_parse(once.data, once.length, arena, &plan, &err) < 0 || plan_write(&plan, &twice, &err) < 0)
		fail_msg("%s: plan: %s", name, err.message);
	assert_string_equal(once.data, twice.data);
}

static size_t compare_example(const char *name)
{
	struct arena arena = { 0 };
	struct compiled compiled;
	const char *golden = arena_printf(&arena, "%s/golden/%s", examples, name);
	size_t count;

	compile_example(arena_printf(&arena, "%s/%s.yml", examples, name), &arena, &compiled);
	count = compiled.plan.containers_count;
	assert_int_equal(count, count_containers(golden, &arena));
	for (size_t i = 0; i < count; i++)
		compare_container(golden, &compiled, i, &arena);
	plan_survives(name, &compiled, &arena);
	arena_release(&arena);
	return count;
}

static void each_example_is_what_linuxkit_made_of_it(void **state)
{
	struct arena arena = { 0 };
	autoclosedir DIR *dir = NULL;
	size_t count = 0, containers = 0;

	(void)state;
	if (!labels)
		skip();
	dir = opendir(path_join(&arena, examples, "golden"));
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.') {
			containers += compare_example(entry->d_name);
			count++;
		}
	print_message("%zu examples, %zu containers\n", count, containers);
	assert_true(count >= 30 && containers >= 190);
	arena_release(&arena);
}

static void read_labels(void)
{
	struct arena arena = { 0 };
	const char *path = path_join(&arena, examples, "pkg-labels.json"), *key;
	json_t *packages, *package;

	if (access(path, R_OK) < 0) {
		print_message("LinuxKit's examples are not at '%s': skipped (see LINUXKIT_EXAMPLES)\n", examples);
		arena_release(&arena);
		return;
	}
	packages = load(path);
	labels = json_object();
	json_object_foreach(packages, key, package)
		(void)json_object_set(labels, text_at(package, "image"), json_object_get(package, "config"));
	json_decref(packages);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_is_what_linuxkit_made_of_it),
	};
	const char *top = getenv("TOP");
	char path[4096];
	int r;

	(void)snprintf(path, sizeof(path), "%s/../shared/linuxkit-examples", top ? top : ".");
	examples = getenv("LINUXKIT_EXAMPLES") ? getenv("LINUXKIT_EXAMPLES") : path;
	read_labels();
	r = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(labels);
	return r;
}

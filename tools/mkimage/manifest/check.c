/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/node.h"

int check_fail(struct checker *checker, const struct place *at, const char *where, const char *key,
	       const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	return place_error(at, checker->err, "%s%s%s%s%s", where, *where && *key ? "." : "", key,
			   *where || *key ? ": " : "", message);
}

static int check_value(struct checker *checker, const struct check_rule *rule, const struct manifest_string *string,
		       const char *where, const char *key)
{
	const char *problem = string->value ? rule->check(string->value, checker->arena) : NULL;

	return problem ? check_fail(checker, &string->at, where, key, "%s", problem) : 0;
}

int check_rules(struct checker *checker, const struct check_rule *rules, const void *values, const char *where)
{
	for (; rules->key; rules++) {
		const void *value = (const char *)values + rules->offset;
		const struct manifest_strings *strings = value;

		if (rules->kind == RULE_STRING) {
			if (check_value(checker, rules, value, where, rules->key) < 0)
				return -1;
			continue;
		}
		for (size_t i = 0; i < strings->count; i++) {
			const char *problem = rules->check(strings->items[i].value, checker->arena);

			if (problem)
				return check_fail(checker, &strings->items[i].at, where,
						  arena_printf(checker->arena, "%s[%zu]", rules->key, i), "%s", problem);
		}
	}
	return 0;
}

int check_ranges(struct checker *checker, const struct check_range *ranges, const void *values, const char *where)
{
	for (; ranges->key; ranges++) {
		const struct manifest_int *number = (const void *)((const char *)values + ranges->offset);

		if (number->set && (number->value < ranges->least || number->value > ranges->most))
			return check_fail(checker, &number->at, where, ranges->key,
					  "expected a number from %lld to %lld, got %lld", (long long)ranges->least,
					  (long long)ranges->most, (long long)number->value);
	}
	return 0;
}

int check_id(struct checker *checker, const char *name, const struct place *at, const char *where, const char *key)
{
	const struct manifest *manifest = checker->manifest;

	if (!manifest || *name == '\0' || strcmp(name, "root") == 0)
		return 0;
	for (size_t s = 0; s < 3; s++) {
		const struct manifest_containers *stage = s == 0   ? &manifest->onboot
							  : s == 1 ? &manifest->services
								   : &manifest->onshutdown;

		for (size_t i = 0; i < stage->count; i++)
			if (stage->items[i].name.value && strcmp(stage->items[i].name.value, name) == 0)
				return 0;
	}
	return check_fail(checker, at, where, key, "no container is named '%s'; give its name or a number",
			  text_shown(name, checker->arena));
}

static int missing(struct checker *checker, const struct place *at, const char *where, const char *key)
{
	return check_fail(checker, at, where, "", "'%s' is missing; add '%s:'", key, key);
}

/* --- containers ---------------------------------------------------------------------------------- */

static int check_containers(struct checker *checker, const struct manifest_containers *containers, const char *key,
			    enum check_stage stage)
{
	for (size_t i = 0; i < containers->count; i++) {
		const struct manifest_container *c = &containers->items[i];
		const char *where = arena_printf(checker->arena, "%s[%zu]", key, i);

		if (!c->name.value)
			return missing(checker, &c->at, where, "name");
		if (!c->image.value)
			return missing(checker, &c->at, where, "image");
		if (check_container(checker, c, where, stage) < 0)
			return -1;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct manifest_string *x = *(const struct manifest_string *const *)a;
	const struct manifest_string *y = *(const struct manifest_string *const *)b;
	int r = strcmp(x->value, y->value);

	if (r)
		return r;
	return x->at.line != y->at.line ? (x->at.line > y->at.line) - (x->at.line < y->at.line)
					: (x->at.column > y->at.column) - (x->at.column < y->at.column);
}

/* `names` has `count` places. */
static int check_unique(struct checker *checker, const struct manifest_string **names, size_t count, const char *what)
{
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1]->value, names[i]->value) == 0)
			return check_fail(checker, &names[i]->at, "", "",
					  "duplicate %s '%s', first on line %u; give one of them another name", what,
					  names[i]->value, names[i - 1]->at.line);
	return 0;
}

/* Services run at the same time, so their names are ids; onboot containers may share one. */
static int check_service_names(struct checker *checker, const struct manifest_containers *services)
{
	const struct manifest_string **names = arena_array(checker->arena, services->count, sizeof(struct manifest_string *));

	for (size_t i = 0; i < services->count; i++)
		names[i] = &services->items[i].name;
	return check_unique(checker, names, services->count, "service name");
}

/* --- files --------------------------------------------------------------------------------------- */

#define FILE_RULE(key, member, check) { key, RULE_STRING, offsetof(struct manifest_file, member), check }

static const struct check_rule file_rules[] = {
	FILE_RULE("path", path, value_file_path),
	FILE_RULE("metadata", metadata, value_metadata),
	FILE_RULE("mode", mode, value_mode),
	{ NULL, RULE_STRING, 0, NULL },
};

/* Exactly one thing says what the file is. */
static int check_file_kind(struct checker *checker, const struct manifest_file *file, const char *where)
{
	static const char known[] = "'contents', 'source', 'directory', 'symlink' and 'metadata'";
	const struct {
		const char *key;
		bool there;
	} kinds[] = {
		{ "directory", file->directory.value }, { "symlink", file->symlink.value },
		{ "contents", file->contents.value },   { "source", file->source.value },
		{ "metadata", file->metadata.value },
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].there && first)
			return check_fail(checker, &file->at, where, "", "has both '%s' and '%s'; keep one of them", first,
					  kinds[i].key);
		if (kinds[i].there)
			first = kinds[i].key;
	}
	return first ? 0 : check_fail(checker, &file->at, where, "", "nothing says what it is; add one of %s", known);
}

static int check_file(struct checker *checker, const struct manifest_file *file, const char *where)
{
	if (!file->path.value)
		return missing(checker, &file->at, where, "path");
	if (check_rules(checker, file_rules, file, where) < 0 || check_file_kind(checker, file, where) < 0)
		return -1;
	if (file->symlink.value && *file->symlink.value == '\0')
		return check_fail(checker, &file->symlink.at, where, "symlink", "is empty; give its target");
	if (file->source.value && *file->source.value == '\0')
		return check_fail(checker, &file->source.at, where, "source", "is empty; give a path beside the manifest");
	if (file->uid.name && check_id(checker, file->uid.name, &file->uid.at, where, "uid") < 0)
		return -1;
	return file->gid.name ? check_id(checker, file->gid.name, &file->gid.at, where, "gid") : 0;
}

/* --- volumes ------------------------------------------------------------------------------------- */

#define VOLUME_RULE(key, kind, member, check) { key, kind, offsetof(struct manifest_volume, member), check }

static const struct check_rule volume_rules[] = {
	VOLUME_RULE("name", RULE_STRING, name, value_volume_name),
	VOLUME_RULE("image", RULE_STRING, image, value_image),
	VOLUME_RULE("format", RULE_STRING, format, value_format),
	VOLUME_RULE("platforms", RULE_STRINGS, platforms, value_platform),
	{ NULL, RULE_STRING, 0, NULL },
};

static int check_volumes(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_string **names =
		arena_array(checker->arena, manifest->volumes_count, sizeof(struct manifest_string *));

	for (size_t i = 0; i < manifest->volumes_count; i++) {
		const struct manifest_volume *volume = &manifest->volumes[i];
		const char *where = arena_printf(checker->arena, "volumes[%zu]", i);

		if (!volume->name.value)
			return missing(checker, &volume->at, where, "name");
		if (check_rules(checker, volume_rules, volume, where) < 0)
			return -1;
		names[i] = &volume->name;
	}
	return check_unique(checker, names, manifest->volumes_count, "volume name");
}

/* --- the rest ------------------------------------------------------------------------------------ */

#define RULE(key, kind, member, check) { key, kind, offsetof(struct manifest, member), check }

static const struct check_rule manifest_rules[] = {
	RULE("kernel.image", RULE_STRING, kernel.image, value_image),
	RULE("kernel.cmdline", RULE_STRING, kernel.cmdline, value_line),
	RULE("kernel.modules", RULE_STRINGS, kernel.modules, value_module),
	RULE("init", RULE_STRINGS, init, value_image),
	RULE("hostname", RULE_STRING, hostname, value_hostname),
	RULE("on_failure", RULE_STRING, on_failure, value_boot_failure),
	{ NULL, RULE_STRING, 0, NULL },
};

int check_manifest(struct checker *checker, const struct manifest *manifest)
{
	if (manifest->kernel.at.line && !manifest->kernel.image.value)
		return missing(checker, &manifest->kernel.at, "kernel", "image");
	/* Volumes first: what names them then finds them good. */
	if (check_rules(checker, manifest_rules, manifest, "") < 0 || check_volumes(checker, manifest) < 0 ||
	    check_containers(checker, &manifest->onboot, "onboot", CHECK_ONBOOT) < 0 ||
	    check_containers(checker, &manifest->services, "services", CHECK_SERVICES) < 0 ||
	    check_containers(checker, &manifest->onshutdown, "onshutdown", CHECK_ONSHUTDOWN) < 0 ||
	    check_service_names(checker, &manifest->services) < 0)
		return -1;
	for (size_t i = 0; i < manifest->files_count; i++)
		if (check_file(checker, &manifest->files[i], arena_printf(checker->arena, "files[%zu]", i)) < 0)
			return -1;
	return check_pairs(checker, &manifest->sysctl, "", "sysctl", value_sysctl_key);
}

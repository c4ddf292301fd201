/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms: image-index.md, "platform"; the names are Go's GOOS and GOARCH. */
#include "tools/mkimage/source/store_platform.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"

static const struct {
	const char *machine, *platform;
} machines[] = {
	{ "x86_64", "linux/amd64" },  { "aarch64", "linux/arm64" },   { "armv7l", "linux/arm/v7" },
	{ "armv6l", "linux/arm/v6" }, { "i686", "linux/386" },        { "riscv64", "linux/riscv64" },
	{ "s390x", "linux/s390x" },   { "ppc64le", "linux/ppc64le" }, { "loongarch64", "linux/loong64" },
};

const char *store_machine_platform(void)
{
	struct utsname name;

	if (uname(&name) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
			if (strcmp(machines[i].machine, name.machine) == 0)
				return machines[i].platform;
	return "linux/amd64";
}

static bool part_is(const char **at, const char *part)
{
	size_t n = strcspn(*at, "/");
	bool equal = part && strlen(part) == n && memcmp(*at, part, n) == 0;

	*at += n + ((*at)[n] == '/');
	return equal;
}

/* A variant that was not asked for may be any. */
static bool matches(const struct oci_platform *platform, const char *wanted)
{
	return part_is(&wanted, platform->os) && part_is(&wanted, platform->architecture) &&
	       (*wanted == '\0' || !platform->variant || part_is(&wanted, platform->variant));
}

static bool is_known(const struct oci_platform *platform)
{
	return platform->os && platform->architecture && strcmp(platform->os, "unknown") != 0 &&
	       strcmp(platform->architecture, "unknown") != 0;
}

static const char *list_platforms(const struct oci_index *index, struct arena *arena)
{
	const char *list = NULL;
	size_t shown = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct oci_platform *p = &index->manifests[i].platform;

		if (!is_known(p))
			continue;
		if (++shown > 16)
			return arena_printf(arena, "%s, ...", list);
		list = arena_printf(arena, "%s%s%.32s/%.32s%s%.32s", list ? list : "", list ? ", " : "",
				    p->os, p->architecture, p->variant ? "/" : "",
				    p->variant ? p->variant : "");
	}
	return list ? list : "none with a known platform";
}

int store_choose_platform(const struct oci_index *index, const char *platform, struct arena *arena,
			  const struct oci_descriptor **chosen, struct error *err)
{
	const struct oci_descriptor *found = NULL;
	const char *wanted = platform ? platform : store_machine_platform();

	for (size_t i = 0; i < index->count && !found; i++)
		if (matches(&index->manifests[i].platform, wanted))
			found = &index->manifests[i];
	if (!found && index->count == 1 && !index->manifests[0].platform.architecture)
		found = &index->manifests[0];
	if (index->count == 0)
		return error_set(err, "the index is empty");
	if (!found)
		return error_set(err, "no image for '%s'; there are: %s", wanted,
				 list_platforms(index, arena));
	*chosen = found;
	return 0;
}

int store_check_platform(const struct oci_image_config *config, const char *platform, struct error *err)
{
	struct oci_platform is = { config->architecture, config->os, config->variant };
	const char *wanted = platform ? platform : store_machine_platform();

	if (!is.os || !*is.os || !is.architecture || !*is.architecture || matches(&is, wanted))
		return 0;
	return error_set(err, "the image is for '%.32s/%.32s%s%.32s', not for '%s'", is.os, is.architecture,
			 is.variant && *is.variant ? "/" : "", is.variant ? is.variant : "", wanted);
}

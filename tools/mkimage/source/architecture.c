/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/architecture.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "tools/mkimage/source/store_platform.h"

#define OS "linux/"

static const struct architecture architectures[] = {
	/* Not x32: distributions' kernels refuse its calls anyway, and it would make a third of a filter. */
	{ "amd64", "x86_64", "ttyS0", { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", NULL } },
	{ "arm64", "aarch64", "ttyAMA0", { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", NULL } },
};

const struct architecture *architecture_at(unsigned int n)
{
	return n < ARRAY_SIZE(architectures) ? &architectures[n] : NULL;
}

static const struct architecture *find(const char *platform)
{
	const char *name = strncmp(platform, OS, strlen(OS)) == 0 ? platform + strlen(OS) : "";
	size_t length = strcspn(name, "/");

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (strlen(architectures[i].name) == length && strncmp(architectures[i].name, name, length) == 0)
			return &architectures[i];
	return NULL;
}

const struct architecture *architecture_here(void)
{
	return find(store_machine_platform());
}

const struct architecture *architecture_of(const char *platform, struct error *err)
{
	const char *wanted = platform ? platform : store_machine_platform();
	const struct architecture *found = find(wanted);
	autobuffer struct buffer names = { 0 };

	if (found)
		return found;
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		buffer_printf(&names, "%s'" OS "%s'", i ? " and " : "", architectures[i].name);
	(void)error_set(err, "platform '%s': machines are made for %s", wanted, buffer_string(&names));
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a manifest, as one of several machines, and as the label of an image. What is refused is refused with one line that begins with the
 * name of the file, and leaves the result as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tools/mkimage/manifest/machines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct error *err)
{
	if (strncmp(err->message, "f:", 2) != 0 || strpbrk(err->message, "\r\n") || strlen(err->message) < 10)
		abort();
}

/* A name, and either an image or what to build it from. */
static void check_names(const struct manifest_containers *containers)
{
	for (size_t i = 0; i < containers->count; i++) {
		const struct manifest_container *c = &containers->items[i];

		if (!*c->name.value || strchr(c->name.value, '/') || c->at.line == 0 || !c->image.value != c->build.set ||
		    !c->build.context.value != !c->build.set)
			abort();
	}
}

/* Each has a name of its own, and a manifest with a place on the network. Other files are not for a fuzzer to name. */
static void check_machines(const uint8_t *data, size_t size)
{
	struct manifest_machines machines = { .count = 77 };
	struct arena arena = { 0 };
	struct error err = { 0 };

	if (memmem(data, size, "manifest", strlen("manifest")))
		return;
	if (manifest_machines_parse("f", (const char *)data, size, &arena, &machines, &err) < 0) {
		check_refusal(&err);
		if (machines.count != 77)
			abort();
		machines.count = 0;
	}
	for (size_t i = 0; i < machines.count; i++) {
		const struct manifest_machine *m = &machines.items[i];

		if (!*m->name || strchr(m->name, '/') || strcmp(m->manifest.lan.machine, m->name) != 0 || !m->manifest.network.links_count)
			abort();
		for (size_t k = 0; k < i; k++)
			if (strcmp(m->name, machines.items[k].name) == 0)
				abort();
		check_names(&m->manifest.services);
	}
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest_container container = { .devices_count = 77 };
	struct manifest manifest = { .volumes_count = 77 };
	struct arena arena = { 0 };
	struct error err = { 0 };

	log_open("fuzz", -1, LOG_LEVEL_ERROR, false);
	if (manifest_parse("f", (const char *)data, size, &arena, &manifest, &err) == 0) {
		check_names(&manifest.onboot);
		check_names(&manifest.services);
		check_names(&manifest.onshutdown);
	} else {
		check_refusal(&err);
		if (manifest.volumes_count != 77)
			abort();
	}
	check_machines(data, size);
	err.message[0] = '\0';
	if (manifest_parse_label("f", (const char *)data, size, &arena, &container, &err) < 0) {
		check_refusal(&err);
		if (container.devices_count != 77)
			abort();
	} else if (container.name.value || container.image.value) {
		abort();
	}
	arena_release(&arena);
	return 0;
}

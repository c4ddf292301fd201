/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compose/dockerfile.h"

#include <string.h>

#include "base/path.h"
#include "tools/mkimage/compose/text.h"

static size_t count_of(const char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

static bool has_healthcheck(const struct oci_image_config *config)
{
	const struct oci_healthcheck *health = config->config.healthcheck;

	return health && health->test.count > 1 && strcmp(health->test.items[0], "NONE") != 0;
}

/* "80/tcp" is "80". */
static void add_ports(const struct oci_strings *exposed, struct arena *arena, struct buffer *out)
{
	const char **ports = arena_array(arena, exposed->count, sizeof(*ports));
	size_t count = 0;

	for (size_t i = 0; i < exposed->count; i++) {
		const char *port = exposed->items[i], *end = port + strspn(port, "0123456789");

		/* A range, "8000-8010", and other protocols cannot be published. */
		if (*end == '\0' || strcmp(end, "/tcp") == 0)
			ports[count++] = arena_strndup(arena, port, (size_t)(end - port));
		else if (strcmp(end, "/udp") == 0)
			ports[count++] = port;
	}
	if (count)
		text_list(out, "    ", "ports", ports, count);
}

static const char *volume_name(const struct oci_strings *volumes, size_t index, struct arena *arena)
{
	return volumes->count == 1 ? "data" : arena_printf(arena, "data-%zu", index + 1);
}

static void add_binds(const struct oci_strings *volumes, struct arena *arena, struct buffer *out)
{
	buffer_add_string(out, "    binds:\n");
	for (size_t i = 0; i < volumes->count; i++) {
		buffer_add_string(out, "      - ");
		text_scalar(out, arena_printf(arena, "%s:/%s", volume_name(volumes, i, arena),
					      path_clean(arena, volumes->items[i])));
		buffer_add_string(out, "\n");
	}
	for (size_t i = 0; machine_binds[i]; i++)
		buffer_printf(out, "      - %s\n", machine_binds[i]);
}

static void add_volumes(const struct dockerfile_machine *machine, struct arena *arena, struct buffer *out)
{
	const struct oci_strings *volumes = &machine->config->config.volumes;

	if (volumes->count == 0)
		return;
	buffer_add_string(out, "volumes:\n");
	for (size_t i = 0; i < volumes->count; i++) {
		buffer_printf(out, "  - name: %s\n", volume_name(volumes, i, arena));
		text_key(out, "    ", "from", machine->name);
		text_key(out, "    ", "path", arena_printf(arena, "/%s", path_clean(arena, volumes->items[i])));
		buffer_add_string(out, "    persistent: true\n");
	}
	text_storage(out);
}

void dockerfile_manifest(const struct dockerfile_machine *machine, struct arena *arena, struct buffer *out)
{
	const struct oci_image_config *config = machine->config;
	const char *none[] = { NULL };

	buffer_printf(out, "# %s\n", machine->comment);
	text_machine(out, machine->name, none, none);
	buffer_add_string(out, "services:\n");
	text_key(out, "  - ", "name", machine->name);
	if (machine->image) {
		text_key(out, "    ", "image", machine->image);
	} else {
		buffer_add_string(out, "    build:\n");
		text_key(out, "      ", "context", machine->context);
		if (machine->dockerfile)
			text_key(out, "      ", "dockerfile", machine->dockerfile);
	}
	text_list(out, "    ", "capabilities", docker_capabilities, count_of(docker_capabilities));
	buffer_add_string(out, "    noNewPrivileges: false\n");
	add_ports(&config->config.exposed_ports, arena, out);
	add_binds(&config->config.volumes, arena, out);
	if (has_healthcheck(config))
		buffer_add_string(out, "    health: image\n    ready: health\n    ready_timeout: 10m\n");
	buffer_add_string(out, "    restart: never\n    on_exit: poweroff\n");
	add_volumes(machine, arena, out);
}

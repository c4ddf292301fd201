/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

#define PORTS_BYTES_MAX (1u << 20)

int ports_write(const char *prefix, const struct manifest *manifest, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	const char *path = arena_printf(&arena, "%s-ports", prefix);
	int r = 0;

	for (size_t i = 0; i < manifest->services.count; i++)
		for (size_t k = 0; k < manifest->services.items[i].ports.count; k++)
			buffer_printf(&text, "%s\n", manifest->services.items[i].ports.items[k].value);
	if (text.length)
		r = file_output_write(path, text.data, text.length, 0644, err);
	else if (unlink(path) < 0 && errno != ENOENT)
		r = error_errno(err, "cannot remove '%s'", path);
	arena_release(&arena);
	return r;
}

/* "53/udp" of "127.0.0.1:5353:53/udp". */
static const char *guest_of(const char *port, struct arena *arena)
{
	const char *colon = strrchr(port, ':'), *guest = colon ? colon + 1 : port;

	return strchr(guest, '/') ? guest : arena_printf(arena, "%s/tcp", guest);
}

static bool is_published(const struct option_list *publish, const char *guest, struct arena *arena)
{
	for (size_t i = 0; i < publish->count; i++)
		if (strcmp(guest_of(publish->items[i], arena), guest) == 0)
			return true;
	return false;
}

int ports_read(const char *prefix, bool all, struct option_list *publish, struct arena *arena, struct error *err)
{
	const char *path = arena_printf(arena, "%s-ports", prefix);
	autobuffer struct buffer text = { 0 };
	char *save = NULL;

	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(AT_FDCWD, path, PORTS_BYTES_MAX, &text, err) < 0)
		return -1;
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *guest = guest_of(line, arena);
		bool stated = strchr(line, ':');

		if ((!stated && !all) || is_published(publish, guest, arena))
			continue;
		*(const char **)arena_push(arena, &publish->items, &publish->count, sizeof(*publish->items)) =
			stated ? arena_strdup(arena, line) :
				 arena_printf(arena, "%.*s:%s", (int)strcspn(guest, "/"), guest, guest);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

static int show(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct container container;
	int r = container_load(runtime_globals.root, operands->items[0], arena, &container, err);

	(void)data;
	if (r == 0) {
		enum container_status status = container_status(&container);

		container.state.status = container_status_names[status];
		if (status == CONTAINER_STOPPED)
			container.state.pid = 0;
		if (!container.state.owner)
			container.state.owner = "";
		r = oci_state_write(&container.state, OCI_STATE_FOR_USERS, &text, err);
	}
	if (r == 0) {
		if (text.length == 0 || text.data[text.length - 1] != '\n')
			buffer_add_string(&text, "\n");
		r = file_write_all(STDOUT_FILENO, text.data, text.length, "standard output", err);
	}
	return r;
}

const struct command command_state = {
	.words = { "state", "CONTAINER", "show the state of a container", NULL, 1, 1, false, NULL },
	.act = show,
};

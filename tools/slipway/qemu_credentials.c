/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <string.h>
#include <unistd.h>

#define NAME_MAX_FW_CFG 24		/* QEMU's names have 55 bytes, of which 31 stand in front */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

int qemu_credential_parse(const char *text, struct arena *arena, struct qemu_credential *credential, struct error *err)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;

	if (!equals || length == 0 || strspn(text, letters) < length)
		return error_set(err, "--credential '%s': expected 'NAME=VALUE' or 'NAME=@FILE'", text);
	if (length > NAME_MAX_FW_CFG)
		return error_set(err, "--credential '%s': the name is longer than %d characters", text, NAME_MAX_FW_CFG);
	*credential = (struct qemu_credential){ .name = arena_strndup(arena, text, length) };
	if (equals[1] != '@') {
		credential->value = equals + 1;
		return 0;
	}
	credential->file = equals + 2;
	if (access(credential->file, R_OK) < 0)
		return error_errno(err, "--credential '%s': cannot read '%s'", credential->name, credential->file);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `verity:`: whether the root is read through dm-verity. */
#include <string.h>

#include "tools/mkimage/compile/parts.h"

bool manifest_has_verity(const struct manifest *manifest)
{
	return manifest->verity.value && strcmp(manifest->verity.value, "none") != 0;
}

bool verity_is_wanted(const struct compile_input *input)
{
	return input->root_source && manifest_has_verity(input->manifest);
}

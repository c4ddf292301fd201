/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's configuration (.config), and what a manifest needs of it. No I/O. */
#ifndef MKIMAGE_COMPILE_KERNEL_CONFIG_H
#define MKIMAGE_COMPILE_KERNEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/mkimage/manifest/manifest.h"

#define KERNEL_CONFIG_BYTES_MAX (4u << 20)

enum kernel_option {
	KERNEL_OPTION_ABSENT,		/* "# CONFIG_X is not set", or no line at all */
	KERNEL_OPTION_MODULE,		/* =m */
	KERNEL_OPTION_BUILT_IN,		/* =y, or any other value */
};

/* True where this is the text of a configuration at all: a line begins with "CONFIG_". */
bool kernel_config_plausible(const char *text);

/* `option` without "CONFIG_": "OVERLAY_FS". */
enum kernel_option kernel_config_find(const char *text, const char *option);

/* One row of what is needed. */
struct kernel_need {
	const char *option;		/* without "CONFIG_"; of "A|B" one does */
	const char *feature;		/* what of ours, in the words of the manifest where it has some */
	const char *why;
	bool required;			/* without it the feature fails; otherwise something is lost */
	bool (*wanted)(const struct manifest *manifest);	/* NULL: by every manifest */
};

/* The next row from *at on that the manifest wants, NULL behind the last. A manifest of NULL wants all of them. */
const struct kernel_need *kernel_need_next(const struct manifest *manifest, size_t *at);

/* The best that one of the row's options is. */
enum kernel_option kernel_need_find(const char *text, const struct kernel_need *need);

#endif

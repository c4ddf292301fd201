/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/inputs.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/compose/text.h"

static const struct pattern {
	const char *pattern;
	enum input_kind kind;
} patterns[] = {
	{ "Dockerfile", INPUT_DOCKERFILE },	  { "Containerfile", INPUT_DOCKERFILE },
	{ "Dockerfile.*", INPUT_DOCKERFILE },	  { "Containerfile.*", INPUT_DOCKERFILE },
	{ "*.Dockerfile", INPUT_DOCKERFILE },	  { "*.Containerfile", INPUT_DOCKERFILE },
	{ "*.dockerfile", INPUT_DOCKERFILE },	  { "compose.y*ml", INPUT_COMPOSE },
	{ "compose.*.y*ml", INPUT_COMPOSE },	  { "*.compose.y*ml", INPUT_COMPOSE },
	{ "docker-compose.y*ml", INPUT_COMPOSE }, { "docker-compose.*.y*ml", INPUT_COMPOSE },
};

/* What is looked for in a directory, in this order. */
static const char *const names[] = {
	"Containerfile", "Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
};

static bool has_mode(const char *path, mode_t type)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static const char *name_of(const char *directory, struct arena *arena)
{
	autofree char *real = realpath(directory, NULL);

	return text_name(path_base(real ? real : directory), arena);
}

void input_find(const char *operand, struct arena *arena, struct input *input)
{
	const char *base;
	bool directory;

	*input = (struct input){ .path = operand, .manifest_path = operand };
	for (size_t i = 0; has_mode(operand, S_IFDIR) && i < ARRAY_SIZE(names) && input->path == operand; i++)
		if (has_mode(path_join(arena, operand, names[i]), S_IFREG))
			input->path = path_join(arena, operand, names[i]);
	/* A directory with none of them is for who reads manifests to refuse. */
	directory = has_mode(input->path, S_IFDIR);
	base = path_base(input->path);
	input->directory = path_directory(arena, input->path);
	input->name = name_of(input->directory, arena);
	for (size_t i = 0; i < ARRAY_SIZE(patterns) && input->kind == INPUT_MANIFEST && !directory; i++)
		if (fnmatch(patterns[i].pattern, base, 0) == 0)
			input->kind = patterns[i].kind;
	if (input->kind != INPUT_MANIFEST)
		input->manifest_path = path_join(arena, input->directory, arena_printf(arena, "%s.yml", input->name));
}

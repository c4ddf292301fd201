/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/root/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/compile/compile.h"

/* LinuxKit's: what is not said is for its owner only. */
#define DEFAULT_FILE_MODE 0600
#define DEFAULT_DIRECTORY_MODE 0700

static int attributes_of(const struct files_document *document, const struct manifest_file *file,
			 struct tree_attributes *attributes, struct error *err)
{
	mode_t mode = file->directory.value ? DEFAULT_DIRECTORY_MODE : DEFAULT_FILE_MODE;

	if (file->mode.value)
		mode = (mode_t)strtoul(file->mode.value, NULL, 8);
	*attributes = (struct tree_attributes){ .mode = mode };
	if (compile_id(document->manifest, &file->uid, "files: uid", &attributes->uid, err) < 0)
		return -1;
	return compile_id(document->manifest, &file->gid, "files: gid", &attributes->gid, err);
}

const char *files_source_path(const struct manifest_file *file, const char *document, struct arena *arena)
{
	const char *source = file->source.value, *home = getenv("HOME");
	const char *slash = strrchr(document, '/');

	if (strncmp(source, "~/", 2) == 0 && home)
		return path_join(arena, home, source + 2);
	if (*source == '/' || !slash)
		return source;
	return path_join(arena, arena_strndup(arena, document, (size_t)(slash - document + 1)), source);
}

static int add_source(const struct files_document *document, const struct manifest_file *file,
		      struct tree_attributes attributes, struct tree *root, const char *path, struct error *err)
{
	const char *source = files_source_path(file, document->path, tree_arena(root));
	autoclose int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT && file->optional.value)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return place_error(&file->source.at, err, "files: cannot open '%s': %s; write the path of a file that "
				   "can be read, or 'optional: true'", source, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return place_error(&file->source.at, err, "files: '%s' is not a regular file; name a file", source);
	if (!file->mode.value)
		attributes.mode = st.st_mode & 0777;
	return tree_add_file_fd(root, path, fd, &attributes, NULL, err);
}

static int add_one(const struct files_document *document, const struct manifest_file *file, struct tree *root,
		   struct error *err)
{
	struct tree_attributes attributes;
	const char *path = path_clean(tree_arena(root), file->path.value);
	const char *contents = file->contents.value ? file->contents.value : "";

	if (attributes_of(document, file, &attributes, err) < 0)
		return -1;
	if (file->directory.value)
		return tree_add_directory(root, path, &attributes, NULL, err);
	if (file->symlink.value)
		return tree_add_symlink(root, path, file->symlink.value, &(struct tree_attributes){ .mode = 0777 },
					NULL, err);
	if (file->source.value)
		return add_source(document, file, attributes, root, path, err);
	/* `metadata: yaml` is the document itself. */
	if (file->metadata.value)
		contents = document->text;
	return tree_add_file(root, path, contents, strlen(contents), &attributes, NULL, err);
}

int files_add(const struct files_document *document, const struct manifest_file *files, size_t count,
	      struct tree *root, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct error cause = { 0 };

		if (add_one(document, &files[i], root, &cause) == 0)
			continue;
		/* Some errors name their own place already. */
		if (strncmp(cause.message, document->path, strlen(document->path)) == 0) {
			*err = cause;
			return -1;
		}
		return place_error(&files[i].at, err, "files: '%s': %s", files[i].path.value, cause.message);
	}
	return 0;
}

bool files_source_is_file(struct tree *root, const char *source)
{
	/* Files that the machine makes while it runs, and that containers commonly bind. */
	static const char *const known[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/dev/kmsg" };
	struct tree_node *node;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(source, known[i]) == 0)
			return true;
	node = tree_resolve(root, source + strspn(source, "/"), true);
	return node && !S_ISDIR(node->inode->mode);
}

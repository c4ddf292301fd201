/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/verity.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcryptsetup.h>

#include "base/cleanup.h"

#define BLOCK 4096u			/* of data and of hashes: a page, the most that the kernel takes */
#define SECTOR 512u
#define FORMAT_VERSION 1		/* 0 is Chrome OS's */
/* The file says nothing about who it is: it is known by its root hash. */
#define NO_UUID "00000000-0000-0000-0000-000000000000"

/* What the library says is the reason; it ends lines itself. */
static void keep_message(int level, const char *message, void *context)
{
	struct error *reason = context;

	if (level == CRYPT_LOG_ERROR)
		(void)error_set(reason, "%.*s", (int)strcspn(message, "\n"), message);
}

static int make_tree(struct crypt_device *device, const char *path, struct image_verity *verity)
{
	/* Without a salt equal blocks have equal hashes from one image to the next, which is what updates by difference live on. */
	struct crypt_params_verity parameters = {
		.hash_name = "sha256", .data_device = path, .hash_type = FORMAT_VERSION, .data_block_size = BLOCK, .hash_block_size = BLOCK,
		.data_size = verity->blocks, .hash_area_offset = verity->blocks * BLOCK, .flags = CRYPT_VERITY_CREATE_HASH, .salt = "",
	};
	size_t length = sizeof(verity->root);
	int r = crypt_format(device, CRYPT_VERITY, NULL, NULL, NO_UUID, NULL, 0, &parameters);

	if (r >= 0)
		r = crypt_volume_key_get(device, CRYPT_ANY_SLOT, (char *)verity->root, &length, NULL, 0);
	assert(r < 0 || length == sizeof(verity->root));
	return r;
}

int verity_append(int fd, struct image_verity *verity, struct error *err)
{
	struct error reason = { 0 };
	struct crypt_device *device = NULL;
	struct stat st;
	char path[32];
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, "hashes of the root can only be added to a regular file");
	verity->blocks = ((uint64_t)st.st_size + BLOCK - 1) / BLOCK;
	if (ftruncate(fd, (off_t)(verity->blocks * BLOCK)) < 0)
		return error_errno(err, "cannot fill the root up to whole blocks");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = crypt_init(&device, path);
	if (r >= 0) {
		crypt_set_log_callback(device, keep_message, &reason);
		r = make_tree(device, path, verity);
	}
	crypt_free(device);
	if (r >= 0)
		return 0;
	return *reason.message ? error_set(err, "cannot write the hashes of the root: %s", reason.message) :
				 error_number(err, -r, "cannot write the hashes of the root");
}

static const char *option_of(const struct image_verity *verity)
{
	static const struct {
		const char *word, *option;
	} rows[] = {
		{ "restart", " 1 restart_on_corruption" },
		{ "panic", " 1 panic_on_corruption" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].word, verity->on_corruption) == 0)
			return rows[i].option;
	return ""; /* whoever reads it gets EIO */
}

void verity_add_word(const struct image_verity *verity, struct buffer *out)
{
	assert(verity->blocks);
	buffer_printf(out, "dm-mod.create=\"root,,,ro,0 %" PRIu64 " verity %d %s %s %u %u %" PRIu64 " %" PRIu64 " sha256 ",
		      verity->blocks * (BLOCK / SECTOR), FORMAT_VERSION, verity->device, verity->device, BLOCK, BLOCK, verity->blocks,
		      verity->blocks + 1);
	for (size_t i = 0; i < sizeof(verity->root); i++)
		buffer_printf(out, "%02x", verity->root[i]);
	buffer_printf(out, " -%s\"", option_of(verity));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/swap_area.h"

#include <string.h>

#include "base/cleanup.h"
#include "init/storage/begun.h"

#define MAGIC	 "SWAPSPACE2"		/* the last bytes of the first page */
#define INFO_AT	 1024u
#define PAGES_MAX UINT32_MAX

struct swap_info {			/* union swap_header of the kernel's swap.h, behind the boot bits */
	uint32_t version, last_page, bad_pages;
	unsigned char uuid[16];
	char label[16];
};
_Static_assert(sizeof(struct swap_info) == 44, "linux/swap.h: union swap_header");

void swap_area_header(const struct swap_wish *wish, unsigned char header[SWAP_HEADER_BYTES])
{
	uint64_t pages = wish->size / SWAP_HEADER_BYTES;
	struct swap_info info = { .version = 1, .last_page = (uint32_t)(pages > PAGES_MAX ? PAGES_MAX : pages) - 1 };

	memset(header, 0, SWAP_HEADER_BYTES);
	memcpy(info.uuid, wish->uuid, sizeof(info.uuid));
	memcpy(info.label, wish->label, strnlen(wish->label, sizeof(info.label)));
	memcpy(header + INFO_AT, &info, sizeof(info));
	memcpy(header + SWAP_HEADER_BYTES - strlen(MAGIC), MAGIC, strlen(MAGIC));
}

/* All but the first sector, where the mark is. */
static errcode_t write_header(io_manager manager, const char *path, const unsigned char *header)
{
	io_channel channel = NULL;
	errcode_t code = manager->open(path, IO_FLAG_RW | IO_FLAG_EXCLUSIVE, &channel);

	if (!code)
		code = io_channel_set_blksize(channel, BEGUN_BYTES);
	if (!code)
		code = io_channel_write_blk64(channel, 1, SWAP_HEADER_BYTES / BEGUN_BYTES - 1, header + BEGUN_BYTES);
	if (!code)
		code = io_channel_flush(channel);
	if (channel)
		io_channel_close(channel);
	return code;
}

int swap_area_make(io_manager manager, const char *path, const struct swap_wish *wish, struct error *err)
{
	unsigned char header[SWAP_HEADER_BYTES];
	errcode_t code;

	swap_area_header(wish, header);
	if (begun_set(manager, path, wish->size, err) < 0)
		return -1;
	code = write_header(manager, path, header);
	if (code)
		return error_set(err, "cannot make a swap area on '%s': %s", path, error_message(code));
	return begun_clear(manager, path, err);
}

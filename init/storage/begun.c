/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/begun.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "init/storage/probe.h"

static const char mark[] = "slipway: something is being made on this device; while this line is here, it holds nothing else\n";
_Static_assert(sizeof(mark) <= BEGUN_BYTES, "it is one sector");

bool begun_is_mark(const unsigned char *sector)
{
	unsigned char expected[BEGUN_BYTES] = { 0 };

	memcpy(expected, mark, sizeof(mark) - 1);
	return memcmp(sector, expected, sizeof(expected)) == 0;
}

static int failed(const char *path, errcode_t code, struct error *err)
{
	return error_set(err, "cannot write to '%s': %s", path, error_message(code));
}

/* A channel that nobody else writes through: O_EXCL is refused for a device that is mounted or part of another. */
static errcode_t open_channel(io_manager manager, const char *path, int block_size, io_channel *channel)
{
	errcode_t code = manager->open(path, IO_FLAG_RW | IO_FLAG_EXCLUSIVE, channel);

	return code ? code : io_channel_set_blksize(*channel, block_size);
}

static errcode_t write_sector(io_manager manager, const char *path, const void *sector)
{
	io_channel channel = NULL;
	errcode_t code = open_channel(manager, path, BEGUN_BYTES, &channel);

	if (!code)
		code = io_channel_write_blk64(channel, 0, 1, sector);
	if (!code)
		code = io_channel_flush(channel);
	if (channel)
		io_channel_close(channel);
	return code;
}

/* The sectors from `first` up to `end`, of which none is the mark's. */
static errcode_t write_zeros(io_channel channel, uint64_t first, uint64_t end, const void *zeros)
{
	for (uint64_t count; first < end; first += count) {
		errcode_t code;

		count = end - first < PROBE_EDGE / BEGUN_BYTES ? end - first : PROBE_EDGE / BEGUN_BYTES;
		code = io_channel_write_blk64(channel, first, (int)count, zeros);
		if (code)
			return code;
	}
	return 0;
}

static errcode_t clear_edges(io_manager manager, const char *path, uint64_t size)
{
	uint64_t sectors = size / BEGUN_BYTES, edge = PROBE_EDGE / BEGUN_BYTES, head = sectors < edge ? sectors : edge;
	autofree char *zeros = calloc(1, PROBE_EDGE);
	io_channel channel = NULL;
	errcode_t code = zeros ? open_channel(manager, path, BEGUN_BYTES, &channel) : EXT2_ET_NO_MEMORY;

	if (!code)
		code = write_zeros(channel, 1, head, zeros);
	if (!code && sectors > head)
		code = write_zeros(channel, sectors - edge > head ? sectors - edge : head, sectors, zeros);
	if (!code)
		code = io_channel_flush(channel);
	if (channel)
		io_channel_close(channel);
	return code;
}

int begun_set(io_manager manager, const char *path, uint64_t size, struct error *err)
{
	unsigned char sector[BEGUN_BYTES] = { 0 };
	errcode_t code;

	memcpy(sector, mark, sizeof(mark) - 1);
	code = write_sector(manager, path, sector);
	if (!code)
		code = clear_edges(manager, path, size);
	return code ? failed(path, code, err) : 0;
}

int begun_clear(io_manager manager, const char *path, struct error *err)
{
	static const unsigned char zeros[BEGUN_BYTES];
	errcode_t code = write_sector(manager, path, zeros);

	return code ? failed(path, code, err) : 0;
}

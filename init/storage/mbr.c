/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/mbr.h"

#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "init/storage/gpt.h"
#include "init/storage/sectors.h"

#define ENTRIES 4u
#define TYPE_PROTECTIVE 0xee		/* UEFI 2.10, 5.2.3: what follows is a GPT */

struct mbr_entry {
	uint8_t bootable, first_chs[3], type, last_chs[3];
	uint32_t first, count;
} __attribute__((packed));
_Static_assert(sizeof(struct mbr_entry) == 16, "UEFI 2.10, table 5.2");

struct mbr {
	uint8_t code[446];
	struct mbr_entry entries[ENTRIES];
	uint8_t signature[2];
} __attribute__((packed));
_Static_assert(sizeof(struct mbr) == 512, "UEFI 2.10, table 5.1");

static bool is_used(const struct mbr_entry *entry)
{
	return entry->type != 0 && entry->count != 0;
}

static bool is_table(const struct mbr *mbr)
{
	bool used = false;

	for (unsigned int i = 0; i < ENTRIES; i++) {
		if (mbr->entries[i].type == TYPE_PROTECTIVE)
			return false;
		used = used || is_used(&mbr->entries[i]);
	}
	return used && mbr->signature[0] == 0x55 && mbr->signature[1] == 0xaa;
}

bool mbr_is_table(int disk)
{
	struct mbr mbr;

	return pread(disk, &mbr, sizeof(mbr), 0) == sizeof(mbr) && is_table(&mbr);
}

static bool is_last(const struct mbr *mbr, const struct mbr_entry *entry)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (is_used(&mbr->entries[i]) && le32toh(mbr->entries[i].first) > le32toh(entry->first))
			return false;
	return true;
}

/* The sector behind the last one that the partition can have. */
static uint64_t end_possible(const struct sectors *disk, uint32_t first)
{
	uint64_t align = GPT_ALIGN / disk->size, end = disk->count / align * align, told = (uint64_t)first + UINT32_MAX;

	return end < told ? end : told;
}

int mbr_grow(int fd, unsigned int number, uint64_t start, uint64_t *size, struct error *err)
{
	uint8_t sector[SECTOR_MAX];
	struct mbr *mbr = (void *)sector;
	struct mbr_entry *entry;
	struct sectors disk;
	uint32_t first;
	uint64_t end;

	*size = 0;
	if (sectors_open(fd, &disk, err) < 0)
		return -1;
	if (!sectors_read(&disk, 0, sector, disk.size) || !is_table(mbr))
		return error_set(err, "the partition table is damaged; it stays as it is");
	if (number == 0 || number > ENTRIES)
		return error_set(err, "partition %u is a logical one, which only a GPT would let grow", number);
	entry = &mbr->entries[number - 1];
	first = le32toh(entry->first);
	if (!is_used(entry) || (uint64_t)first * (disk.size / 512) != start)
		return error_set(err, "partition %u of the table is not the one the kernel has", number);
	end = end_possible(&disk, first);
	if (!is_last(mbr, entry) || end <= (uint64_t)first + le32toh(entry->count))
		return 0;
	entry->count = htole32((uint32_t)(end - first));
	/* Beyond what cylinders, heads and sectors can tell. */
	memcpy(entry->last_chs, "\xfe\xff\xff", sizeof(entry->last_chs));
	if (sectors_write(&disk, 0, sector, disk.size, err) < 0)
		return -1;
	if (fsync(fd) < 0)
		return error_errno(err, "cannot write the partition table");
	*size = (end - first) * (disk.size / 512);
	return 0;
}

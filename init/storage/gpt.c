/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/gpt.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/storage/sectors.h"

#define SIGNATURE	"EFI PART"
#define ENTRIES_MAX	1024u
#define ENTRY_BYTES	128u
/* UEFI 2.10, 5.2.3: four entries of the old table, one of them of this type. */
#define MBR_ENTRIES	446
#define MBR_ENTRY_BYTES 16
#define MBR_END		510
#define MBR_PROTECTIVE	0xee

struct gpt_header {
	char signature[8];
	uint32_t revision, header_size, header_crc, reserved;
	uint64_t own_lba, other_lba, first_usable, last_usable;
	uint8_t disk_guid[16];
	uint64_t entries_lba;
	uint32_t entries, entry_size, entries_crc;
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_header) == 92, "UEFI 2.10, 5.3.2");

struct gpt_entry {
	uint8_t type[16], guid[16];
	uint64_t first, last, attributes;
	uint16_t name[36];
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_entry) == ENTRY_BYTES, "UEFI 2.10, 5.3.3");

/* One of the two copies, as read. */
struct table {
	struct gpt_header header;
	struct gpt_entry entries[ENTRIES_MAX];
};

/* CRC-32 of ISO 3309, as UEFI has it. */
static uint32_t crc32(const void *data, size_t length)
{
	const uint8_t *byte = data;
	uint32_t crc = ~0u;

	while (length-- > 0) {
		crc ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static size_t entries_bytes(const struct gpt_header *header)
{
	return (size_t)le32toh(header->entries) * ENTRY_BYTES;
}

static uint64_t entries_sectors(const struct sectors *disk, const struct gpt_header *header)
{
	return (entries_bytes(header) + disk->size - 1) / disk->size;
}

static uint32_t header_crc(struct gpt_header header)
{
	header.header_crc = 0;
	return crc32(&header, sizeof(header));
}

/* False where the copy at this place is not whole, or larger than we know. */
static bool table_read(const struct sectors *disk, uint64_t lba, struct table *table)
{
	struct gpt_header *h = &table->header;

	if (!sectors_read(disk, lba, h, sizeof(*h)) || memcmp(h->signature, SIGNATURE, sizeof(h->signature)) != 0 ||
	    le32toh(h->header_size) != sizeof(*h) || le64toh(h->own_lba) != lba || header_crc(*h) != le32toh(h->header_crc))
		return false;
	if (le32toh(h->entry_size) != ENTRY_BYTES || le32toh(h->entries) == 0 || le32toh(h->entries) > ENTRIES_MAX)
		return false;
	return sectors_read(disk, le64toh(h->entries_lba), table->entries, entries_bytes(h)) &&
	       crc32(table->entries, entries_bytes(h)) == le32toh(h->entries_crc);
}

/* One copy to its place, the entries before the header that vouches for them. */
static int table_write(const struct sectors *disk, struct table *table, uint64_t own, uint64_t other, uint64_t entries_lba,
		       struct error *err)
{
	struct gpt_header *h = &table->header;

	h->own_lba = htole64(own);
	h->other_lba = htole64(other);
	h->entries_lba = htole64(entries_lba);
	h->entries_crc = htole32(crc32(table->entries, entries_bytes(h)));
	h->header_crc = htole32(header_crc(*h));
	if (sectors_write(disk, entries_lba, table->entries, entries_bytes(h), err) < 0 ||
	    sectors_write(disk, own, h, sizeof(*h), err) < 0)
		return -1;
	return fsync(disk->fd) < 0 ? error_errno(err, "cannot write the partition table") : 0;
}

static bool is_used(const struct gpt_entry *entry)
{
	static const uint8_t none[16];

	return memcmp(entry->type, none, sizeof(none)) != 0;
}

static bool is_last(const struct table *table, const struct gpt_entry *entry)
{
	for (uint32_t i = 0; i < le32toh(table->header.entries); i++)
		if (is_used(&table->entries[i]) && le64toh(table->entries[i].first) > le64toh(entry->first))
			return false;
	return true;
}

/* The last sector that the partition may have, were the table at the end of the disk as it is now. */
static uint64_t last_possible(const struct sectors *disk, const struct gpt_header *header)
{
	uint64_t usable = disk->count - 1 - entries_sectors(disk, header), align = GPT_ALIGN / disk->size;

	return usable / align * align - 1;
}

/* The entry of the old table that keeps old programs away, which covers the whole disk. */
static int protect(const struct sectors *disk, struct error *err)
{
	uint64_t covered = disk->count - 1;
	uint32_t size = htole32(covered > UINT32_MAX ? UINT32_MAX : (uint32_t)covered);
	uint8_t sector[SECTOR_MAX];

	if (!sectors_read(disk, 0, sector, disk->size))
		return error_errno(err, "cannot read the first sector");
	for (uint8_t *entry = sector + MBR_ENTRIES; entry < sector + MBR_END; entry += MBR_ENTRY_BYTES)
		if (entry[4] == MBR_PROTECTIVE)
			memcpy(entry + 12, &size, sizeof(size));
	return sectors_write(disk, 0, sector, disk->size, err);
}

static int grow(const struct sectors *disk, struct table *table, struct gpt_entry *entry, uint64_t last, struct error *err)
{
	uint64_t end = disk->count - 1, entries = end - entries_sectors(disk, &table->header);
	uint64_t first_entries = le64toh(table->header.entries_lba);

	entry->last = htole64(last);
	table->header.last_usable = htole64(entries - 1);
	if (table_write(disk, table, end, 1, entries, err) < 0)
		return -1;
	return table_write(disk, table, 1, end, first_entries, err) < 0 ? -1 : protect(disk, err);
}

int gpt_grow(int fd, unsigned int number, uint64_t start, uint64_t *size, struct error *err)
{
	autofree struct table *table = calloc(1, sizeof(*table)), *second = calloc(1, sizeof(*second));
	struct gpt_entry *entry;
	struct sectors disk;
	uint64_t last;

	*size = 0;
	if (!table || !second)
		return error_number(err, ENOMEM, "cannot read the partition table");
	if (sectors_open(fd, &disk, err) < 0)
		return -1;
	if (!table_read(&disk, 1, table) || !table_read(&disk, le64toh(table->header.other_lba), second))
		return error_set(err, "a copy of the partition table is damaged or missing; it stays as it is");
	if (number == 0 || number > le32toh(table->header.entries))
		return error_set(err, "the partition table has no partition %u", number);
	entry = &table->entries[number - 1];
	if (!is_used(entry) || le64toh(entry->first) * (disk.size / 512) != start)
		return error_set(err, "partition %u of the table is not the one the kernel has", number);
	last = last_possible(&disk, &table->header);
	if (!is_last(table, entry) || last <= le64toh(entry->last))
		return 0;
	if (grow(&disk, table, entry, last, err) < 0)
		return -1;
	*size = (last - le64toh(entry->first) + 1) * (disk.size / 512);
	return 0;
}

int gpt_mend(int fd, bool *mended, struct error *err)
{
	autofree struct table *table = calloc(1, sizeof(*table));
	struct sectors disk;

	*mended = false;
	if (!table)
		return error_number(err, ENOMEM, "cannot read the partition table");
	if (sectors_open(fd, &disk, err) < 0)
		return -1;
	if (table_read(&disk, 1, table) || !table_read(&disk, disk.count - 1, table) || le64toh(table->header.other_lba) != 1)
		return 0;
	if (table_write(&disk, table, 1, disk.count - 1, 2, err) < 0)
		return -1;
	*mended = true;
	return 0;
}

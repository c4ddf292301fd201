/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uncompressed kernel. Who boots it directly (QEMU's microvm, Firecracker, Cloud Hypervisor) looks for a note of "Xen" that
 * has the address to enter it at in 32-bit mode: PVH. A kernel without would only fail once it is started.
 */
#include "tools/mkimage/image/vmlinux.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define XEN_NOTE_PHYS32_ENTRY 18	/* Xen's public/elfnote.h */
#define NOTE_ALIGN 4u

static uint64_t aligned(uint64_t n)
{
	return (n + NOTE_ALIGN - 1) & ~(uint64_t)(NOTE_ALIGN - 1);
}

/* One segment of notes: header, name and description, each padded. */
static bool has_entry(const char *at, uint64_t length)
{
	Elf64_Nhdr note;

	while (length >= sizeof(note)) {
		uint64_t size;

		memcpy(&note, at, sizeof(note));
		size = sizeof(note) + aligned(note.n_namesz) + aligned(note.n_descsz);
		if (size > length)
			return false;
		if (note.n_type == XEN_NOTE_PHYS32_ENTRY && note.n_namesz == sizeof("Xen") && memcmp(at + sizeof(note), "Xen", sizeof("Xen")) == 0 &&
		    note.n_descsz > 0)
			return true;
		at += size;
		length -= size;
	}
	return false;
}

int vmlinux_check(const void *data, size_t length, struct error *err)
{
	Elf64_Ehdr header;

	if (length < sizeof(header) || memcmp(data, ELFMAG, SELFMAG) != 0)
		return error_set(err, "the kernel is not an ELF file");
	memcpy(&header, data, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
		return error_set(err, "the kernel is not one for x86-64");
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		uint64_t offset = header.e_phoff + (uint64_t)i * sizeof(Elf64_Phdr);
		Elf64_Phdr segment;

		if (offset < header.e_phoff || offset > length || length - offset < sizeof(segment))
			return error_set(err, "the kernel is cut off: it ends before its program headers do");
		memcpy(&segment, (const char *)data + offset, sizeof(segment));
		if (segment.p_offset > length || segment.p_filesz > length - segment.p_offset)
			return error_set(err, "the kernel is cut off: it ends before its segment %u does", i);
		if (segment.p_type == PT_NOTE && has_entry((const char *)data + segment.p_offset, segment.p_filesz))
			return 0;
	}
	return error_set(err, "the kernel has no PVH entry: it was built without CONFIG_PVH");
}

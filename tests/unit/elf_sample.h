/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest file that is a kernel to what boots one directly: an ELF header, one segment of notes, two notes. */
#ifndef TESTS_UNIT_ELF_SAMPLE_H
#define TESTS_UNIT_ELF_SAMPLE_H

#include <elf.h>
#include <stdint.h>

struct elf_sample {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint32_t build;
	} first;
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint32_t entry;
	} second;
};

static inline struct elf_sample elf_sample(void)
{
	return (struct elf_sample){
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = offsetof(struct elf_sample, segment),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		},
		.segment = {
			.p_type = PT_NOTE, .p_offset = offsetof(struct elf_sample, first),
			.p_filesz = sizeof(struct elf_sample) - offsetof(struct elf_sample, first),
		},
		.first = { { 4, 4, 3 }, "GNU", 0x12345678 },
		.second = { { 4, 4, 18 }, "Xen", 0x1000000 },
	};
}

#endif

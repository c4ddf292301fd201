/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a seccomp filter as the kernel would, and stops at what the kernel would refuse: seccomp_check_filter() and
 * bpf_check_classic(). For tests.
 */
#ifndef TESTS_FUZZ_BPF_MACHINE_H
#define TESTS_FUZZ_BPF_MACHINE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline uint32_t bpf_machine_stop(const char *why, size_t at)
{
	fprintf(stderr, "filter: instruction %zu: %s\n", at, why);
	abort();
}

static inline uint32_t bpf_machine_run(const struct sock_filter *code, size_t length, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < length; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k >= sizeof(*data))
				return bpf_machine_stop("loads from outside", pc);
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			if (i->k >= length - pc - 1)
				return bpf_machine_stop("jumps too far", pc);
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return bpf_machine_stop("is unknown", pc);
		}
	}
	return bpf_machine_stop("is behind the end", length);
}

#endif

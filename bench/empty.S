/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that writes one letter to the serial line and stands still: what is left of a boot is then QEMU's own. Entered as a kernel of
 * ours is, in 32-bit mode, at the address that the note tells (PVH: docs/specs of Xen, "x86/HVM direct boot ABI").
 */
	.code32
	.globl _start
_start:
	movw $0x3f8, %dx
	movb $'!', %al
	outb %al, %dx
1:	hlt
	jmp 1b

	.section .note.pvh, "a", @note
	.long 4, 4, 18
	.asciz "Xen"
	.long _start
	.section .note.GNU-stack, "", @progbits

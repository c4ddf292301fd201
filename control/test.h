/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine that is a test tells the host, over the virtio serial port TEST_PORT_NAME: frames (control/frame.h), all from
 * the guest. In this order:
 *
 *     FRAME_DATA, channel TEST_OUTPUT      what the test service writes, standard output and error as they come
 *     FRAME_FILE                           an artifact: 1 byte of bits TEST_FILE_*, then its path, from the root of the service on
 *       FRAME_DATA, channel TEST_CONTENTS  its bytes
 *       FRAME_END                          it is whole
 *     FRAME_MISSING                        text: an artifact, or a part of one, that is not sent, and why
 *     FRAME_EXIT                           1 byte: the status of the test service; the last frame
 *
 * The guest is hostile: a path is any bytes, and there may be more of everything than anybody wants.
 */
#ifndef CONTROL_TEST_H
#define CONTROL_TEST_H

#define TEST_PORT_NAME "org.slipway.test.0"

#define TEST_OUTPUT 0			/* channels of FRAME_DATA */
#define TEST_CONTENTS 1

#define TEST_FILE_EXECUTABLE 1

/*
 * An instruction that does nothing, which the guest executes when all but FRAME_EXIT is said: nopl 0x736c7077(%rax,%rax,1). What
 * counts instructions ends there (tools/counter), for behind it the count depends on how soon QEMU notices that the machine is off.
 */
#define TEST_MARK { 0x0f, 0x1f, 0x84, 0x00, 0x77, 0x70, 0x6c, 0x73 }
#define TEST_MARK_ASSEMBLY ".byte 0x0f, 0x1f, 0x84, 0x00, 0x77, 0x70, 0x6c, 0x73"

#define TEST_PATH_MAX 4000		/* bytes of a path; what is longer is FRAME_MISSING */

#endif

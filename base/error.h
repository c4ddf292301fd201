/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, in words for the person who has to mend it.
 *
 * A function that can fail returns 0 or -1 and takes `struct error *err` last.
 * It says what it was doing; each caller may put the place in front; `main`
 * prints the message once. Messages are lower case, without a full stop, with
 * the subject in single quotes; control characters in what is quoted come out as
 * question marks, so that a message is one line. No memory is allocated, so that an error can be
 * told when memory is what ran out.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_MESSAGE_MAX 1024

struct error {
	int number;			/* errno of the cause, 0 where there was none */
	char message[ERROR_MESSAGE_MAX];
};

/* Each of these returns -1, so that a failure is one line: `return error_set(err, ...)`. */

/* Sets the message. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the message and adds `: strerror(errno)`; keeps errno in `number`. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for an error number that did not come in errno. */
int error_number(struct error *err, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts `place: ` in front of the message that is there. */
int error_context(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `PROGRAM: MESSAGE` on standard error, in one write. */
void error_print(const struct error *err, const char *program);

#endif

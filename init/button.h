/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power button: what ACPI, a hypervisor's "shut down" or a keyboard sends as KEY_POWER (evdev) is an orderly power-off.
 * The drivers are the modules `button` and `evdev`.
 */
#ifndef INIT_BUTTON_H
#define INIT_BUTTON_H

#include "init/init.h"

#define BUTTONS_MAX 8			/* devices with such a key that are listened to; more are passed over */

/* Looks through the input devices that are there, and listens to those that it does not know yet. */
void button_find(struct machine *machine);

#endif

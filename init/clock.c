/* SPDX-License-Identifier: Apache-2.0 */
#include "init/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define RTC "/dev/rtc0"
#define HCTOSYS "/sys/class/rtc/rtc0/hctosys"	/* "1": the kernel has set its clock from this one */

/* Days since the epoch of a day of the Gregorian calendar, the month from 1. */
static int64_t days_of(int year, int month, int day)
{
	/* Years from March on, so that the leap day is the last one. */
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t clock_built(const char *version)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *day = strrchr(version, '(');
	char name[4];
	int y, m, d;

	if (day && sscanf(day, "(%4d-%2d-%2d)", &y, &m, &d) == 3 && y >= 1970 && m >= 1 && m <= 12 && d >= 1 && d <= 31)
		return days_of(y, m, d) * 86400;
	for (const char *at = version; (at = strchr(at, ' ')); at++) {
		const char *month;

		if (sscanf(at, " %3[A-Za-z] %2d %*d:%*d:%*d %*s %4d", name, &d, &y) != 3 || strlen(name) != 3)
			continue;
		month = strstr(months, name);
		if (month && (month - months) % 3 == 0 && y >= 1970 && d >= 1 && d <= 31)
			return days_of(y, (int)(month - months) / 3 + 1, d) * 86400;
	}
	return 0;
}

int clock_offset(const char *rtc)
{
	int hours, minutes;
	char sign;

	if (!rtc || sscanf(rtc, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
		return 0;
	return (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
}

static bool kernel_has_set_it(void)
{
	autoclose int fd = open(HCTOSYS, O_RDONLY | O_CLOEXEC);
	char c = '0';

	if (fd < 0 ? errno != ENOENT : read(fd, &c, 1) < 0)
		log_warning("clock: cannot read '%s': %s", HCTOSYS, strerror(errno));
	return c == '1';
}

/* What the hardware clock shows, as if it were UTC; -1 where there is none that can be read. */
static int64_t read_rtc(void)
{
	autoclose int fd = open(RTC, O_RDONLY | O_CLOEXEC);
	struct rtc_time t;

	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0 || ioctl(fd, RTC_RD_TIME, &t) < 0) {
		log_warning("clock: cannot read '%s': %s", RTC, strerror(errno));
		return -1;
	}
	return days_of(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday) * 86400 + t.tm_hour * 3600 + t.tm_min * 60 + t.tm_sec;
}

static int64_t earliest(const struct machine *machine)
{
	struct utsname kernel;
	int64_t built = 0;

	if (uname(&kernel) == 0)
		built = clock_built(kernel.version);
	else
		log_warning("clock: the kernel does not tell when it was built: %s", strerror(errno));
	return built > machine->plan.machine.built ? built : machine->plan.machine.built;
}

int clock_set(struct machine *machine, struct error *err)
{
	struct timespec now;
	int64_t wanted, offset = clock_offset(machine->plan.machine.rtc), rtc, least = earliest(machine);

	clock_gettime(CLOCK_REALTIME, &now);
	wanted = now.tv_sec;
	if (kernel_has_set_it())
		wanted -= offset;
	else if ((rtc = read_rtc()) >= 0)
		wanted = rtc - offset;
	if (wanted < least) {
		log_warning("clock: it was before the day that the system was built; it is set to that");
		wanted = least;
	}
	if (wanted == now.tv_sec)
		return 0;
	now = (struct timespec){ .tv_sec = wanted };
	return clock_settime(CLOCK_REALTIME, &now) < 0 ? error_errno(err, "cannot set the clock") : 0;
}

int clock_save(void *context, struct error *err)
{
	const struct machine *machine = context;
	time_t now = time(NULL), shown;
	autoclose int fd = -1;
	struct rtc_time r = { 0 };
	struct tm t;

	/* A clock that was never right teaches the other one nothing. */
	if (now <= earliest(machine) + 1)
		return 0;
	fd = open(RTC, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "cannot open '%s'", RTC);
	shown = now + clock_offset(machine->plan.machine.rtc);
	gmtime_r(&shown, &t);
	r = (struct rtc_time){ .tm_sec = t.tm_sec, .tm_min = t.tm_min, .tm_hour = t.tm_hour,
			       .tm_mday = t.tm_mday, .tm_mon = t.tm_mon, .tm_year = t.tm_year };
	if (ioctl(fd, RTC_SET_TIME, &r) < 0 && errno != EINVAL && errno != ENOTTY)
		return error_errno(err, "cannot set the hardware clock");
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filters of the log. An event's id is a UUIDv7, so a time range is an id range, and each filter has an index that ends
 * with the id: the newest page costs the same whatever the log holds. Two filters at once would have to walk one index
 * and throw rows away, without a bound, unless one of them is a resource: a thing has few events.
 */
#include <string.h>
#include <time.h>

#include "fcgi/audit/audit.h"

#define FILTERS \
	{"from", F_TIME, .help = "Events from then on."}, \
	    {"to", F_TIME, .help = "Events before then."}, \
	    {"actor", F_TEXT, .max = 254, \
	        .help = "Who did it: a user's id or present e-mail address."}, \
	    {"action", F_TEXT, .max = 80, \
	        .help = "What was done, such as contact.update or auth.login."}, \
	    {"resource_type", F_TEXT, .max = 80, \
	        .help = "To what kind of thing, such as contact."}, \
	    {"resource_id", F_UUID, \
	        .help = \
	            "To which thing. Goes together with the other filters; of those, one at a time."}, \
	{ \
		"ip", F_TEXT, .max = 45, .help = "From where." \
	}

const struct field event_params[] = {FILTERS, {0}};
const struct field export_params[] = {
    FILTERS,
    {"format", F_ENUM, .choices = "csv|jsonl", .help = "csv when not given."},
    {0},
};

static int
digits(const char *s, size_t n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + *s++ - '0';
	return v;
}

const char *
id_floor(struct arena *a, const char *s)
{
	struct tm tm = {.tm_year = digits(s, 4) - 1900,
	    .tm_mon = digits(s + 5, 2) - 1,
	    .tm_mday = digits(s + 8, 2),
	    .tm_hour = digits(s + 11, 2),
	    .tm_min = digits(s + 14, 2),
	    .tm_sec = digits(s + 17, 2)};
	int64_t ms = 1000 * (int64_t)timegm(&tm);
	const char *zone = s + 19;

	if (*zone == '.') {
		size_t n = strspn(zone + 1, "0123456789");

		for (size_t i = 0, unit = 100; i < 3; i++, unit /= 10)
			ms += i < n ? (int64_t)unit * (zone[1 + i] - '0') : 0;
		zone += 1 + n;
	}
	if (*zone == '+' || *zone == '-')
		ms -= (*zone == '-' ? -60000 : 60000) *
		      (int64_t)(60 * digits(zone + 1, 2) + digits(zone + 4, 2));
	if (ms < 0)
		ms = 0;
	return arena_printf(a, "%08llx-%04llx-7000-8000-000000000000", (unsigned long long)ms >> 16,
	    (unsigned long long)ms & 0xffff);
}

/* One filter, or a resource with whatever else. */
static bool
offered(const struct filter *f)
{
	int n = (f->actor != NULL || f->actor_email != NULL) + (f->action != NULL) +
	        (f->resource_type != NULL) + (f->ip != NULL);

	return f->resource_id != NULL || n <= 1;
}

bool
filter_read(struct req *r, struct filter *f)
{
	const char *from = param(r, "from"), *to = param(r, "to"), *actor = param(r, "actor");

	*f = (struct filter){.low = "00000000-0000-0000-0000-000000000000",
	    .high = "ffffffff-ffff-ffff-ffff-ffffffffffff",
	    .action = param(r, "action"),
	    .resource_type = param(r, "resource_type"),
	    .resource_id = param(r, "resource_id"),
	    .ip = param(r, "ip")};
	if (from != NULL)
		f->low = id_floor(r->a, from);
	if (to != NULL)
		f->high = id_floor(r->a, to);
	if (from != NULL && to != NULL && strcmp(f->low, f->high) >= 0)
		field_error_add(r->a, &r->errors, "/to", "Must be later than from.");
	if (uuid_valid(actor))
		f->actor = actor;
	else if (actor != NULL && email_plausible(actor, strlen(actor)))
		f->actor_email = actor;
	else if (actor != NULL)
		field_error_add(r->a, &r->errors, "/actor",
		    "Must be a user's id or e-mail address.");
	if (r->errors.n > 0) {
		(void)problem_fields(r);
		return false;
	}
	if (!offered(f)) {
		(void)problem(r, &P_NOT_OFFERED,
		    "One of actor, action, resource_type and ip at a time, or resource_id together with any of them; from and to always.");
		return false;
	}
	return true;
}

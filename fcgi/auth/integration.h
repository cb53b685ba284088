/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_INTEGRATION_H
#define PACT_AUTH_INTEGRATION_H

#include "shared/app/app.h"

/* integration_kind.c: members of all kinds; which go with one is checked there */
extern const struct field integration_settings[], integration_credentials[];

struct integration_change {
	const json_t *before, *after; /* settings; before NULL: a new one */
	const json_t *stored;         /* {name: true} of credentials that are there */
	const json_t *given;          /* credentials of the body; null takes one away */
};
/* Whether an integration of this kind can be so. False with field errors. */
bool integration_check(struct req *r, const char *kind, const struct integration_change *c);

#endif

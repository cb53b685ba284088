/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_APP_PROBLEM_H
#define PACT_APP_PROBLEM_H

#include <stddef.h>

/*
 * Every way Pact says no. slug, status and title are the API's; what and todo make the page /problems/<slug>, written
 * for the person who met it. nginx's own errors use slugs of this table too.
 */
struct problem_type {
	const char *slug;
	int status;
	const char *title, *what, *todo;
};

extern const struct problem_type *const problem_types[];
extern const size_t nproblem_types;

/* By slug; NULL when there is none. */
const struct problem_type *problem_find(const char *slug);

extern const struct problem_type P_BAD_REQUEST, P_UNAUTHENTICATED, P_SESSION_ENDED,
    P_WRONG_CREDENTIALS, P_WRONG_CODE, P_LINK_ENDED, P_MFA_REQUIRED, P_SSO_REQUIRED, P_SSO_REFUSED,
    P_SSO_UNAVAILABLE, P_PLAN_REQUIRED, P_FORBIDDEN, P_CSRF, P_WORKSPACE_SUSPENDED, P_NOT_FOUND,
    P_METHOD_NOT_ALLOWED, P_CONFLICT, P_DUPLICATE, P_IDEMPOTENCY_CONFLICT, P_IN_PROGRESS,
    P_PRECONDITION_FAILED, P_TOO_LARGE, P_UNSUPPORTED_MEDIA_TYPE, P_INVALID, P_NOT_OFFERED,
    P_CONSENT_REQUIRED, P_THROTTLED, P_INTERNAL, P_UNAVAILABLE, P_TIMEOUT;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/app/problem.h"

#include <string.h>

#include "shared/base/str.h"

#define PROBLEMS(X) \
	X(P_BAD_REQUEST, "bad-request", 400, "The request cannot be read", \
	    "The server could not make sense of the request: its JSON, its query string or one of its headers is malformed.", \
	    "Correct the request as the detail says and send it again.") \
	X(P_UNAUTHENTICATED, "unauthenticated", 401, "Log in first", \
	    "This needs somebody who is logged in, and the request did not show a valid session.", \
	    "Log in and try again. Programs send an access token in the Authorization header.") \
	X(P_SESSION_ENDED, "session-ended", 401, "The session has ended", \
	    "The session was logged out, ended from another device, or had not been used for seven days.", \
	    "Log in again. What you had typed is kept on the page.") \
	X(P_WRONG_CREDENTIALS, "wrong-credentials", 401, "Address or password is wrong", \
	    "No workspace has this address with this password.", \
	    "Check the address, the password and the keyboard layout. A workspace owner can help when the password is lost.") \
	X(P_WRONG_CODE, "wrong-code", 401, "The code is wrong", \
	    "It is not the code of this half minute, or it was used before.", \
	    "Wait for the next code of the authenticator, or use a recovery code. Check that the telephone's clock is right.") \
	X(P_LINK_ENDED, "link-ended", 403, "This link has ended", \
	    "It was used, a newer one was sent, or its time is over.", "Ask for a new one.") \
	X(P_MFA_REQUIRED, "mfa-required", 403, "Set up two-factor authentication first", \
	    "The workspace asks for a second factor, and this account has none yet.", \
	    "Open Security in the settings and set it up; then everything else works again.") \
	X(P_SSO_REQUIRED, "sso-required", 403, "Log in with single sign-on", \
	    "The workspace lets people in by its identity provider only; a password is not asked for.", \
	    "Begin at the address in `login_url`. An owner can still come in with password and second factor when the provider does not answer.") \
	X(P_SSO_REFUSED, "sso-refused", 403, "Single sign-on did not work", \
	    "The identity provider's answer was not accepted, or it is about somebody who may not come in here.", \
	    "Begin again from the login page. The reason is in the workspace's audit log, under the instance shown.") \
	X(P_PLAN_REQUIRED, "plan-required", 403, "Your plan does not include this", \
	    "What was asked for comes with another plan.", \
	    "The owner of the workspace can change the plan.") \
	X(P_FORBIDDEN, "forbidden", 403, "Your role does not allow this", \
	    "You are logged in, but none of your roles holds the permission this needs.", \
	    "Ask an owner or admin of the workspace for the role, or for the thing to be done.") \
	X(P_CSRF, "csrf", 403, "The request came from another site", \
	    "A change was asked for with your cookie, but not from a page of this server.", \
	    "Open Pact in the browser and do it there. Programs use an access token, not the cookie.") \
	X(P_WORKSPACE_SUSPENDED, "workspace-suspended", 403, "The workspace is suspended", \
	    "The operator has suspended this workspace. Its data is kept.", \
	    "Ask the operator of this server.") \
	X(P_NOT_FOUND, "not-found", 404, "There is no such thing here", \
	    "The address is wrong, the thing was deleted, or it belongs to somebody else.", \
	    "Check the address, or go to the list and look there.") \
	X(P_METHOD_NOT_ALLOWED, "method-not-allowed", 405, "That verb is not offered here", \
	    "The address exists but does not answer to this HTTP verb.", \
	    "Use one of the verbs in the Allow header.") \
	X(P_CONFLICT, "conflict", 409, "The state of things does not allow this", \
	    "Something else already exists or depends on this, so the change was not made.", \
	    "Read the detail, put the other thing in order, and try again.") \
	X(P_DUPLICATE, "duplicate", 409, "There is one already", \
	    "Another contact of this workspace has the same address.", \
	    "Open the existing one (member `existing`) and change it there.") \
	X(P_IDEMPOTENCY_CONFLICT, "idempotency-conflict", 409, \
	    "The key was used for something else", \
	    "An Idempotency-Key was sent again with another body.", \
	    "Use a new key for each new request.") \
	X(P_IN_PROGRESS, "in-progress", 409, "The same request is still being worked on", \
	    "A request with this Idempotency-Key has not been answered yet.", \
	    "Wait as long as Retry-After says, then send it again.") \
	X(P_PRECONDITION_FAILED, "precondition-failed", 412, "Somebody changed it meanwhile", \
	    "The version named in If-Match is not the current one, so nothing was overwritten.", \
	    "Load the thing again, look at what changed, and repeat your change.") \
	X(P_TOO_LARGE, "too-large", 413, "That is too large", \
	    "The body is larger than this address takes: 1 MiB, or 256 MiB for an import.", \
	    "Send less at once. A file of contacts can be split.") \
	X(P_UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", 415, \
	    "That kind of body is not taken here", \
	    "The Content-Type is missing or not one that this address reads.", \
	    "Send application/json, or what the detail names.") \
	X(P_INVALID, "invalid", 422, "Some fields were not accepted", \
	    "The request was understood, but some values cannot be stored.", \
	    "Correct the fields named in `errors`; nothing was changed.") \
	X(P_NOT_OFFERED, "not-offered", 422, "That combination is not offered", \
	    "Pact offers the filters and orders that stay fast at a million contacts, and refuses the others.", \
	    "Use one of the combinations named in the detail.") \
	X(P_CONSENT_REQUIRED, "consent-required", 422, "Consent does not allow this", \
	    "The person has declined, or is on the suppression list, and nothing shown is newer than that.", \
	    "Only the person can lift it. Record what they did, when and how, as evidence later than the refusal.") \
	X(P_THROTTLED, "throttled", 429, "Too many tries", \
	    "There were more requests of this kind than a person makes.", \
	    "Wait as long as Retry-After says.") \
	X(P_INTERNAL, "internal", 500, "Something broke on our side", \
	    "An error that should not happen. It is in the log under the instance shown.", \
	    "Try again. If it stays, tell the operator the instance.") \
	X(P_UNAVAILABLE, "unavailable", 503, "Not available right now", \
	    "The server or its database is restarting or out of reach. Nothing was changed.", \
	    "Try again in a moment; Retry-After says when.") \
	X(P_SSO_UNAVAILABLE, "sso-unavailable", 503, "Single sign-on is not available right now", \
	    "The identity provider does not answer, or the connection to it is not set up yet.", \
	    "Try again in a minute. An owner can come in with password and second factor.") \
	X(P_TIMEOUT, "timeout", 504, "It took too long", \
	    "The work did not finish in the time allowed and was taken back.", \
	    "Try again, with less at once if that is possible.")

#define DEFINE(id, slug, status, title, what, todo) \
	const struct problem_type id = {slug, status, title, what, todo};
PROBLEMS(DEFINE)

#define ROW(id, slug, status, title, what, todo) &(id),
const struct problem_type *const problem_types[] = {PROBLEMS(ROW)};
const size_t nproblem_types = NELEMS(problem_types);

const struct problem_type *
problem_find(const char *slug)
{
	for (size_t i = 0; slug != NULL && i < nproblem_types; i++)
		if (strcmp(problem_types[i]->slug, slug) == 0)
			return problem_types[i];
	return NULL;
}

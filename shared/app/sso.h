/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_APP_SSO_H
#define PACT_APP_SSO_H

#include <stdbool.h>

#include "shared/app/app.h"

/*
 * What SAML and OpenID Connect share, in `auth` and `saml`: a login by single sign-on is one row (pact.sso_login), bound
 * to the browser that began it by a cookie. The answers are for browsers that navigate: they redirect.
 */

/*
 * SHA-256, as bytea text, of the secret that the browser keeps in __Host-pact-sso; SameSite=None, for a SAML answer is a
 * post from another site. Without one: NULL, or with make a new one, whose cookie is set. One browser keeps its secret,
 * so that logins in several tabs do not end each other.
 */
const char *sso_browser(struct req *r, bool make);

/* path when it is one of this server (one leading '/', printable ASCII, no '\'), else "/". */
const char *sso_return_to(const char *path);

/*
 * Another site sent the browser here to log in: it goes to the login page first, where somebody may press the button. Else any
 * page could put a stranger, by the provider of a workspace of its own, into that workspace, in place of the session that is
 * there. False: begin; true: the answer is given.
 */
bool sso_asked_first(struct req *r, const char *workspace, const char *return_to);

/* 303 to a URL, which must come from this program and not from the request. */
int sso_redirect(struct req *r, const char *url);

/*
 * A login that is refused: the reason (a short slug such as "signature", never a secret) goes to the workspace's audit log
 * in a transaction of its own, the person to the login page, which says what to do and shows the request's id. workspace:
 * the slug of the path; login: the row's id or NULL.
 */
int sso_refused(struct req *r, const char *workspace, const char *login, const char *reason);

/* What a failed transaction comes to for a browser: a refusal of the database names its reason, all else is as in an API. */
int sso_refused_db(struct req *r, const char *workspace, const char *login);

extern const struct query q_sso_refuse;

#endif

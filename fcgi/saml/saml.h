/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_SAML_H
#define PACT_SAML_SAML_H

#include <jansson.h>
#include <stdbool.h>

#include "fcgi/saml/server.h"
#include "shared/app/app.h"
#include "shared/app/sso.h"

/*
 * Single sign-on by SAML 2.0 as a service provider (promise A3). The one program that reads XML of strangers, so it has no
 * key to make a session with: it proves who somebody is, and sends the browser on to `auth`.
 *
 * xml.c, gate.c, gate_crypto.c, accept.c, attributes.c, logout.c, metadata.c, certificate.c, redirect.c, server.c know neither
 * database nor request, and are what unit tests and fuzz targets call; the files below are the frame around them.
 */

/* A connection as the database knows it, from a row with these columns. */
struct saml_way {
	const char *tenant, *connection, *revision;
	const json_t *settings, *facts;
	struct saml_sp sp;
};
/* False when the connection has never been found good. */
bool saml_way(struct req *r, const struct rows *row, struct saml_way *out);
struct saml_provider saml_provider(const struct saml_way *way);
/* The addresses of the workspace in the path. */
struct saml_sp saml_sp_here(struct req *r);

/* A form that holds one SAML message. False, with a problem in the answer, for anything else, and for a field that is there twice. */
struct saml_form {
	const char *request, *response,
	    *relay; /* SAMLRequest or SAMLResponse, RelayState; NULL: was not sent */
};
bool saml_form(struct req *r, struct saml_form *out);

/* login.c: the way there and back */
extern const struct field saml_login_params[];
extern const struct query q_saml_start, q_saml_connection, q_saml_proved, q_saml_unsolicited;
int saml_metadata_get(struct req *r);
int saml_login(struct req *r);
int saml_acs(struct req *r);

/* slo.c: logout, begun here or there */
extern const struct field saml_slo_params[];
extern const struct query q_saml_logout_take, q_saml_logout;
int saml_slo_get(struct req *r);
int saml_slo_post(struct req *r);

/* check.c: the runner looks at metadata */
extern const struct query q_saml_to_check, q_saml_checked, q_saml_refresh_due;
enum job_result saml_check(struct job *j);
void saml_refresh(struct arena *a);

#endif

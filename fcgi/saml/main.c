/* SPDX-License-Identifier: GPL-3.0-or-later */
/* saml: single sign-on by SAML 2.0. The only program that links lasso, libxml2 and xmlsec. */
#include "fcgi/saml/saml.h"
#include "shared/base/log.h"
#include "shared/net/fetch.h"

#define SLUG "/v1/auth/saml/{workspace:slug}"

static const struct route routes[] = {
    {"GET", SLUG "/metadata", DOOR_NONE, NULL, TX_NONE, NULL, NULL, NULL, R_STREAM,
        saml_metadata_get,
        "What an identity provider needs to know of this workspace: SAML metadata"},
    {"GET", SLUG "/login", DOOR_NONE, NULL, TX_RW, saml_login_params, NULL, NULL, R_REDIRECT,
        saml_login, "Begin a login with the workspace's identity provider (SAML)"},
    {"POST", SLUG "/acs", DOOR_NONE, NULL, TX_RW, NULL, NULL, NULL,
        R_RAW | R_CROSS_SITE | R_REDIRECT, saml_acs, "Where the identity provider answers"},
    {"GET", SLUG "/slo", DOOR_NONE, NULL, TX_RW, saml_slo_params, NULL, NULL, R_REDIRECT,
        saml_slo_get, "Log out, begun here or at the identity provider (redirect)"},
    {"POST", SLUG "/slo", DOOR_NONE, NULL, TX_RW, NULL, NULL, NULL,
        R_RAW | R_CROSS_SITE | R_REDIRECT, saml_slo_post,
        "Log out, begun at the identity provider (post)"},
};

static const struct query *const queries[] = {
    &q_saml_start,
    &q_saml_connection,
    &q_saml_proved,
    &q_saml_unsolicited,
    &q_saml_logout_take,
    &q_saml_logout,
    &q_saml_to_check,
    &q_saml_checked,
    &q_saml_refresh_due,
    &q_sso_refuse,
};

/* A look takes five seconds at most; waits of 1, 2, 4… minutes. */
static const struct job_kind jobs[] = {{"sso.check", saml_check, 60, 60}};
static const struct tick ticks[] = {{"refresh", 600, saml_refresh}};

static bool
setup(void)
{
	const char *key = config_required("PACT_SAML_KEY"),
	           *certificate = config_required("PACT_SAML_CERT");
	bool fetch = fetch_setup(config("PACT_FETCH_ALLOW"), config("PACT_FETCH_CA"));

	if (!fetch)
		log_msg(LOG_ERROR, "PACT_FETCH_ALLOW is no list of networks");
	return key != NULL && certificate != NULL && saml_setup(key, certificate) && fetch;
}

int
main(int argc, char **argv)
{
	return serve(argc, argv,
	    &(struct program){.name = "saml",
	        .routes = routes,
	        .nroutes = NELEMS(routes),
	        .queries = queries,
	        .nqueries = NELEMS(queries),
	        .jobs = jobs,
	        .njobs = NELEMS(jobs),
	        .ticks = ticks,
	        .nticks = NELEMS(ticks),
	        .setup = setup});
}

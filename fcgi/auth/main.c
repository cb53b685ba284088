/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth: who somebody is. The only program with the private key, the pepper and the master key. */
#include "fcgi/auth/auth.h"
#include "shared/base/log.h"

static const struct route routes[] = {
    {"POST", "/v1/auth/login", DOOR_NONE, NULL, TX_RW, NULL, login_body, &begun_rep, 0, login,
        "Log in with a password"},
    {"POST", "/v1/auth/refresh", DOOR_NONE, NULL, TX_RW, NULL, refresh_body, &begun_rep,
        R_OPTIONAL_BODY, refresh, "Go on with a session: the refresh token is rotated"},
    {"POST", "/v1/auth/logout", DOOR_SESSION, "self", TX_RW, NULL, NULL, NULL, R_NO_BODY, logout,
        "End this session at once"},
    {"GET", "/v1/auth/session", DOOR_SESSION, "self", TX_RO, NULL, NULL, &session_rep, 0,
        session_get, "The user, workspace, roles and permissions of this session"},
    {"GET", "/v1/auth/sessions", DOOR_SESSION, "self", TX_RO, NULL, NULL, &device_rep, R_LIST,
        session_list, "The user's sessions that still live"},
    {"DELETE", "/v1/auth/sessions/{id:uuid}", DOOR_SESSION, "self", TX_RW, NULL, NULL, NULL,
        R_NO_BODY, session_delete, "End one of the user's sessions at once"},
    {"POST", "/v1/auth/password", DOOR_SESSION, "self", TX_RW, NULL, password_body, NULL, R_NO_BODY,
        password_change, "Change one's own password; all other sessions end"},
};

static const struct query *const queries[] = {
    &q_login_begin,
    &q_login_succeed,
    &q_login_refuse,
    &q_refresh,
    &q_session,
    &q_session_end,
    &q_sessions,
    &q_sessions_count,
    &q_session_end_own,
    &q_password_hash,
    &q_password_set,
};

static bool
setup(void)
{
	bool keys = keys_load(), hash = password_setup(),
	     sign = token_sign_key(config("PACT_SIGN_KEY"));

	if (!sign)
		log_msg(LOG_ERROR,
		    "PACT_SIGN_KEY does not name a PEM file with an Ed25519 private key");
	return keys && hash && sign;
}

int
main(int argc, char **argv)
{
	return serve(argc, argv,
	    &(struct program){.name = "auth",
	        .routes = routes,
	        .nroutes = NELEMS(routes),
	        .queries = queries,
	        .nqueries = NELEMS(queries),
	        .setup = setup,
	        .command = operator_command});
}

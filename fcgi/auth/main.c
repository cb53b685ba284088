/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth: who somebody is. The only program with the private key, the pepper and the master key. */
#include "fcgi/auth/auth.h"
#include "shared/base/log.h"

static const struct route routes[] = {
    {"POST", "/v1/auth/login", DOOR_NONE, NULL, TX_RW, NULL, login_body, &begun_rep, 0, login,
        "Log in with a password"},
    {"POST", "/v1/auth/refresh", DOOR_NONE, NULL, TX_RW, NULL, refresh_body, &begun_rep,
        R_OPTIONAL_BODY, refresh, "Go on with a session: the refresh token is rotated"},
    {"POST", "/v1/auth/logout", DOOR_SESSION, "enrol", TX_RW, NULL, NULL, NULL, R_NO_BODY, logout,
        "End this session at once"},
    {"GET", "/v1/auth/session", DOOR_SESSION, "enrol", TX_RO, NULL, NULL, &session_rep, 0,
        session_get, "The user, workspace, roles and permissions of this session"},
    {"GET", "/v1/auth/sessions", DOOR_SESSION, "self", TX_RO, NULL, NULL, &device_rep, R_LIST,
        session_list, "The user's sessions that still live"},
    {"DELETE", "/v1/auth/sessions/{id:uuid}", DOOR_SESSION, "self", TX_RW, NULL, NULL, NULL,
        R_NO_BODY, session_delete, "End one of the user's sessions at once"},
    {"POST", "/v1/auth/mfa", DOOR_NONE, NULL, TX_RW, NULL, mfa_body, &begun_rep, 0, mfa,
        "The second step of a login: a code, or a recovery code"},
    {"GET", "/v1/auth/totp", DOOR_SESSION, "enrol", TX_RO, NULL, NULL, &totp_state_rep, 0,
        totp_state, "Whether one's own second factor is on"},
    {"POST", "/v1/auth/totp", DOOR_SESSION, "enrol", TX_RW, NULL, NULL, &totp_offer_rep, R_SECRET,
        totp_offer, "Begin to set up a second factor: a secret for an authenticator"},
    {"POST", "/v1/auth/totp/confirm", DOOR_SESSION, "enrol", TX_RW, NULL, totp_confirm_body,
        &recovery_codes_rep, R_SECRET, totp_confirm,
        "Turn the second factor on with its first code"},
    {"DELETE", "/v1/auth/totp", DOOR_SESSION, "enrol", TX_RW, NULL, password_only_body, NULL,
        R_NO_BODY, totp_remove, "Turn one's own second factor off"},
    {"POST", "/v1/auth/totp/recovery-codes", DOOR_SESSION, "self", TX_RW, NULL, password_only_body,
        &recovery_codes_rep, R_SECRET, recovery_codes,
        "Ten new recovery codes instead of those before"},
    {"POST", "/v1/auth/password/forgot", DOOR_NONE, NULL, TX_RW, NULL, forgot_body, NULL, R_NO_BODY,
        password_forgot,
        "Ask for a mail with a link for a new password; the answer is the same for every address"},
    {"POST", "/v1/auth/password/reset", DOOR_NONE, NULL, TX_RW, NULL, reset_body, NULL, R_NO_BODY,
        password_reset, "Set a new password with the link of a mail; all sessions end"},
    {"POST", "/v1/auth/invitation", DOOR_NONE, NULL, TX_RW, NULL, invited_body, NULL, R_NO_BODY,
        invitation_accept, "Accept an invitation with a first password"},
    {"POST", "/v1/auth/link", DOOR_NONE, NULL, TX_RW, NULL, link_body, &link_rep, 0, link_look,
        "What the link of a mail is for"},
    {"POST", "/v1/auth/password", DOOR_SESSION, "self", TX_RW, NULL, password_body, NULL, R_NO_BODY,
        password_change, "Change one's own password; all other sessions end"},

    {"GET", "/v1/users", DOOR_SESSION, "user.read", TX_RO, NULL, NULL, &user_rep, R_LIST, user_list,
        "The people who work here, by address"},
    {"POST", "/v1/users/invite", DOOR_SESSION, "user.write", TX_RW, NULL, invite_body, &user_rep,
        R_CREATED, user_invite, "Invite somebody, or send the invitation again"},
    {"GET", "/v1/users/{id:uuid}", DOOR_SESSION, "user.read", TX_RO, NULL, NULL, &user_rep, 0,
        user_get, "One of the people who work here"},
    {"PATCH", "/v1/users/{id:uuid}", DOOR_SESSION, "user.write", TX_RW, NULL, user_body, &user_rep,
        R_PARTIAL | R_IF_MATCH, user_patch, "Change somebody's roles, name or status"},
    {"DELETE", "/v1/users/{id:uuid}", DOOR_SESSION, "user.write", TX_RW, NULL, NULL, NULL,
        R_NO_BODY | R_IF_MATCH, user_delete, "Remove somebody; all sessions end"},
    {"DELETE", "/v1/users/{id:uuid}/totp", DOOR_SESSION, "user.write", TX_RW, NULL, NULL, NULL,
        R_NO_BODY, user_mfa_remove, "Turn off the second factor of somebody who has lost it"},
    {"GET", "/v1/roles", DOOR_SESSION, "user.read", TX_RO, NULL, NULL, &role_rep, R_LIST, role_list,
        "Roles and what they may do"},
    {"POST", "/v1/roles", DOOR_SESSION, "role.write", TX_RW, NULL, role_body, &role_rep, R_CREATED,
        role_create, "Add a role of the workspace's own (Enterprise)"},
    {"GET", "/v1/roles/{id:uuid}", DOOR_SESSION, "user.read", TX_RO, NULL, NULL, &role_rep, 0,
        role_get, "A role"},
    {"PATCH", "/v1/roles/{id:uuid}", DOOR_SESSION, "role.write", TX_RW, NULL, role_body, &role_rep,
        R_PARTIAL | R_IF_MATCH, role_patch, "Change a role of the workspace's own"},
    {"DELETE", "/v1/roles/{id:uuid}", DOOR_SESSION, "role.write", TX_RW, NULL, NULL, NULL,
        R_NO_BODY | R_IF_MATCH, role_delete, "Remove a role that nobody has"},
    {"GET", "/v1/settings/security", DOOR_SESSION, "settings.read", TX_RO, NULL, NULL,
        &security_rep, 0, security_get, "What the workspace asks of everybody who logs in"},
    {"PATCH", "/v1/settings/security", DOOR_SESSION, "settings.write", TX_RW, NULL, security_body,
        &security_rep, R_PARTIAL | R_IF_MATCH, security_patch,
        "Require a second factor of everybody"},
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
    &q_mfa_begin,
    &q_mfa_succeed,
    &q_totp_state,
    &q_totp_begin,
    &q_totp_offer,
    &q_totp_offered,
    &q_totp_confirm,
    &q_totp_remove,
    &q_recovery_codes,
    &q_reset_ask,
    &q_reset_take,
    &q_reset_issue,
    &q_link_look,
    &q_link_use,
    &q_users,
    &q_users_count,
    &q_user_get,
    &q_user_invite,
    &q_user_patch,
    &q_user_delete,
    &q_user_mfa_remove,
    &q_roles,
    &q_roles_count,
    &q_role_get,
    &q_role_create,
    &q_role_patch,
    &q_role_delete,
    &q_security,
    &q_security_patch,
};

static const struct tick ticks[] = {
    {"resets", 1, resets},
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
	        .ticks = ticks,
	        .nticks = NELEMS(ticks),
	        .setup = setup,
	        .command = operator_command});
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_AUTH_H
#define PACT_AUTH_AUTH_H

#include "shared/app/app.h"
#include "shared/app/sso.h"
#include "shared/crypt/crypt.h"
#include "shared/crypt/handle.h"

/* seal.c */
#define SEAL_EXTRA 28U /* what sealing adds: nonce and tag */
#define SEALED_MAX 1048576U
/* out takes len + SEAL_EXTRA bytes. aad is authenticated with it. */
bool gcm_seal(uint8_t *out, const uint8_t key[static 32], const char *aad, const void *plain,
    size_t len);
/* False, and out wiped, unless it is exactly len bytes sealed under this key and aad. */
bool gcm_open(void *out, size_t len, const uint8_t key[static 32], const char *aad,
    const uint8_t *sealed, size_t sealed_len);
/* The same under a tenant's data key (as the database gave it), as bytea text; purpose keeps uses apart. */
const char *seal(struct arena *a, const char *tenant, const char *data_key, const char *purpose,
    const void *plain, size_t len);
bool unseal(struct arena *a, void *out, size_t len, const char *tenant, const char *data_key,
    const char *purpose, const char *sealed);
/*
 * What is sealed under one data key (in clear) sealed under another, as bytea text; NULL when it does not open. For new keys
 * (rekey.c): app.sealed_column says which columns.
 */
const char *reseal(struct arena *a, const char *tenant, const uint8_t from[static 32],
    const uint8_t to[static 32], const char *purpose, const char *sealed);

/* The same for text, on the arena, wiped with it; NULL when it does not open. */
char *unseal_text(struct arena *a, const char *tenant, const char *data_key, const char *purpose,
    const char *sealed);

/* keys.c: what only this program holds, all derived from two files outside the database */
bool keys_load(void);
/* HMAC of the normalised address: the directory knows addresses by nothing else. */
void address_hmac(uint8_t out[static SHA256_LEN], const char *email);
/* The secret inside a session's access tokens: derived, so that a refresh needs no stored secret. */
void session_secret(uint8_t out[static SECRET_LEN], const char *session);
/* The refresh secret that follows `current`: derived, so that two tabs that refresh at once get the same one. */
void refresh_next(uint8_t out[static SECRET_LEN], const char *session,
    const uint8_t current[static SECRET_LEN]);
/* What belongs to one state of an OpenID login, as hex: nothing of it needs to be kept. what: "nonce" or "verifier". */
const char *oidc_derive(struct arena *a, const char *what, const char *state);
/*
 * Master keys wrap data keys, with the tenant's id as associated data. While one is being replaced there are two: the one
 * in use and the next one (PACT_MASTER_KEY_NEXT). Either opens; the newest wraps.
 */
#define WRAPPED_KEY_LEN (32 + SEAL_EXTRA)
enum master {
	MASTER_NONE,
	MASTER_IN_USE,
	MASTER_NEXT,
};
/* The file of the next one; false when it does not hold 32 bytes. */
bool master_key_next(const char *path);
/* There is a next one, and it is another one. */
bool master_key_changes(void);
/* A new data key for a tenant, wrapped. */
bool data_key_new(uint8_t out[static WRAPPED_KEY_LEN], const char *tenant);
bool data_key_wrap(uint8_t out[static WRAPPED_KEY_LEN], const char *tenant,
    const uint8_t key[static 32]);
/* Opens one that the database gave as bytea text, and says by which master key. Wipe it after use. */
enum master
data_key_open_by(struct arena *a, uint8_t out[static 32], const char *tenant, const char *wrapped);
bool
data_key_open(struct arena *a, uint8_t out[static 32], const char *tenant, const char *wrapped);
/* Names the newest master key without telling anything about it. */
const char *master_key_id(struct arena *a);

/* password.c */
bool password_setup(void);
/* bcrypt of a peppered pre-hash; NULL when libxcrypt fails. On the arena: a hash is no secret of the person. */
const char *password_hash(struct arena *a, const char *password);
/* True when it matches. A NULL hash costs the same time and is false. */
bool password_check(const char *hash, const char *password);
/*
 * Whether a new password may be taken: not one that is guessed at once (zxcvbn), with the person's own words counted as
 * known, nor one of the operator's list of breached ones. False with a field error.
 */
bool password_fit(struct req *r, const char *pointer, const char *password, const char *email,
    const char *workspace);

/* breached.c */
enum breached { BREACHED_NO, BREACHED_YES, BREACHED_UNKNOWN };
/* The operator's list (NULL: there is none). False, and logged, when it cannot be used. */
bool breached_setup(const char *path);
/* Whether a password is on it; UNKNOWN, and logged, when it cannot be read. */
enum breached breached(const char *password);

/* token.c */
int reply_challenge(struct req *r, const struct handle *challenge);
/* Answers with tokens: cookies, or a body for bearers. session_json: what a browser gets. */
int reply_tokens(struct req *r, const char *user, const struct handle *refresh, bool bearer,
    const char *session_json);
void clear_cookies(struct req *r);
/* The cookies alone, for an answer that is a redirect. */
void session_cookies(struct req *r, const char *user, const struct handle *refresh);

/* login.c */
extern const struct field login_body[], refresh_body[];
extern const struct representation session_rep, begun_rep;
extern const struct query q_login_begin, q_login_succeed, q_login_refuse, q_refresh;
int login(struct req *r);
int refresh(struct req *r);
/* 429; seconds as the database said them. */
int problem_throttled(struct req *r, const char *seconds);
/* Notes in the audit log why a login was refused, and answers with p. */
int login_refused(struct req *r, const char *tenant, const char *user, const char *reason,
    const struct problem_type *p);
/*
 * Begins a session in a transaction of its own: q takes `own` (the tenant first) and what every session needs, and says
 * the session as body, or NULL when a second factor is asked for first. Answers with tokens or with the challenge; when q
 * refuses, that is noted in the audit log.
 */
#define SESSION_OWN_MAX 8
int session_start(struct req *r, const struct query *q, const char *user, const char *const *own,
    size_t nown);
/* The first half of it: what q says; t is the session's refresh token, or the challenge. NULL: the transaction failed. */
const struct rows *session_open(struct req *r, const struct query *q, const char *const *own,
    size_t nown, bool bearer, struct handle *t);

/* otp.c */
#define OTP_SECRET_LEN 20
#define RECOVERY_CODES 10
/* The time step of a code of now or of the half minute before, 0 when it is none. */
int64_t otp_step(const uint8_t secret[static OTP_SECRET_LEN], const char *code, int64_t now);
/* A typed code without spaces and dashes, in capitals. */
const char *otp_normal(struct arena *a, const char *typed);
/* The otpauth: URI; *secret_text gets the secret in base32. */
const char *otp_uri(struct arena *a, const uint8_t secret[static OTP_SECRET_LEN],
    const char *workspace, const char *email, const char **secret_text);
/* Its QR code as SVG; NULL when it does not fit. */
const char *otp_svg(struct arena *a, const char *uri);
bool recovery_code_valid(const char *code);
const char *recovery_code_sha256(struct arena *a, const char *code);
/* New codes as people get them; *sha256_array is what the database keeps (a bytea[] as text). */
json_t *recovery_codes_new(struct arena *a, const char **sha256_array);

/* mfa.c */
extern const struct field mfa_body[];
extern const struct representation challenge_rep;
extern const struct query q_mfa_begin, q_mfa_succeed;
int mfa(struct req *r);

/* totp.c */
extern const struct field totp_confirm_body[], password_only_body[];
extern const struct representation totp_state_rep, totp_offer_rep, recovery_codes_rep;
extern const struct query q_totp_state, q_totp_begin, q_totp_offer, q_totp_offered, q_totp_confirm,
    q_totp_remove, q_recovery_codes;
int totp_state(struct req *r);
int totp_offer(struct req *r);
int totp_confirm(struct req *r);
int totp_remove(struct req *r);
int recovery_codes(struct req *r);

/* link.c: links in mails */
extern const struct field forgot_body[], reset_body[], invited_body[], link_body[];
extern const struct representation link_rep;
extern const struct query q_reset_ask, q_reset_take, q_reset_issue, q_link_look, q_link_use;
int password_forgot(struct req *r);
int password_reset(struct req *r);
int invitation_accept(struct req *r);
int link_look(struct req *r);
void resets(struct arena *a);
/* The address of a page with a token behind its #. */
const char *link_text(struct arena *a, const char *page, const struct handle *t);

/* user.c */
extern const struct field invite_body[], user_body[];
extern const struct representation user_rep;
extern const struct query q_users, q_users_count, q_user_get, q_user_invite, q_user_patch,
    q_user_delete, q_user_mfa_remove, q_user_sso_remove;
int user_list(struct req *r);
int user_get(struct req *r);
int user_invite(struct req *r);
int user_patch(struct req *r);
int user_delete(struct req *r);
int user_mfa_remove(struct req *r);
int user_sso_remove(struct req *r);

/* role.c */
extern const struct field role_body[];
extern const struct representation role_rep;
extern const struct query q_roles, q_roles_count, q_role_get, q_role_create, q_role_patch,
    q_role_delete;
int role_list(struct req *r);
int role_get(struct req *r);
int role_create(struct req *r);
int role_patch(struct req *r);
int role_delete(struct req *r);

/* key.c */
extern const struct field key_body[];
extern const struct representation key_rep, key_made_rep;
extern const struct query q_keys, q_keys_count, q_key_get, q_key_create, q_key_patch, q_key_delete;
int key_list(struct req *r);
int key_get(struct req *r);
int key_create(struct req *r);
int key_patch(struct req *r);
int key_delete(struct req *r);

/* security.c: what a workspace asks of everybody who logs in */
extern const struct field security_body[];
extern const struct representation security_rep, sso_test_rep;
extern const struct query q_security, q_security_patch, q_sso_seal_begin, q_sso_test_begin;
int security_get(struct req *r);
int security_patch(struct req *r);
int sso_test(struct req *r);

/* sso.c: the ends of a login by single sign-on: where it may begin, and the session it comes to */
extern const struct field discover_params[], sso_finish_params[];
extern const struct representation discover_rep;
extern const struct query q_discover, q_sso_proved, q_sso_succeed;
int discover(struct req *r);
int sso_finish(struct req *r);
/* The session of a proved login, and where its browser goes on. */
int sso_complete(struct req *r, const char *slug, const char *tenant, const char *login,
    const char *browser, const char *email);

/* oidc.c, oidc_token.c, oidc_check.c: OpenID Connect (A4) */
extern const struct field oidc_login_params[], oidc_callback_params[];
extern const struct query q_oidc_start, q_oidc_take, q_oidc_connection, q_oidc_prove, q_oidc_waited,
    q_oidc_failed, q_oidc_keys_claim, q_oidc_keys_set, q_oidc_logout, q_oidc_to_check,
    q_oidc_checked, q_oidc_refresh_due;
int oidc_login(struct req *r);
int oidc_callback(struct req *r);
int oidc_backchannel(struct req *r);
enum job_result oidc_check(struct job *j);
void oidc_refresh(struct arena *a);
/* Where a logout goes on at the provider; NULL: nowhere. row: of q_sso_logout_begin. */
const char *oidc_logout_url(struct req *r, const struct rows *row);

/* domain.c */
extern const struct field domain_body[];
extern const struct representation domain_rep;
extern const struct query q_domains, q_domains_count, q_domain_get, q_domain_add, q_domain_remove,
    q_domain_check, q_domain_to_check, q_domain_checked, q_domains_due;
int domain_list(struct req *r);
int domain_get(struct req *r);
int domain_add(struct req *r);
int domain_remove(struct req *r);
int domain_check(struct req *r);
enum job_result domain_job(struct job *j);
void domains_due(struct arena *a);

/* dns.c */
enum dns_found {
	DNS_FOUND,
	DNS_MISSING, /* the name servers say that there is no such record */
	DNS_FAILED,  /* nobody who knows has answered */
};
/* Is there a TXT record (RFC 1035 §3.3.14) of this name whose whole text is `text`? Waits ten seconds at most. */
enum dns_found dns_txt(const char *name, const char *text);
/* The same of a server's answer; for tests. */
enum dns_found dns_txt_answer(const uint8_t *answer, size_t len, const char *text);

/* session.c */
extern const struct representation device_rep, logged_out_rep;
extern const struct query q_session, q_session_end, q_sso_logout_begin, q_sessions,
    q_sessions_count, q_session_end_own, q_sessions_end;
int session_get(struct req *r);
int logout(struct req *r);
int session_list(struct req *r);
int session_delete(struct req *r);
int session_delete_others(struct req *r);
int user_session_list(struct req *r);
int user_session_delete(struct req *r);

/* change.c */
extern const struct field password_body[];
extern const struct query q_password_hash, q_password_refused, q_password_set;
int password_change(struct req *r);
/*
 * The caller's row (email, workspace) when the named member of the body is their password; NULL with the answer given.
 * The transaction has ended then: reenter() before the next statement.
 */
const struct rows *password_again(struct req *r, const char *member);

/* integration.c, integration_kind.c: other systems and their credentials */
extern const struct field integration_body[], integration_patch_body[];
extern const struct representation integration_rep, integration_kinds_rep;
extern const struct query q_integrations, q_integrations_count, q_integration_get,
    q_integration_begin, q_integration_create, q_integration_patch, q_integration_delete;
int integration_list(struct req *r);
int integration_kinds(struct req *r);
int integration_get(struct req *r);
int integration_create(struct req *r);
int integration_patch(struct req *r);
int integration_delete(struct req *r);

/* billing.c */
extern const struct field billing_body[];
extern const struct representation billing_rep;
extern const struct query q_billing, q_billing_patch;
int billing_get(struct req *r);
int billing_patch(struct req *r);

/* operator.c: auth -o …, called by scripts/pactctl as the role pact_operator */
extern const struct query q_workspace_create, q_user_add, q_workspace_list, q_workspace_suspend,
    q_workspace_plan, q_plan_requests;
int operator_command(int argc, char **argv);

/* rekey.c: new keys for old, among the operator's commands */
extern const struct query q_rekey_list, q_rekey_open, q_rekey_wrap, q_rekey_sealed, q_rekey_drop,
    q_rekey_put, q_rekey_data;

#endif

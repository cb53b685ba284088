/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_AUTH_H
#define PACT_AUTH_AUTH_H

#include "shared/app/app.h"
#include "shared/crypt/crypt.h"

/* keys.c: what only this program holds, all derived from two files outside the database */
bool keys_load(void);
/* HMAC of the normalised address: the directory knows addresses by nothing else. */
void address_hmac(uint8_t out[static SHA256_LEN], const char *email);
/* The secret inside a session's access tokens: derived, so that a refresh needs no stored secret. */
void session_secret(uint8_t out[static SECRET_LEN], const char *session);
/* The refresh secret that follows `current`: derived, so that two tabs that refresh at once get the same one. */
void refresh_next(uint8_t out[static SECRET_LEN], const char *session,
    const uint8_t current[static SECRET_LEN]);
/* A new data key for a tenant, wrapped by the master key: nonce, ciphertext, tag (AES-256-GCM, AAD the tenant's id). */
#define WRAPPED_KEY_LEN (12 + 32 + 16)
bool data_key_new(uint8_t out[static WRAPPED_KEY_LEN], const char *tenant);
/* Names the master key without telling anything about it. */
const char *master_key_id(struct arena *a);

/* password.c */
bool password_setup(void);
/* bcrypt of a peppered pre-hash; NULL when libxcrypt fails. On the arena: a hash is no secret of the person. */
const char *password_hash(struct arena *a, const char *password);
/* True when it matches. A NULL hash costs the same time and is false. */
bool password_check(const char *hash, const char *password);

/* token.c: cookies and bodies that carry tokens */
struct refresh_token {
	char tenant[37], session[37];
	uint8_t secret[SECRET_LEN];
};
bool refresh_parse(struct refresh_token *out, const char *text);
void refresh_sha256(uint8_t out[static SHA256_LEN], const struct refresh_token *t);
/* Answers with tokens: cookies, or a body for bearers. session_json: what a browser gets. */
int reply_tokens(struct req *r, const char *user, const struct refresh_token *refresh, bool bearer,
    const char *session_json);
void clear_cookies(struct req *r);

/* login.c */
extern const struct field login_body[], refresh_body[];
extern const struct representation session_rep, begun_rep;
extern const struct query q_login_begin, q_login_succeed, q_login_refuse, q_refresh;
int login(struct req *r);
int refresh(struct req *r);

/* session.c */
extern const struct representation device_rep;
extern const struct query q_session, q_session_end, q_sessions, q_sessions_count, q_session_end_own;
int session_get(struct req *r);
int logout(struct req *r);
int session_list(struct req *r);
int session_delete(struct req *r);

/* change.c */
extern const struct field password_body[];
extern const struct query q_password_hash, q_password_set;
int password_change(struct req *r);

/* operator.c: auth -o …, called by scripts/pactctl as the role pact_operator */
extern const struct query q_workspace_create, q_user_add, q_workspace_list, q_workspace_suspend;
int operator_command(int argc, char **argv);

#endif

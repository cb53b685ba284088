/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/crypt/token.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/base/str.h"

/* {"alg":"EdDSA","typ":"at+jwt"} (RFC 9068), always these bytes */
#define HEADER "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9"
#define PAYLOAD_MAX 512

static uint8_t verify_key[crypto_sign_PUBLICKEYBYTES];
static uint8_t sign_key[crypto_sign_SECRETKEYBYTES];
static bool have_verify_key, have_sign_key;

static void
pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void
file_closep(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

bool
token_verify_key(const char *path)
{
	CLEANUP(file_closep) FILE *f = path != NULL ? fopen(path, "re") : NULL;
	CLEANUP(pkey_freep) EVP_PKEY *k = f != NULL ? PEM_read_PUBKEY(f, NULL, NULL, NULL) : NULL;
	size_t len = sizeof verify_key;

	have_verify_key = k != NULL && EVP_PKEY_get_id(k) == EVP_PKEY_ED25519 &&
	                  EVP_PKEY_get_raw_public_key(k, verify_key, &len) == 1 &&
	                  len == sizeof verify_key;
	return have_verify_key;
}

bool
token_sign_key(const char *path)
{
	CLEANUP(file_closep) FILE *f = path != NULL ? fopen(path, "re") : NULL;
	CLEANUP(pkey_freep)
	EVP_PKEY *k = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	uint8_t seed[crypto_sign_SEEDBYTES], pub[crypto_sign_PUBLICKEYBYTES];
	size_t len = sizeof seed;

	have_sign_key = k != NULL && EVP_PKEY_get_id(k) == EVP_PKEY_ED25519 &&
	                EVP_PKEY_get_raw_private_key(k, seed, &len) == 1 && len == sizeof seed &&
	                crypto_sign_seed_keypair(pub, sign_key, seed) == 0;
	wipe(seed, sizeof seed);
	return have_sign_key;
}

/* The members are ours, in one order and without free text, so a format writes them and a scan reads them. */
#define PAYLOAD \
	"{\"iss\":\"pact\",\"aud\":\"pact\",\"tid\":\"%s\",\"sid\":\"%s\",\"sub\":\"%s\",\"ses\":\"%s\",\"iat\":%lld,\"exp\":%lld}"

void
token_make(char out[static TOKEN_MAX], const struct token_claims *c)
{
	char payload[PAYLOAD_MAX], secret[64];
	uint8_t sig[crypto_sign_BYTES];
	size_t n = sizeof HEADER;
	int len;

	if (!have_sign_key)
		log_fatal("token_make without a key");
	(void)b64url_encode(secret, c->secret, sizeof c->secret);
	len = snprintf(payload, sizeof payload, PAYLOAD, c->tenant, c->session, c->user, secret,
	    (long long)c->issued, (long long)c->expires);
	if (len < 0 || (size_t)len >= sizeof payload)
		log_fatal("token too long");
	memcpy(out, HEADER ".", sizeof HEADER);
	n += b64url_encode(out + n, payload, (size_t)len);
	(void)crypto_sign_detached(sig, NULL, (const uint8_t *)out, n, sign_key);
	out[n++] = '.';
	(void)b64url_encode(out + n, sig, sizeof sig);
	wipe(payload, sizeof payload);
	wipe(secret, sizeof secret);
}

/* Steps over a literal; NULL stays NULL. */
static const char *
skip(const char *s, const char *literal)
{
	size_t n = strlen(literal);

	return s != NULL && strncmp(s, literal, n) == 0 ? s + n : NULL;
}

static const char *
take_uuid(const char *s, char out[static 37])
{
	if (s == NULL || strlen(s) < 36)
		return NULL;
	memcpy(out, s, 36);
	out[36] = '\0';
	return uuid_valid(out) ? s + 36 : NULL;
}

static const char *
take_int(const char *s, int64_t *out)
{
	char digits[20];
	size_t n = s != NULL ? strspn(s, "0123456789") : 0;

	if (n == 0 || n >= sizeof digits)
		return NULL;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return str_int64(digits, 0, INT64_MAX, out) ? s + n : NULL;
}

static bool
payload_read(struct token_claims *c, const char *p)
{
	size_t len = 0;

	p = skip(p, "{\"iss\":\"pact\",\"aud\":\"pact\",\"tid\":\"");
	p = take_uuid(p, c->tenant);
	p = take_uuid(skip(p, "\",\"sid\":\""), c->session);
	p = take_uuid(skip(p, "\",\"sub\":\""), c->user);
	p = skip(p, "\",\"ses\":\"");
	if (p == NULL || strlen(p) < 43 ||
	    !b64url_decode(c->secret, sizeof c->secret, &len, p, 43) || len != sizeof c->secret)
		return false;
	p = take_int(skip(p + 43, "\",\"iat\":"), &c->issued);
	p = take_int(skip(p, ",\"exp\":"), &c->expires);
	return str_eq(p, "}");
}

bool
token_check(struct token_claims *out, const char *token, size_t len, int64_t now)
{
	struct token_claims c;
	uint8_t sig[crypto_sign_BYTES];
	char payload[PAYLOAD_MAX];
	const char *dot;
	size_t head = sizeof HEADER, siglen = 0, plen = 0;
	bool ok;

	if (!have_verify_key || token == NULL || len >= TOKEN_MAX || len <= head ||
	    memcmp(token, HEADER ".", head) != 0)
		return false;
	dot = memchr(token + head, '.', len - head);
	if (dot == NULL ||
	    !b64url_decode(sig, sizeof sig, &siglen, dot + 1, len - (size_t)(dot + 1 - token)) ||
	    siglen != sizeof sig ||
	    crypto_sign_verify_detached(sig, (const uint8_t *)token, (size_t)(dot - token),
	        verify_key) != 0)
		return false;
	if (!b64url_decode(payload, sizeof payload - 1, &plen, token + head,
	        (size_t)(dot - token) - head))
		return false;
	payload[plen] = '\0';
	ok = strlen(payload) == plen && payload_read(&c, payload) && c.issued <= now + 60 &&
	     c.expires > now;
	if (ok)
		*out = c;
	wipe(payload, sizeof payload);
	wipe(&c, sizeof c);
	return ok;
}

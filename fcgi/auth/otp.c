/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time-based one-time passwords (RFC 6238: SHA-1, six digits, thirty seconds, as every authenticator takes them), their QR
 * code, and recovery codes.
 */
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/buf.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define STEP_S 30
#define RECOVERY_CHARS 24 /* of 5 bits: 120 bits, enough for a plain SHA-256 at rest */

/* RFC 4648 §6, without padding; len a multiple of 5. */
static void
base32(char *out, const uint8_t *data, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < len; i += 5) {
		uint64_t n = 0;

		for (size_t j = 0; j < 5; j++)
			n = n << 8 | data[i + j];
		for (int j = 7; j >= 0; j--)
			*out++ = alphabet[n >> (5 * j) & 31];
	}
	*out = '\0';
}

static uint32_t
code_at(const uint8_t secret[static OTP_SECRET_LEN], int64_t step)
{
	uint8_t counter[8], mac[20];
	unsigned len = sizeof mac;
	size_t at;

	for (int i = 7; i >= 0; i--, step >>= 8)
		counter[i] = (uint8_t)(step & 255);
	if (HMAC(EVP_sha1(), secret, OTP_SECRET_LEN, counter, sizeof counter, mac, &len) == NULL ||
	    len != sizeof mac)
		log_fatal("HMAC-SHA-1 failed");
	at = mac[19] & 15;
	return ((uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
	           (uint32_t)mac[at + 2] << 8 | mac[at + 3]) %
	       1000000;
}

int64_t
otp_step(const uint8_t secret[static OTP_SECRET_LEN], const char *code, int64_t now)
{
	int64_t found = 0;

	for (int64_t step = now / STEP_S - 1; step <= now / STEP_S; step++) {
		char want[8];

		(void)snprintf(want, sizeof want, "%06u", code_at(secret, step));
		if (strlen(code) == 6 && bytes_equal(code, want, 6))
			found = step;
	}
	return found;
}

const char *
otp_normal(struct arena *a, const char *typed)
{
	char *out = arena_alloc(a, strlen(typed) + 1), *p = out;

	for (; *typed != '\0'; typed++)
		if (*typed != ' ' && *typed != '-')
			*p++ = (char)toupper((unsigned char)*typed);
	*p = '\0';
	return out;
}

static const char *
encoded(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 3 * strlen(s) + 1);

	percent_encode(out, s);
	return out;
}

const char *
otp_uri(struct arena *a, const uint8_t secret[static OTP_SECRET_LEN], const char *workspace,
    const char *email, const char **secret_text)
{
	char text[OTP_SECRET_LEN / 5 * 8 + 1];
	const char *issuer = encoded(a, arena_printf(a, "Pact %s", workspace));

	base32(text, secret, OTP_SECRET_LEN);
	*secret_text = arena_strdup(a, text);
	return arena_printf(a,
	    "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=%d", issuer,
	    encoded(a, email), text, issuer, STEP_S);
}

static void
qr_freep(QRcode **q)
{
	if (*q != NULL)
		QRcode_free(*q);
}

const char *
otp_svg(struct arena *a, const char *uri)
{
	CLEANUP(qr_freep) QRcode *q = QRcode_encodeString8bit(uri, 0, QR_ECLEVEL_M);
	struct buf b;
	const char *svg;

	if (q == NULL)
		return NULL;
	buf_init(&b, 65536);
	/* four modules of quiet around it (ISO/IEC 18004); black on white whatever the page's colours are */
	buf_printf(&b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
	    q->width + 8, q->width + 8, q->width + 8, q->width + 8);
	for (int y = 0; y < q->width; y++)
		for (int x = 0, run; x < q->width; x += run) {
			bool dark = (q->data[y * q->width + x] & 1) != 0;

			for (run = 1; x + run < q->width &&
			              ((q->data[y * q->width + x + run] & 1) != 0) == dark;)
				run++;
			if (dark)
				buf_printf(&b, "M%d %dh%dv1h-%dz", x + 4, y + 4, run, run);
		}
	buf_str(&b, "\"/></svg>");
	svg = b.overflow ? NULL : arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return svg;
}

bool
recovery_code_valid(const char *code)
{
	return strlen(code) == RECOVERY_CHARS;
}

const char *
recovery_code_sha256(struct arena *a, const char *code)
{
	uint8_t digest[SHA256_LEN];

	sha256(digest, code, strlen(code));
	return db_bytea(a, digest, sizeof digest);
}

json_t *
recovery_codes_new(struct arena *a, const char **sha256_array)
{
	json_t *codes = json_array();
	const char *array = "{";

	for (int i = 0; i < RECOVERY_CODES; i++) {
		uint8_t raw[RECOVERY_CHARS / 8 * 5];
		char text[RECOVERY_CHARS + 1], shown[RECOVERY_CHARS + 8], *p = shown;

		random_bytes(raw, sizeof raw);
		base32(text, raw, sizeof raw);
		for (size_t j = 0; j < RECOVERY_CHARS; j++) {
			if (j > 0 && j % 4 == 0)
				*p++ = '-';
			*p++ = text[j];
		}
		*p = '\0';
		(void)json_array_append_new(codes, json_string(shown));
		/* bytea text begins with a backslash, which an array wants twice */
		array = arena_printf(a, "%s%s\"\\%s\"", array, i > 0 ? "," : "",
		    recovery_code_sha256(a, text));
		wipe(raw, sizeof raw);
		wipe(text, sizeof text);
		wipe(shown, sizeof shown);
	}
	*sha256_array = arena_printf(a, "%s}", array);
	return codes;
}

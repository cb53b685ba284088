/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/base/str.h"

#include <ctype.h>
#include <string.h>

bool
str_eq(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return s != NULL && prefix != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_listed(const char *list, const char *word)
{
	size_t len = word != NULL ? strlen(word) : 0;

	for (const char *p = list; len > 0 && p != NULL && *p != '\0';) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

/* RFC 3629, table of well-formed byte sequences. */
size_t
utf8_sequence(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (len < n)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

bool
utf8_valid(const char *s, size_t len)
{
	while (len > 0) {
		size_t n = utf8_sequence(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

size_t
utf8_length(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

bool
str_int64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool neg = false;
	int64_t v = 0;

	if (s == NULL)
		return false;
	if (*s == '-') {
		neg = true;
		s++;
	}
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, *s - '0', &v))
			return false;
	}
	/* summed as a negative so that INT64_MIN fits */
	if (!neg && __builtin_sub_overflow(0, v, &v))
		return false;
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool
uuid_valid(const char *s)
{
	if (s == NULL || strlen(s) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-'
		         : !((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	}
	return true;
}

void
hex_encode(char *out, const void *data, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		*out++ = digit[p[i] >> 4];
		*out++ = digit[p[i] & 15];
	}
	*out = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(void *out, const char *hex, size_t len)
{
	unsigned char *p = out;

	if (hex == NULL || strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int h = hex_digit(hex[2 * i]), l = hex_digit(hex[2 * i + 1]);

		if (h < 0 || l < 0)
			return false;
		p[i] = (unsigned char)(h << 4 | l);
	}
	return true;
}

size_t
b64url_encode(char *out, const void *data, size_t len)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = data;
	char *start = out;

	for (; len >= 3; p += 3, len -= 3) {
		*out++ = digit[p[0] >> 2];
		*out++ = digit[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = digit[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = digit[p[2] & 63];
	}
	if (len > 0) {
		*out++ = digit[p[0] >> 2];
		*out++ = digit[(p[0] & 3) << 4 | (len == 2 ? p[1] >> 4 : 0)];
		if (len == 2)
			*out++ = digit[(p[1] & 15) << 2];
	}
	*out = '\0';
	return (size_t)(out - start);
}

static int
b64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}

bool
b64url_decode(void *out, size_t cap, size_t *outlen, const char *s, size_t len)
{
	unsigned char *p = out;
	unsigned acc = 0, bits = 0;
	size_t n = 0;

	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int d = b64url_digit(s[i]);

		if (d < 0)
			return false;
		acc = (acc << 6 | (unsigned)d) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (n == cap)
				return false;
			p[n++] = (unsigned char)(acc >> bits);
		}
	}
	/* leftover bits must be zero, or two texts would decode to the same bytes */
	if ((acc & ((1U << bits) - 1)) != 0)
		return false;
	*outlen = n;
	return true;
}

bool
email_plausible(const char *s, size_t len)
{
	const char *at;
	size_t domain;

	if (s == NULL || len < 3 || len > 254 || !utf8_valid(s, len))
		return false;
	at = memrchr(s, '@', len);
	if (at == NULL || at == s || at - s > 64)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7f || strchr("\"(),:;<>[\\]", c) != NULL ||
		    (c == '@' && s + i != at))
			return false;
	}
	domain = len - (size_t)(at - s) - 1;
	if (domain == 0 || at[1] == '.' || at[1] == '-' || s[len - 1] == '.' || s[len - 1] == '-' ||
	    s[0] == '.' || at[-1] == '.')
		return false;
	for (size_t i = 1; i < len; i++)
		if (s[i] == '.' && s[i - 1] == '.')
			return false;
	return true;
}

void
percent_encode(char *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-._~", c) != NULL) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = "0123456789ABCDEF"[c >> 4];
		*out++ = "0123456789ABCDEF"[c & 15];
	}
	*out = '\0';
}

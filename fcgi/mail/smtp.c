/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delivery by SMTP (RFC 5321) with libcurl, which knows AUTH, STARTTLS and dot-stuffing. TLS with a certificate that is
 * checked, always, unless the server is this machine.
 */
#include <curl/curl.h>
#include <string.h>

#include "fcgi/mail/mail.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

/* together well below the lease of the job: who is still trying has not lost it */
#define CONNECT_S 15L
#define WHOLE_S 75L

static const char *server, *authorities;
static bool loopback;

static void
url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void
text_free(char **s)
{
	curl_free(*s);
}

/* Whoever listens there is on this machine; "localhost" is what RFC 6761 says it is. */
static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || str_starts(host, "127.") ||
	       strcmp(host, "[::1]") == 0;
}

bool
smtp_setup(const char *url, const char *ca_file)
{
	CLEANUP(url_free) CURLU *u = curl_url();
	CLEANUP(text_free) char *scheme = NULL, *host = NULL;

	if (u == NULL ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0))
		return false;
	server = url;
	authorities = ca_file;
	loopback = is_loopback(host);
	return true;
}

struct upload {
	const char *data;
	size_t left;
	bool begun; /* the server has said 354 */
};

static size_t
read_message(char *out, size_t size, size_t n, void *ctx)
{
	struct upload *u = ctx;
	size_t len = size * n < u->left ? size * n : u->left;

	u->begun = true;
	memcpy(out, u->data, len);
	u->data += len;
	u->left -= len;
	return len;
}

/* What the server meant. A 5xx to this message is final; a 5xx to us (greeting, TLS, password) is for the operator. */
static enum sent
judge(struct delivery *d, CURLcode code, long reply, bool begun)
{
	static char error[48];
	bool about_message = code == CURLE_SEND_ERROR ||
	                     (code == CURLE_WEIRD_SERVER_REPLY && begun);

	if (code == CURLE_OK)
		return SENT;
	(void)snprintf(error, sizeof error, "smtp: curl error %d, reply %ld", (int)code, reply);
	d->error = error;
	return about_message && reply >= 500 && reply < 600 ? SEND_NEVER : SEND_LATER;
}

static void
options(CURL *c, const struct delivery *d, struct upload *u)
{
	(void)curl_easy_setopt(c, CURLOPT_URL, server);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, WHOLE_S);
	(void)curl_easy_setopt(c, CURLOPT_USE_SSL,
	    (long)(loopback ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (authorities != NULL)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, authorities);
	(void)curl_easy_setopt(c, CURLOPT_MAIL_FROM, d->from);
	(void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)d->len);
	(void)curl_easy_setopt(c, CURLOPT_READFUNCTION, read_message);
	(void)curl_easy_setopt(c, CURLOPT_READDATA, u);
}

enum sent
smtp_send(struct delivery *d)
{
	static CURL *handle; /* kept for its connection: a burst of messages needs one handshake */
	struct upload u = {.data = d->data, .left = d->len};
	struct curl_slist *to = curl_slist_append(NULL, d->to);
	long reply = 0;
	CURLcode code;

	if (handle == NULL)
		handle = curl_easy_init();
	if (handle == NULL || to == NULL)
		log_fatal("out of memory");
	curl_easy_reset(handle);
	options(handle, d, &u);
	(void)curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
	code = curl_easy_perform(handle);
	(void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
	curl_slist_free_all(to);
	return judge(d, code, reply, u.begun);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/net/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/buf.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define TOTAL_MS 5000L
#define CONNECT_MS 3000L
#define ALLOW_MAX 32

/* A network as IPv6; IPv4 is ::ffff:0:0/96. */
struct net {
	uint8_t address[16];
	unsigned bits;
};

static struct net allowed[ALLOW_MAX];
static size_t nallowed;
static const char *ca_file;

/* What is not the public internet (IANA special-purpose registries, RFC 6890 and later). */
static const char *const inside[] = {
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
};
static struct net inside_nets[NELEMS(inside)];

static bool
net_parse(struct net *out, const char *text, size_t len)
{
	char address[INET6_ADDRSTRLEN] = {0}, bits[4] = {0};
	const char *slash = memchr(text, '/', len);
	size_t n = slash != NULL ? (size_t)(slash - text) : len;
	int64_t width = -1;
	bool v4;

	if (n == 0 || n >= sizeof address || len - n > sizeof bits)
		return false;
	memcpy(address, text, n);
	if (slash != NULL)
		memcpy(bits, slash + 1, len - n - 1);
	*out = (struct net){.address = {[10] = 0xff, [11] = 0xff}};
	v4 = inet_pton(AF_INET, address, out->address + 12) == 1;
	if (!v4 && inet_pton(AF_INET6, address, out->address) != 1)
		return false;
	if (slash != NULL && !str_int64(bits, 0, v4 ? 32 : 128, &width))
		return false;
	out->bits = width < 0 ? 128 : (unsigned)width + (v4 ? 96 : 0);
	return true;
}

static bool
net_holds(const struct net *n, const uint8_t address[static 16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	return memcmp(n->address, address, whole) == 0 &&
	       (rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0);
}

static bool
held(const struct net *list, size_t n, const uint8_t address[static 16])
{
	for (size_t i = 0; i < n; i++)
		if (net_holds(&list[i], address))
			return true;
	return false;
}

bool
fetch_setup(const char *allow, const char *ca)
{
	nallowed = 0;
	ca_file = ca;
	for (size_t i = 0; i < NELEMS(inside); i++)
		if (!net_parse(&inside_nets[i], inside[i], strlen(inside[i])))
			log_fatal("networks");
	for (const char *p = allow; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, ",");

		if (nallowed == ALLOW_MAX || !net_parse(&allowed[nallowed++], p, len))
			return false;
		p += len + (p[len] == ',');
	}
	return true;
}

bool
fetch_allowed(const struct sockaddr *address)
{
	static const struct net mapped = {{[10] = 0xff, [11] = 0xff}, 96},
	                        nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
	uint8_t a[16] = {[10] = 0xff, [11] = 0xff};

	if (address->sa_family == AF_INET)
		memcpy(a + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(a, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	else
		return false;
	/* behind NAT64 (RFC 6052) stands an IPv4 address: it is the one that is asked */
	if (net_holds(&nat64, a))
		memcpy(a, mapped.address, 12);
	return held(allowed, nallowed, a) || !held(inside_nets, NELEMS(inside), a);
}

struct state {
	struct buf body;
	bool refused, tried, full;
};

/* Whatever name or number the URL had, this is what is connected to: DNS cannot say something else a moment later. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct state *s = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || !fetch_allowed(&a->addr)) {
		s->refused = true;
		return CURL_SOCKET_BAD;
	}
	s->tried = true;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
take(char *data, size_t size, size_t n, void *ctx)
{
	struct state *s = ctx;

	buf_add(&s->body, data, size * n);
	s->full = s->body.overflow;
	return s->full ? 0 : size * n;
}

static const char *
sentence(CURLcode rc, const struct state *s)
{
	if (s->full)
		return "The answer is too large.";
	/* a name may have an address inside beside one outside */
	if (s->refused && !s->tried)
		return "The address is not on the public internet. The operator of this server can allow it.";
	switch (rc) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return "The address is not one that begins with https://.";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "There is no server of this name.";
	case CURLE_OPERATION_TIMEDOUT:
		return "The server did not answer in time.";
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return "The server's certificate is not trusted.";
	default:
		return "The server could not be reached.";
	}
}

/*
 * libcurl is loaded by the first request. It brings twenty libraries and a megabyte, and most processes of the programs that
 * link this never ask anybody.
 */
#define CURL_FUNCTIONS(X) \
	X(easy_init) \
	X(easy_setopt) \
	X(easy_perform) X(easy_getinfo) X(easy_cleanup) X(slist_append) X(slist_free_all)
#define MEMBER(name) __typeof__(&curl_##name) name;
static struct {
	CURL_FUNCTIONS(MEMBER)
} lib;

static bool
lib_load(void)
{
	static bool loaded;
	void *handle;

	if (loaded)
		return true;
	handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
#define LOAD(name) ((*(void **)&lib.name = dlsym(handle, "curl_" #name)) != NULL) &&
	loaded = handle != NULL && CURL_FUNCTIONS(LOAD) true;
	if (!loaded)
		log_msg(LOG_ERROR, "libcurl: %s", dlerror());
	return loaded;
}

static const char *
not_ok(struct arena *a, int status)
{
	return status == 200
	           ? NULL
	           : arena_printf(a, "The server answers with status %d%s.", status,
	                 status >= 300 && status < 400
	                     ? ", which leads elsewhere: give the address that it leads to"
	                     : "");
}

static struct curl_slist *
headers(struct arena *a, const struct fetch_request *q)
{
	struct curl_slist *list = lib.slist_append(NULL,
	    "Accept: application/json, application/samlmetadata+xml, */*;q=0.1");

	if (q->bearer != NULL)
		list = lib.slist_append(list,
		    arena_printf(a, "Authorization: Bearer %s", q->bearer));
	return list;
}

bool
fetch(struct arena *a, const struct fetch_request *q, struct fetch_reply *out)
{
	CURL *c = NULL;
	struct curl_slist *head = NULL;
	struct state s = {.refused = false};
	long status = 0;
	char *type = NULL;
	CURLcode rc;

	*out = (struct fetch_reply){.error = "The server could not be reached."};
	if (!lib_load())
		return false;
	c = lib.easy_init();
	if (c == NULL)
		log_fatal("out of memory");
	head = headers(a, q);
	buf_init(&s.body, q->max);
	(void)lib.easy_setopt(c, CURLOPT_URL, q->url);
	(void)lib.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	(void)lib.easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)lib.easy_setopt(c, CURLOPT_PROXY, "");
	(void)lib.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)lib.easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)lib.easy_setopt(c, CURLOPT_TIMEOUT_MS, TOTAL_MS);
	(void)lib.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	/* a name server that does not answer is not waited for: without this, until its resolver gives up */
	(void)lib.easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	(void)lib.easy_setopt(c, CURLOPT_USERAGENT, "Pact");
	(void)lib.easy_setopt(c, CURLOPT_HTTPHEADER, head);
	(void)lib.easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)lib.easy_setopt(c, CURLOPT_WRITEDATA, &s);
	(void)lib.easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)lib.easy_setopt(c, CURLOPT_OPENSOCKETDATA, &s);
	if (ca_file != NULL)
		(void)lib.easy_setopt(c, CURLOPT_CAINFO, ca_file);
	if (q->form != NULL)
		(void)lib.easy_setopt(c, CURLOPT_POSTFIELDS, q->form);
	if (q->user != NULL) {
		(void)lib.easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		(void)lib.easy_setopt(c, CURLOPT_USERNAME, q->user);
		(void)lib.easy_setopt(c, CURLOPT_PASSWORD, q->password != NULL ? q->password : "");
	}
	rc = lib.easy_perform(c);
	if (rc == CURLE_OK) {
		(void)lib.easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		(void)lib.easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
		*out = (struct fetch_reply){.status = (int)status,
		    .len = s.body.len,
		    .body = arena_strndup(a, s.body.len > 0 ? s.body.data : "", s.body.len),
		    .type = type != NULL ? arena_strdup(a, type) : NULL,
		    .error = not_ok(a, (int)status)};
	} else {
		out->error = sentence(rc, &s);
	}
	buf_free(&s.body);
	lib.slist_free_all(head);
	lib.easy_cleanup(c);
	return rc == CURLE_OK;
}

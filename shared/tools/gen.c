/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Build-time only: the OpenAPI document from every program's part, and a page for every problem. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/app/problem.h"

static int
fail(const char *what)
{
	(void)fprintf(stderr, "gen: %s\n", what);
	return 1;
}

static void
html(FILE *f, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			(void)fputs("&amp;", f);
		else if (*s == '<')
			(void)fputs("&lt;", f);
		else
			(void)fputc(*s, f);
	}
}

static int
problem_page(const char *dir, const struct problem_type *p)
{
	char path[4096];
	FILE *f;

	if (snprintf(path, sizeof path, "%s/%s.html", dir, p->slug) >= (int)sizeof path ||
	    (f = fopen(path, "we")) == NULL)
		return fail("cannot write a problem page");
	(void)fputs(
	    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	    f);
	html(f, p->title);
	(void)fprintf(f,
	    " · Pact</title>\n<link rel=\"stylesheet\" href=\"/css/pact.css\">\n</head>\n<body class=\"plain\">\n"
	    "<main class=\"problem\">\n<p class=\"eyebrow\">Problem %d · %s</p>\n<h1>",
	    p->status, p->slug);
	html(f, p->title);
	(void)fputs("</h1>\n<h2>What happened</h2>\n<p>", f);
	html(f, p->what);
	(void)fputs("</p>\n<h2>What to do</h2>\n<p>", f);
	html(f, p->todo);
	(void)fputs(
	    "</p>\n<h2>What support needs</h2>\n<p>The request id: it is the <code>instance</code> of the answer and "
	    "its <code>X-Request-Id</code> header. It names the line in the server’s log and says nothing about "
	    "you.</p>\n<p><a href=\"/contacts\">Go to Pact</a></p>\n</main>\n</body>\n</html>\n",
	    f);
	return fclose(f) == 0 ? 0 : fail("cannot write a problem page");
}

/* Every problem by status, for nginx's own answers and for people who read the document. */
static json_t *
problem_schema(void)
{
	json_t *slugs = json_array();

	for (size_t i = 0; i < nproblem_types; i++)
		(void)json_array_append_new(slugs,
		    json_sprintf("/problems/%s", problem_types[i]->slug));
	return json_pack(
	    "{s:s, s:[s,s,s,s], s:{s:{s:s, s:o}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:{s:s, s:[s,s], "
	    "s:{s:{s:s}, s:{s:s}}}}}}",
	    "type", "object", "required", "type", "title", "status", "instance", "properties",
	    "type", "type", "string", "enum", slugs, "title", "type", "string", "status", "type",
	    "integer", "detail", "type", "string", "instance", "type", "string", "errors", "type",
	    "array", "items", "type", "object", "required", "pointer", "detail", "properties",
	    "pointer", "type", "string", "detail", "type", "string");
}

static int
merge(json_t *into, const json_t *from, const char *what)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(unsigned long)from, key, v) {
		if (json_object_get(into, key) != NULL &&
		    !json_equal(json_object_get(into, key), v)) {
			(void)fprintf(stderr, "gen: %s %s is declared twice and differently\n",
			    what, key);
			return 1;
		}
		(void)json_object_set(into, key, v);
	}
	return 0;
}

static int
openapi(const char *version, int n, char **files)
{
	json_t *paths = json_object(), *schemas = json_pack("{s:o}", "problem", problem_schema()),
	       *doc;
	int errors = 0;

	for (int i = 0; i < n; i++) {
		json_error_t err;
		json_t *part = json_load_file(files[i], JSON_REJECT_DUPLICATES, &err);

		if (part == NULL)
			return fail(err.text);
		errors += merge(paths, json_object_get(part, "paths"), "path");
		errors += merge(schemas,
		    json_object_get(json_object_get(part, "components"), "schemas"), "schema");
		json_decref(part);
	}
	doc = json_pack(
	    "{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:o, s:{s:o, s:{s:{s:s, s:{s:{s:{s:s}}}}}, "
	    "s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}}}",
	    "openapi", "3.1.0", "info", "title", "Pact", "version", version, "description",
	    "Privacy-native CRM. Errors are RFC 9457 problems; lists page by cursor; times are RFC 3339 UTC.",
	    "license", "name", "GPL-3.0-or-later", "identifier", "GPL-3.0-or-later", "paths", paths,
	    "components", "schemas", schemas, "responses", "problem", "description",
	    "A problem (RFC 9457)", "content", "application/problem+json", "schema", "$ref",
	    "#/components/schemas/problem", "securitySchemes", "cookie", "type", "apiKey", "in",
	    "cookie", "name", "__Host-pact", "bearer", "type", "http", "scheme", "bearer",
	    "description", "An access token, or an API key.");
	if (doc == NULL)
		return fail("cannot build the document");
	(void)json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(doc);
	return errors;
}

int
main(int argc, char **argv)
{
	int errors = 0;

	if (argc == 3 && strcmp(argv[1], "problems") == 0) {
		for (size_t i = 0; i < nproblem_types; i++)
			errors += problem_page(argv[2], problem_types[i]);
		return errors != 0;
	}
	if (argc > 3 && strcmp(argv[1], "openapi") == 0)
		return openapi(argv[2], argc - 3, argv + 3) != 0;
	return fail("usage: gen problems DIR | gen openapi VERSION PART…");
}

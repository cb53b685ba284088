/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What we write to the people who work here. Variables: name, workspace, base_url and at (when the event was) are always
 * there; the others come with the message (app.outbox_add). `to` is none of the text: it is where the mail goes, when that is not
 * the person's address now.
 */
#include "fcgi/mail/mail.h"

#include <string.h>

#include "shared/base/str.h"

#define VALUE_BYTES 300

const struct mail_template mail_templates[] = {
    {"welcome", "Your workspace {{workspace}} is ready\nYour workspace is ready\n",
        "Hello {{name}},\n"
        "\n"
        "your workspace is ready, and you are its owner.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  Log in at:  {{base_url}}/login\n"
        "\n"
        "Log in with this address and the password that was set for you, and\n"
        "change the password first: Settings, Password.\n"
        "\n"
        "Then bring your contacts in. Import takes the files that other tools\n"
        "write, and shows who may be mailed, and why, before anything is stored.\n"},
    {"password-changed", "Your password was changed\n",
        "Hello {{name}},\n"
        "\n"
        "the password of your account was changed, and all other devices were\n"
        "logged out.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "If this was you, there is nothing to do. If it was not, tell the owner\n"
        "of the workspace now: somebody knows your password.\n"},
    {"address-changed", "The address of your account was changed\n",
        "Hello {{name}},\n"
        "\n"
        "your account has another address from now on: you log in with it, and\n"
        "mail goes there. This one is the last to come here.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  Address:    {{new}}\n"
        "  Changed by: {{by}}\n"
        "  When:       {{at}}\n"
        "\n"
        "If you did not expect this, tell the owner of the workspace now.\n"},
    {"login-unusual", "A login from a place that is new\n",
        "Hello {{name}},\n"
        "\n"
        "somebody, most likely you, logged in to your account from a place that\n"
        "you have not come from in the last weeks.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "  With:       {{client}}\n"
        "\n"
        "If this was you, there is nothing to do. If it was not, change your\n"
        "password now, which logs all other devices out, and tell the owner of the\n"
        "workspace:\n"
        "\n"
        "  {{base_url}}/settings?section=password\n"},
    {"code-guessed", "Somebody may know your password\n",
        "Hello {{name}},\n"
        "\n"
        "somebody entered your password, and then five codes that were wrong. They\n"
        "did not come in.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "If this was you, check the clock of your authenticator, or use a recovery\n"
        "code. If it was not, change your password now: somebody knows it.\n"
        "\n"
        "  {{base_url}}/settings?section=password\n"},
    {"password-reset", "A new password for {{workspace}}\n",
        "Hello {{name}},\n"
        "\n"
        "somebody, most likely you, asked for a new password.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  Asked from: {{ip}}\n"
        "\n"
        "Set it here within an hour:\n"
        "\n"
        "  {{link}}\n"
        "\n"
        "If it was not you, do nothing: your password stays as it is.\n"},
    {"invitation", "You are invited to {{workspace}}\n",
        "Hello {{name}},\n"
        "\n"
        "{{by}} invites you to work in {{workspace}} on Pact.\n"
        "\n"
        "Accept within seven days, and choose a password:\n"
        "\n"
        "  {{link}}\n"
        "\n"
        "If you do not know what this is about, do nothing.\n"},
    {"invitation-sso", "You are invited to {{workspace}}\n",
        "Hello {{name}},\n"
        "\n"
        "{{by}} invites you to work in {{workspace}} on Pact.\n"
        "\n"
        "You need no password: log in with your organisation's account.\n"
        "\n"
        "  {{base_url}}/login?workspace={{slug}}\n"
        "\n"
        "If you do not know what this is about, do nothing.\n"},
    {"sso-instead", "Logging in to {{workspace}}\n",
        "Hello {{name}},\n"
        "\n"
        "somebody, most likely you, asked for a new password. There is none in\n"
        "{{workspace}}: you log in with your organisation's account.\n"
        "\n"
        "  {{base_url}}/login?workspace={{slug}}\n"
        "\n"
        "  Asked from: {{ip}}\n"
        "\n"
        "If it was not you, there is nothing to do.\n"},
    {"sso-enforced", "Single sign-on is required now\n",
        "Hello {{name}},\n"
        "\n"
        "{{by}} has made single sign-on the only way into your workspace.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "Passwords are not taken any more. When the identity provider does not\n"
        "answer, an owner can still come in with password and second factor; all\n"
        "owners are told then.\n"},
    {"sso-not-enforced", "Single sign-on is not required any more\n",
        "Hello {{name}},\n"
        "\n"
        "{{by}} has let passwords in again. Single sign-on goes on where it is\n"
        "set up.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "If you did not expect this, look at the audit log.\n"},
    {"sso-certificate", "The certificate of your identity provider ends soon\n",
        "Hello {{name}},\n"
        "\n"
        "people log in to your workspace with {{provider}}. The certificate that\n"
        "its answers are checked with ends on {{until}}; after that, nobody comes\n"
        "in with it.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "\n"
        "Make a new certificate there and let Pact know its metadata before you\n"
        "turn the old one off: both work side by side. If Pact has the address of\n"
        "the metadata, it finds the new one by itself within a day.\n"
        "\n"
        "  {{base_url}}/sso\n"},
    {"break-glass", "An owner came in past single sign-on\n",
        "Hello {{name}},\n"
        "\n"
        "{{by}} logged in with password and second factor, although single\n"
        "sign-on is required in your workspace.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "This is meant for when the identity provider does not answer. If it does,\n"
        "and you do not know why this was done, ask, and end the session: Settings,\n"
        "People.\n"},
    {"plan-changed", "The plan of {{workspace}} was changed\n",
        "Hello {{name}},\n"
        "\n"
        "the plan of your workspace was changed.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  Plan:       {{plan}}, before {{was}}\n"
        "  When:       {{at}}\n"
        "\n"
        "What it brings, and what became of your own roles and of the audit log,\n"
        "is under Settings, Billing:\n"
        "\n"
        "  {{base_url}}/billing\n"},
    {"mfa-enabled", "Two-factor authentication is on\n",
        "Hello {{name}},\n"
        "\n"
        "two-factor authentication was turned on for your account.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "Keep your recovery codes somewhere safe. If this was not you, tell the\n"
        "owner of the workspace now.\n"},
    {"mfa-disabled", "Two-factor authentication is off\n",
        "Hello {{name}},\n"
        "\n"
        "two-factor authentication was turned off for your account.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "\n"
        "If this was not you, tell the owner of the workspace now.\n"},
    {"recovery-code-used", "A recovery code was used\n",
        "Hello {{name}},\n"
        "\n"
        "somebody logged in to your account with a recovery code.\n"
        "\n"
        "  Workspace:  {{workspace}}\n"
        "  When:       {{at}}\n"
        "  From:       {{ip}}\n"
        "  Left:       {{left}}\n"
        "\n"
        "If this was you, make new ones when few are left: Settings, Security.\n"
        "If it was not, change your password now and tell the owner.\n"},
    {"import-finished", "Import {{status}}: {{filename}}\nYour import has ended\n",
        "Hello {{name}},\n"
        "\n"
        "your import has ended.\n"
        "\n"
        "  Workspace:          {{workspace}}\n"
        "  File:               {{filename}}\n"
        "  Result:             {{status}}\n"
        "  Why:                {{problem}}\n"
        "  New contacts:       {{imported}}\n"
        "  Updated contacts:   {{updated}}\n"
        "  Left as they were:  {{skipped}}\n"
        "  Rows with errors:   {{errors}}\n"
        "  May be mailed:      {{mailable}}\n"
        "  Need confirming:    {{needs_confirming}}\n"
        "  May not be mailed:  {{suppressed}}\n"
        "\n"
        "Everything about it, with the rows that need a look:\n"
        "\n"
        "  {{base_url}}/import?id={{import}}\n"},
};
const size_t nmail_templates = NELEMS(mail_templates);

const struct mail_template *
template_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < nmail_templates; i++)
		if (strcmp(mail_templates[i].name, name) == 0)
			return &mail_templates[i];
	return NULL;
}

/* The variable between p ("{{name}}…") and its end; NULL when it has no value. *end is behind the braces. */
static const json_t *
variable(const json_t *vars, const char *p, const char **end)
{
	const char *close = strstr(p, "}}");
	const json_t *v;
	char name[32];

	*end = close != NULL ? close + 2 : p + strlen(p);
	if (close == NULL || (size_t)(close - p - 2) >= sizeof name)
		return NULL;
	memcpy(name, p + 2, (size_t)(close - p - 2));
	name[close - p - 2] = '\0';
	v = json_object_get(vars, name);
	return (json_is_string(v) && json_string_length(v) > 0) || json_is_integer(v) ? v : NULL;
}

/* A value is somebody's text: it can neither begin a line of ours nor hide what follows. */
static void
add_value(struct buf *out, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n, done = 0;

	if (s == NULL) {
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return;
	}
	for (; *s != '\0'; s += n, done += n) {
		n = utf8_sequence(s, strnlen(s, 4));
		if (n == 0)
			n = 1;
		if (done + n > VALUE_BYTES) {
			buf_str(out, "…");
			return;
		}
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buf_ch(out, ' ');
		else
			buf_add(out, s, n);
	}
}

static bool
complete(const char *line, size_t len, const json_t *vars)
{
	const char *p = line;

	while ((p = strstr(p, "{{")) != NULL && p < line + len)
		if (variable(vars, p, &p) == NULL)
			return false;
	return true;
}

void
template_fill(struct buf *out, const char *text, const json_t *vars)
{
	for (const char *line = text, *next; *line != '\0'; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		if (!complete(line, len, vars))
			continue;
		while (line < next) {
			if (strncmp(line, "{{", 2) == 0)
				add_value(out, variable(vars, line, &line));
			else
				buf_ch(out, *line++);
		}
	}
}

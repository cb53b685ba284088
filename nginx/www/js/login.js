// SPDX-License-Identifier: GPL-3.0-or-later
// The form stands in the page; this sends it and says what went wrong.
import {$} from './dom.js';
import {get, post, Problem} from './api.js';
import {onSubmit} from './ui.js';
import {forget, probablyHere, remember, tellTabs} from './shell.js';
import common from './strings/common.js';
import words from './strings/login.js';

const form = $('#login');
const query = new URLSearchParams(location.search);

// Only an address of this site: never somebody else's page.
function nextPage() {
	try {
		const url = new URL(query.get('next') ?? '/contacts', location.origin);
		return url.origin === location.origin &&
			!url.pathname.startsWith('/login') &&
			!url.pathname.startsWith('/v1/')
			? url.pathname + url.search
			: '/contacts';
	} catch {
		return '/contacts';
	}
}

form.elements.email.dataset.missing = words.emailMissing;
form.elements.password.dataset.missing = words.passwordMissing;
$('#show').addEventListener('change', (event) => {
	form.elements.password.type = event.target.checked ? 'text' : 'password';
});
if (query.get('workspace')) {
	form.elements.workspace.value = query.get('workspace');
	$('details', form).open = true;
}

onSubmit(
	form,
	async ({email, password, workspace}) => {
		const body = {email: email.trim(), password};
		if (workspace.trim()) body.workspace = workspace.trim().toLowerCase();
		const {data} = await post('/v1/auth/login', body, {open: true});
		if (data.mfa_required) throw new Problem({detail: words.unsupported}, 200);
		remember(data);
		tellTabs(data);
		location.replace(nextPage());
	},
	(error) => {
		if (error.slug === 'wrong-credentials') error.message = common.wrong;
		else if (error.slug === 'workspace-suspended') error.message = words.suspended;
		else if (error.status === 429)
			[error.message, error.retryAfter] = [
				common.tooMany(error.retryAfter || error.body.retry_after || 60),
				0,
			];
		return false;
	}
);

// Somebody who is logged in already goes on.
if (probablyHere())
	get('/v1/auth/session', undefined, {open: true}).then(({data}) => {
		remember(data);
		location.replace(nextPage());
	}, forget);

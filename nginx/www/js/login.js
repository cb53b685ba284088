// SPDX-License-Identifier: GPL-3.0-or-later
// The form stands in the page; this sends it and says what went wrong.
import {h, $} from './dom.js';
import {get, post} from './api.js';
import {onSubmit, showErrors} from './ui.js';
import {forget, nextPage, probablyHere, remember, tellTabs} from './shell.js';
import common from './strings/common.js';
import words from './strings/login.js';

const form = $('#login');
const query = new URLSearchParams(location.search);

form.elements.email.dataset.missing = words.emailMissing;
form.elements.password.dataset.missing = words.passwordMissing;
$('#show').addEventListener('change', (event) => {
	form.elements.password.type = event.target.checked ? 'text' : 'password';
});
if (query.get('workspace')) {
	form.elements.workspace.value = query.get('workspace');
	$('details', form).open = true;
}

function go(data) {
	remember(data);
	tellTabs(data);
	location.replace(nextPage());
}

// The password was right: the form makes room for the code, and comes back when the login has to begin again.
async function askCode(challenge) {
	const {secondStep} = await import('./second-step.js');
	const back = () => {
		step.remove();
		form.elements.password.value = '';
		form.hidden = false;
		form.elements.password.focus();
	};
	const step = secondStep(challenge, {
		className: form.className,
		heading: h('h1', {tabindex: -1}, words.stepTitle),
		back: h('button', {type: 'button', class: 'button', onclick: back}, words.back),
		done: go,
		ended: (error) => {
			back();
			showErrors(form, error);
		},
	});
	form.hidden = true;
	form.after(step);
	step.elements.code.focus();
}

// What the page before has to say, such as that the password was set.
const message = sessionStorage.getItem('pact.message');
if (message && !probablyHere()) {
	sessionStorage.removeItem('pact.message');
	$('h1', form).after(h('p', {class: 'banner confirmed', role: 'status'}, message));
}
form.elements.email.value ||= sessionStorage.getItem('pact.email') ?? '';
sessionStorage.removeItem('pact.email');
if (form.elements.email.value) form.elements.password.focus();
$('#forgot').addEventListener('click', () =>
	sessionStorage.setItem('pact.email', form.elements.email.value.trim())
);

onSubmit(
	form,
	async ({email, password, workspace}) => {
		const body = {email: email.trim(), password};
		if (workspace.trim()) body.workspace = workspace.trim().toLowerCase();
		const {data} = await post('/v1/auth/login', body, {open: true});
		if (data.mfa_required) await askCode(data.challenge);
		else go(data);
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

// SPDX-License-Identifier: GPL-3.0-or-later
// Logging in: the address first, then the ways in that it has. The form stands in the page; this sends it and says what
// went wrong.
import {h, icon, fill, $} from './dom.js';
import {get, post} from './api.js';
import {announce, onSubmit, showErrors} from './ui.js';
import {forget, nextPage, probablyHere, remember, tellTabs} from './shell.js';
import common from './strings/common.js';
import words from './strings/login.js';

const form = $('#login');
const ways = $('#ways');
const secret = $('#secret');
const button = $('[type="submit"]', form);
const {email, password, workspace} = form.elements;
const query = new URLSearchParams(location.search);
let breakGlass = false;

email.dataset.missing = words.emailMissing;
password.dataset.missing = common.passwordMissing;
$('#show').addEventListener('change', (event) => {
	password.type = event.target.checked ? 'text' : 'password';
});
if (query.get('workspace')) {
	workspace.value = query.get('workspace');
	$('details', form).open = true;
}

function go(data) {
	remember(data);
	tellTabs(data);
	location.replace(nextPage());
}

// ── the two steps ───────────────────────────────────────────────────────────────────────────────────────────────
// Back to the first one, as soon as somebody types another address or workspace.
function askAddress() {
	secret.hidden = secret.disabled = ways.hidden = true;
	breakGlass = false;
	$('#forgotten').hidden = false;
	button.hidden = false;
	button.textContent = words.next;
}
for (const input of [email, workspace])
	input.addEventListener('input', () => (ways.hidden && secret.hidden) || askAddress());

function askPassword() {
	secret.hidden = secret.disabled = button.hidden = false;
	$('#forgotten').hidden = breakGlass;
	button.textContent = words.logIn;
	password.focus();
}

const wayUrl = (url) => `${url}?return_to=${encodeURIComponent(nextPage())}`;
const link = (text, onclick) => h('button', {type: 'button', class: 'link', onclick}, text);

// What the workspaces of this address offer. Where a password may do as well, it is asked for below.
function showWays({sso, password: mayType}) {
	fill(
		ways,
		sso.map((way) =>
			h(
				'div',
				{class: 'stack-s'},
				h('a', {class: 'button primary', href: wayUrl(way.url)}, common.goOn(way.name)),
				h('p', {class: 'help'}, words.into(way.workspace.name))
			)
		),
		sso.length > 0 && mayType && h('p', {class: 'soft small'}, words.or),
		sso.length > 0 &&
			!mayType &&
			h(
				'p',
				{},
				link(words.typeInstead, (event) => {
					event.target.closest('p').remove();
					askPassword();
				})
			)
	);
	ways.hidden = sso.length === 0;
	if (mayType) {
		askPassword();
		return;
	}
	button.hidden = $('#forgotten').hidden = true;
	announce(words.into(sso[0].workspace.name));
	$('a', ways).focus();
}

async function discover() {
	const slug = workspace.value.trim().toLowerCase();
	const {data} = await get('/v1/auth/discover', slug ? {workspace: slug} : {email: email.value.trim()}, {open: true});
	const [only] = data.sso;
	// one way, and no other: whoever pressed the button is on it, unless it has just failed them
	if (data.sso.length === 1 && !data.password && !query.get('problem')) location.assign(wayUrl(only.url));
	showWays(data);
}

// The workspace takes no passwords. An owner can come in all the same when the provider does not answer.
function required(url) {
	askAddress();
	button.hidden = $('#forgotten').hidden = true;
	fill(
		ways,
		h('p', {class: 'banner', role: 'alert', tabindex: -1}, icon('info'), h('span', {class: 'text'}, words.required)),
		url && h('a', {class: 'button primary', href: wayUrl(url)}, common.goOn(words.provider)),
		h(
			'details',
			{},
			h('summary', {class: 'soft small'}, words.glass),
			h('p', {class: 'help'}, words.glassText),
			h(
				'button',
				{
					type: 'button',
					class: 'button',
					onclick: () => {
						breakGlass = true;
						askPassword();
					},
				},
				words.glassDo
			)
		)
	);
	ways.hidden = false;
	$('.banner', ways).focus();
}

// The password was right: the form makes room for the code, and comes back when the login has to begin again.
async function askCode(challenge) {
	const {secondStep} = await import('./second-step.js');
	const back = () => {
		step.remove();
		password.value = '';
		form.hidden = false;
		password.focus();
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

// ── what the page before has to say ─────────────────────────────────────────────────────────────────────────────
const message = sessionStorage.getItem('pact.message');
if (message && !probablyHere()) {
	sessionStorage.removeItem('pact.message');
	$('h1', form).after(h('p', {class: 'banner confirmed', role: 'status'}, message));
}
if (words.problems[query.get('problem')])
	$('h1', form).after(
		h(
			'div',
			{class: 'summary', role: 'alert', tabindex: -1},
			h('p', {}, words.problems[query.get('problem')]),
			/^[0-9a-f]{32}$/.test(query.get('instance')) && h('p', {class: 'small wrap plain'}, words.reference(query.get('instance')))
		)
	);
const known = sessionStorage.getItem('pact.email');
sessionStorage.removeItem('pact.email');
if (known) {
	email.value = known;
	askPassword();
}
$('#forgot').addEventListener('click', () => sessionStorage.setItem('pact.email', email.value.trim()));

onSubmit(
	form,
	async (typed) => {
		if (secret.hidden) {
			await discover();
			return;
		}
		const body = {email: typed.email.trim(), password: typed.password};
		if (typed.workspace.trim()) body.workspace = typed.workspace.trim().toLowerCase();
		if (breakGlass) body.break_glass = true;
		const {data} = await post('/v1/auth/login', body, {open: true});
		if (data.mfa_required) await askCode(data.challenge);
		else go(data);
	},
	(error) => {
		if (error.slug === 'sso-required' && !breakGlass) {
			required(error.body.login_url);
			return true;
		}
		if (error.slug === 'wrong-credentials') error.message = common.wrong;
		else if (error.slug === 'sso-required') error.message = words.glassNot;
		else if (error.slug === 'workspace-suspended') error.message = words.suspended;
		else if (error.status === 429)
			[error.message, error.retryAfter] = [
				common.tooMany(error.retryAfter || error.body.retry_after || 60),
				0,
			];
		return false;
	}
);

// pressed before this stood here, it would have sent the form itself
button.disabled = false;

// Somebody who is logged in already goes on.
if (probablyHere())
	get('/v1/auth/session', undefined, {open: true}).then(
		({data}) => {
			remember(data);
			location.replace(nextPage());
		},
		() => {
			forget();
			sentHere();
		}
	);
else sentHere();
// who is sent here from a workspace sees its ways at once
function sentHere() {
	const slug = query.get('workspace');
	if (slug)
		get('/v1/auth/discover', {workspace: slug}, {open: true}).then(
			({data}) => ways.hidden && workspace.value === slug && data.sso.length && showOnly(data),
			() => {}
		);
}
// its provider, above an address that may still be typed. Who comes from there without having asked is not logged in by that
// alone: any page could send somebody so, into a workspace that is not theirs.
function showOnly(data) {
	const proved = query.get('proved');
	const asks = /^[0-9a-f-]{36}$/.test(proved);
	fill(
		ways,
		asks && h('p', {class: 'banner', role: 'alert', tabindex: -1}, icon('info'), h('span', {class: 'text'}, words.sent(data.sso[0].workspace.name))),
		data.sso.map((way) =>
			h(
				'a',
				{
					class: 'button',
					href: asks ? `/v1/auth/sso/${way.workspace.slug}/finish?login=${proved}` : wayUrl(way.url),
				},
				common.goOn(way.name)
			)
		)
	);
	ways.hidden = false;
	if (asks) $('.banner', ways).focus();
}

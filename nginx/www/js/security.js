// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Two-factor authentication: one's own, and what the workspace asks of everybody. Whoever lacks the second
// factor that the workspace asks for comes here first, whatever page they opened, and goes on there afterwards.
import {h, icon, fill, $} from './dom.js';
import {get, patch} from './api.js';
import {logOut, may, nextPage, session, sessionAgain} from './shell.js';
import {checkField, failure, loading, onSubmit, toast} from './ui.js';
import {twoFactor} from './two-factor.js';
import common from './strings/common.js';
import words from './strings/security.js';

const main = $('main');
let who = await session();
const forced = who.mfa_missing;
const own = h('section', {class: 'panel pad stack'});
const all = h('section', {class: 'panel pad stack', hidden: true});

async function changed(on) {
	who = await sessionAgain();
	if (who.mfa_missing !== forced) {
		if (on) sessionStorage.setItem('pact.message', words.done);
		location.replace(forced ? nextPage() : location.pathname);
		return;
	}
	if (on) toast(words.done);
	await drawOwn();
	$('h2', own)?.focus();
	await drawAll();
}

async function drawOwn() {
	if (!own.childElementCount) fill(own, loading());
	try {
		if (forced && (await get('/v1/auth/totp')).data.enabled) {
			elsewhere();
			return;
		}
		await twoFactor(own, who, {begin: forced, changed});
	} catch (error) {
		if (forced && error.status === 409) elsewhere();
		else fill(own, failure(error, drawOwn));
	}
}

function elsewhere() {
	fill(
		own,
		h('p', {class: 'banner pending'}, icon('info'), h('span', {class: 'text'}, words.forcedElsewhere)),
		h(
			'div',
			{class: 'form-foot'},
			h('button', {type: 'button', class: 'button primary', onclick: logOut}, common.logOut)
		)
	);
}

async function drawAll() {
	if (forced || !may(who, 'settings.read')) return;
	all.hidden = false;
	let settings;
	try {
		settings = await get('/v1/settings/security');
	} catch (error) {
		fill(all, h('h2', {}, words.everybody), failure(error, drawAll));
		return;
	}
	const {data} = settings;
	const writable = may(who, 'settings.write');
	const form = h(
		'form',
		{class: 'stack'},
		h('h2', {tabindex: -1}, words.everybody),
		h('p', {id: 'have'}, words.have(data.users - data.users_without_mfa, data.users)),
		checkField({
			name: 'require_mfa',
			label: words.require,
			help: words.requireHelp,
			checked: data.require_mfa,
			disabled: !writable,
		}),
		writable
			? h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button primary'}, words.save))
			: h('p', {class: 'help'}, words.readonly)
	);
	const redraw = async (message) => {
		toast(message);
		await drawAll();
		$('h2', all).focus();
	};
	onSubmit(
		form,
		async () => {
			const wanted = form.elements.require_mfa.checked;
			await patch('/v1/settings/security', {require_mfa: wanted}, settings.etag);
			await redraw(words.saved[wanted]);
			await drawOwn();
		},
		async (error) => {
			if (error.status !== 412) return false;
			await redraw(words.meanwhile);
			return true;
		}
	);
	fill(all, form);
}

fill(
	main,
	h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, words.title)),
	h(
		'div',
		{class: 'stack settings-form'},
		forced &&
			h(
				'p',
				{class: 'banner pending', id: 'forced'},
				icon('info'),
				h('span', {class: 'text'}, words.forced(who.workspace.name))
			),
		own,
		all
	)
);
await drawOwn();
await drawAll();

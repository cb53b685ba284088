// SPDX-License-Identifier: GPL-3.0-or-later
// /reset#… and /invited#…: what stands behind the # of a mail's link is read once, taken out of the address bar, and
// sent in a body alone, so that no log, history or Referer holds it.
import {h, fill, $} from './dom.js';
import {post} from './api.js';
import {failure, field, loading, onSubmit, uid} from './ui.js';
import {forget} from './shell.js';
import common from './strings/common.js';
import words from './strings/recover.js';

const place = $('#place');
const {purpose} = place.dataset;
const FEWEST = 10;
const MOST = 256;

function takeToken() {
	const found = location.hash.slice(1);
	if (found) history.replaceState(null, '', location.pathname);
	return found;
}
let token = takeToken();

function say(title, ...content) {
	fill(place, h('h1', {tabindex: -1}, title), content);
	$('h1', place).focus();
}

function ended() {
	say(
		words.endedTitle,
		h('p', {}, words.ended[purpose]),
		purpose === 'reset'
			? h('a', {class: 'button primary', href: '/forgot'}, words.again)
			: h('p', {}, h('a', {href: '/login'}, words.endedLogin))
	);
}

function draw(link) {
	const text = words[purpose];
	const workspace = link.workspace.name;
	const title = purpose === 'invite' ? text.title(workspace) : text.title;
	const password = field({
		name: 'password',
		label: words.password,
		type: 'password',
		autocomplete: 'new-password',
		required: true,
		maxlength: 1024,
		help: words.passwordHelp,
		'data-missing': words.passwordShort,
	});
	const id = uid('show');
	const form = h(
		'form',
		{class: 'stack'},
		h('h1', {tabindex: -1}, title),
		h('p', {}, purpose === 'invite' ? text.lead : text.lead(workspace)),
		field({
			name: 'email',
			label: words.email,
			type: 'email',
			value: link.email,
			readonly: true,
			autocomplete: 'username',
		}),
		purpose === 'invite' &&
			field({
				name: 'name',
				label: text.name,
				value: link.name,
				maxlength: 200,
				autocomplete: 'name',
				help: text.nameHelp,
			}),
		password,
		h(
			'label',
			{class: 'check', for: id},
			h('input', {
				type: 'checkbox',
				id,
				onchange: (event) => {
					form.elements.password.type = event.target.checked ? 'text' : 'password';
				},
			}),
			words.show
		),
		h('button', {type: 'submit', class: 'button primary'}, text.submit)
	);
	onSubmit(
		form,
		async (typed) => {
			const short = [...typed.password].length < FEWEST;
			if (short || new TextEncoder().encode(typed.password).length > MOST)
				throw {
					errors: [{pointer: '/password', detail: short ? words.passwordShort : words.passwordLong}],
				};
			const body = {token, password: typed.password};
			if (purpose === 'invite' && typed.name.trim()) body.name = typed.name.trim();
			await post(purpose === 'invite' ? '/v1/auth/invitation' : '/v1/auth/password/reset', body, {
				open: true,
			});
			forget(); // whoever was logged in here before
			sessionStorage.setItem('pact.message', purpose === 'invite' ? text.done(workspace) : text.done);
			sessionStorage.setItem('pact.email', link.email);
			location.replace(`/login?workspace=${encodeURIComponent(link.workspace.slug)}`);
		},
		(error) => {
			if (error.slug === 'link-ended') ended();
			return error.slug === 'link-ended';
		}
	);
	document.title = `${title} · ${common.product}`;
	fill(place, form);
	form.elements[purpose === 'invite' ? 'name' : 'password'].focus();
}

async function look() {
	if (!token) {
		say(words.noneTitle, h('p', {}, words.none), h('p', {}, h('a', {href: '/login'}, words.toLogin)));
		return;
	}
	const title = $('h1', place);
	fill(place, title, loading());
	try {
		const {data} = await post('/v1/auth/link', {token}, {open: true});
		if (data.purpose === purpose) draw(data);
		else ended();
	} catch (error) {
		if (error.slug === 'link-ended') ended();
		else fill(place, title, failure(error, look));
	}
}
// the link of another mail, opened in the same tab
addEventListener('hashchange', () => {
	const next = takeToken();
	if (!next) return;
	token = next;
	look();
});
await look();

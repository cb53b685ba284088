// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → API keys: which there are, whom they act for, and when they were last used. A key is shown once.
import {h, icon, fill, $} from './dom.js';
import {get} from './api.js';
import {session, may} from './shell.js';
import {settingsPage} from './settings-page.js';
import {announce, moreLink} from './ui.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/api-keys.js';

const who = await session();
const writable = may(who, 'key.write');
const body = h('div', {class: 'stack'});
let keys = [];
let next = null;

const first = new URLSearchParams(location.search).get('after');

async function load(after, before = keys) {
	const {data} = await get('/v1/api-keys', {limit: 100, after});
	keys = [...before, ...data.items];
	next = data.next;
}
// What is shown, as it is now; as much of it as there was, and as far as the key that was just made.
async function again(made) {
	const most = keys.length;
	await load(first, []);
	while (next && (keys.length < most || (made && keys.every((one) => one.public_id !== made)))) await load(next);
	draw();
}
const open = async (action, one) => (await import('./api-keys-dialog.js'))[action](who, one, again);

function ends({expires_at: at}) {
	if (!at) return h('span', {class: 'soft'}, words.forever);
	return new Date(at) > new Date() ? time(at, 'short') : h('span', {class: 'bad'}, words.ended(time(at, 'short')));
}

function row(one) {
	const {columns} = words;
	return h(
		'tr',
		{'data-id': one.public_id},
		h(
			'td',
			{class: 'main wrap'},
			h('strong', {}, one.name),
			h('div', {class: 'small soft'}, words.begins(one.starts_with))
		),
		h('td', {'data-label': columns.roles}, words.rolesList(one.roles)),
		h('td', {class: 'wrap', 'data-label': columns.user}, one.user.name || one.user.email),
		h(
			'td',
			{class: 'nowrap soft', 'data-label': columns.used},
			one.last_used_at ? time(one.last_used_at) : words.never
		),
		h('td', {class: 'nowrap', 'data-label': columns.expires}, ends(one)),
		writable &&
			h(
				'td',
				{class: 'end'},
				h(
					'button',
					{
						type: 'button',
						class: 'button slim danger',
						'aria-label': words.revokeLabel(one.name),
						onclick: () => open('revokeKey', one),
					},
					words.revoke
				)
			)
	);
}

function table() {
	const {columns} = words;
	return h(
		'div',
		{class: 'table-box'},
		h(
			'table',
			{class: 'table stack-narrow', id: 'keys'},
			h('caption', {class: 'visually-hidden'}, words.caption),
			h(
				'thead',
				{},
				h(
					'tr',
					{},
					['name', 'roles', 'user', 'used', 'expires'].map((name) => h('th', {scope: 'col'}, columns[name])),
					writable && h('th', {scope: 'col'}, h('span', {class: 'visually-hidden'}, columns.revoke))
				)
			),
			h('tbody', {}, keys.map(row))
		),
		next &&
			h(
				'div',
				{class: 'table-foot'},
				moreLink(next, async (after) => {
					const before = keys.length;
					await load(after);
					draw();
					$('#keys tbody').rows[before]?.querySelector('button')?.focus();
					announce(common.moreLoaded(keys.length - before, keys.length));
				})
			)
	);
}

function draw() {
	fill(
		body,
		h('p', {class: 'soft'}, words.lead),
		keys.length
			? table()
			: h('div', {class: 'panel empty'}, icon('settings', 'large'), h('p', {}, words.empty))
	);
}

await settingsPage({
	title: words.title,
	allowed: may(who, 'user.read'),
	body,
	read: async () => {
		await load(first, []);
		draw();
	},
	action:
		writable &&
		h(
			'button',
			{type: 'button', class: 'button primary', id: 'add', onclick: () => open('addKey')},
			words.add
		),
});

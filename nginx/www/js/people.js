// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → People: who works here, with which roles, and how well their door is locked.
import {h, icon, fill, $} from './dom.js';
import {get} from './api.js';
import {session, may} from './shell.js';
import {settingsPage} from './settings-page.js';
import {announce, moreLink} from './ui.js';
import {number, time} from './text.js';
import common from './strings/common.js';
import words from './strings/people.js';

const LOOKS = {active: 'confirmed', invited: 'pending', suspended: 'declined'};
const who = await session();
const writable = may(who, 'user.write');
const body = h('div', {class: 'stack'});
const answer = h('p', {class: 'soft', id: 'answer'});
let people = [];
let next = null;

const status = (name) => h('span', {class: `consent ${LOOKS[name]}`}, icon(LOOKS[name]), words.status[name]);

const nameOf = (one) => one.name || one.email;

const first = new URLSearchParams(location.search).get('after');

async function load(after, before = people) {
	const {data} = await get('/v1/users', {limit: 100, after});
	people = [...before, ...data.items];
	next = data.next;
}

// What is shown, as it is now; as much of it as there was.
async function again() {
	const most = people.length;
	await load(first, []);
	while (next && people.length < most) await load(next);
	draw();
}

// The focus comes back to the row, or to the one in the place of a row that is gone.
async function openDialog(one) {
	const {changePerson} = await import('./people-dialog.js');
	const at = people.indexOf(one);
	await changePerson(one, who, async () => {
		await again();
		const {rows} = $('#people tbody', body);
		const row = $(`[data-id="${one.public_id}"]`, body) ?? rows[Math.min(at, rows.length - 1)];
		row?.querySelector('button').focus();
	});
}

function row(one) {
	const mine = one.public_id === who.user.public_id;
	return h(
		'tr',
		{'data-id': one.public_id},
		h(
			'td',
			{class: 'main wrap'},
			h('strong', {}, nameOf(one)),
			mine && h('span', {class: 'soft'}, ` (${words.you})`),
			one.name && h('div', {class: 'small soft'}, one.email)
		),
		h('td', {'data-label': words.columns.roles}, words.rolesList(one.roles)),
		h('td', {class: 'nowrap', 'data-label': words.columns.status}, status(one.status)),
		h(
			'td',
			{class: 'nowrap', 'data-label': words.columns.mfa},
			h(
				'span',
				{class: `mark ${one.mfa ? 'good' : 'soft'}`},
				one.mfa && icon('confirmed'),
				words.mfa[one.mfa]
			)
		),
		h(
			'td',
			{class: 'nowrap soft', 'data-label': words.columns.login},
			one.last_login_at ? time(one.last_login_at) : words.never
		),
		writable &&
			h(
				'td',
				{class: 'end'},
				h(
					'button',
					{
						type: 'button',
						class: 'button slim',
						'aria-label': words.changeLabel(nameOf(one)),
						onclick: () => openDialog(one),
					},
					words.change
				)
			)
	);
}

function draw() {
	const {columns} = words;
	const invited = people.filter((one) => one.status === 'invited').length;
	const without = people.filter((one) => one.status === 'active' && !one.mfa).length;
	answer.textContent = words.answer(people.length, next, invited, without);
	fill(
		body,
		answer,
		h(
			'div',
			{class: 'table-box'},
			h(
				'table',
				{class: 'table stack-narrow', id: 'people'},
				h('caption', {class: 'visually-hidden'}, words.caption),
				h(
					'thead',
					{},
					h(
						'tr',
						{},
						['name', 'roles', 'status', 'mfa', 'login'].map((name) =>
							h('th', {scope: 'col'}, columns[name])
						),
						writable && h('th', {scope: 'col'}, h('span', {class: 'visually-hidden'}, columns.change))
					)
				),
				h('tbody', {}, people.map(row))
			),
			next &&
				h(
					'div',
					{class: 'table-foot'},
					moreLink(next, async (after) => {
						const before = people.length;
						await load(after);
						draw();
						$('#people tbody').rows[before]?.querySelector('button')?.focus();
						announce(common.moreLoaded(people.length - before, people.length));
					}),
					h('span', {}, number(people.length))
				)
		),
		people.length === 1 && writable && h('p', {class: 'help'}, words.onlyYou)
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
			{
				type: 'button',
				class: 'button primary',
				id: 'invite',
				onclick: async () => (await import('./people-dialog.js')).invitePerson(who, again),
			},
			words.invite
		),
});

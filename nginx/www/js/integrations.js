// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Integrations: other systems and what they are opened with. The server says which members a kind has; a
// credential is typed in and never comes back.
import {h, icon, fill, $} from './dom.js';
import {get} from './api.js';
import {session, may} from './shell.js';
import {settingsPage} from './settings-page.js';
import {time} from './text.js';
import words from './strings/integrations.js';

const who = await session();
const writable = may(who, 'integration.write');
const body = h('div', {class: 'stack'});
let kinds = [];

const label = (name) => words.members[name] ?? name;
const day = (iso) => time(iso, 'date');

async function open(action, one) {
	const dialogs = await import('./integrations-dialog.js');
	await dialogs[action](kinds, one, async () => {
		await again();
		(one && $(`[data-id="${one.public_id}"] button`, body))?.focus();
	});
}

function credential(one, {name}) {
	const there = one.credentials.find((each) => each.name === name);
	return h(
		'div',
		{'data-credential': name},
		h('dt', {}, label(name)),
		h(
			'dd',
			{},
			there
				? h(
						'span',
						{},
						h('span', {class: 'mark good'}, icon('confirmed')),
						' ',
						there.rotated_at
							? words.rotated(day(there.set_at), day(there.rotated_at))
							: words.set(day(there.set_at))
					)
				: h('span', {class: 'soft'}, words.notSet)
		)
	);
}

function card(one) {
	const kind = kinds.find((each) => each.kind === one.kind) ?? {settings: [], credentials: []};
	return h(
		'section',
		{class: 'panel pad stack', 'data-id': one.public_id, 'aria-label': one.name},
		h(
			'div',
			{class: 'row'},
			h('h2', {class: 'wrap'}, one.name),
			h('span', {class: 'soft small grow'}, words.kinds[one.kind] ?? one.kind),
			writable &&
				h(
					'div',
					{class: 'row'},
					h(
						'button',
						{
							type: 'button',
							class: 'button slim',
							'aria-label': words.changeLabel(one.name),
							onclick: () => open('changeIntegration', one),
						},
						words.change
					),
					h(
						'button',
						{
							type: 'button',
							class: 'button slim danger',
							'aria-label': words.removeLabel(one.name),
							onclick: () => open('removeIntegration', one),
						},
						words.remove
					)
				)
		),
		h(
			'dl',
			{class: 'facts fields'},
			kind.settings
				.filter(({name}) => one.settings[name] !== undefined)
				.map(({name}) =>
					h(
						'div',
						{},
						h('dt', {}, label(name)),
						h('dd', {class: 'wrap'}, words.choices[one.settings[name]] ?? String(one.settings[name]))
					)
				),
			kind.credentials.map((member) => credential(one, member))
		)
	);
}

async function again() {
	const [list, all] = await Promise.all([
		get('/v1/settings/integrations', {limit: 200}),
		kinds.length ? null : get('/v1/settings/integrations/kinds'),
	]);
	if (all) kinds = all.data.items;
	fill(
		body,
		h('p', {class: 'soft'}, words.lead),
		!writable && h('p', {class: 'help'}, words.readonly),
		list.data.items.length
			? list.data.items.map(card)
			: h('div', {class: 'panel empty'}, icon('settings', 'large'), h('p', {}, words.empty))
	);
}

await settingsPage({
	title: words.title,
	allowed: may(who, 'settings.read'),
	body,
	read: again,
	action:
		writable &&
		h(
			'button',
			{type: 'button', class: 'button primary', id: 'add', onclick: () => open('addIntegration')},
			words.add
		),
});

// SPDX-License-Identifier: GPL-3.0-or-later
// The filters of the list of contacts: a chip for each that is on, with a cross, and the menu that adds one.
import {h, icon, $} from './dom.js';
import {get} from './api.js';
import {accountControl, menu, uid} from './ui.js';
import {badge, STATUSES} from './consent.js';
import common from './strings/common.js';
import words from './strings/contacts.js';

// `filters`: name → value of those that are on; `remove(name)` takes one away.
export function filterChips(filters, remove) {
	const chips = [];
	for (const [name, chosen] of Object.entries(filters)) {
		if (name === 'q') continue;
		const value = h('span', {}, h('strong', {}, words.chip[name]), name === 'archived' ? '' : words.is);
		chips.push(
			h(
				'span',
				{class: 'chip', 'data-filter': name},
				value,
				h(
					'button',
					{
						type: 'button',
						class: 'x',
						'aria-label': words.removeFilter(words.chip[name]),
						onclick: () => {
							remove(name);
							$('.chips .menu button')?.focus();
						},
					},
					icon('close')
				)
			)
		);
		if (name === 'account_id')
			get(`/v1/accounts/${chosen}`).then(
				({data}) => value.append(data.name),
				() => value.append('…')
			);
		else if (name !== 'archived')
			value.append(name === 'consent_status' ? (common.consent[chosen] ?? chosen).toLowerCase() : chosen);
	}
	return chips;
}

// `set(name, value)` adds a filter.
export function filterMenu(set) {
	const id = uid('tag');
	const tag = h('input', {type: 'text', maxlength: 60, id, autocomplete: 'off'});
	const account = accountControl(async (q) => (await get('/v1/accounts', {q, limit: 20})).data.items);
	account.input.id = uid('account');
	return menu(
		words.filter,
		[
			h('p', {class: 'group'}, words.filterConsent),
			STATUSES.map((status) =>
				h(
					'button',
					{type: 'button', class: 'item', onclick: () => set('consent_status', status)},
					badge(status)
				)
			),
			h(
				'form',
				{
					onsubmit: (event) => {
						event.preventDefault();
						if (tag.value.trim()) set('tag', tag.value.trim());
					},
				},
				h('label', {class: 'group', for: id}, words.filterTag),
				h('div', {class: 'row'}, tag, h('button', {class: 'button slim', type: 'submit'}, words.apply))
			),
			h(
				'form',
				{
					onsubmit: (event) => {
						event.preventDefault();
						const {account: chosen} = account.chosen();
						if (chosen) set('account_id', chosen.public_id);
					},
				},
				h('label', {class: 'group', for: account.input.id}, words.filterAccount),
				h(
					'div',
					{class: 'row'},
					account.input,
					h('button', {class: 'button slim', type: 'submit'}, words.apply)
				),
				account.options
			),
			h('button', {type: 'button', class: 'item', onclick: () => set('archived', 'true')}, words.archived),
		],
		{className: 'button dashed', start: true, name: words.filterName}
	);
}

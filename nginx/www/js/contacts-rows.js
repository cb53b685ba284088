// SPDX-License-Identifier: GPL-3.0-or-later
// A row of the list of contacts, and what stands there when there is none.
import {h, icon} from './dom.js';
import {may} from './shell.js';
import {badge, why} from './consent.js';
import {time} from './text.js';
import words from './strings/contacts.js';

export const nameOf = (contact) => [contact.first_name, contact.last_name].filter(Boolean).join(' ');

// `onpick`: there is a box to tick, and this is called with the press.
export function contactRow(contact, onpick) {
	const name = nameOf(contact);
	const shownName = name || contact.email || words.noName;
	return h(
		'tr',
		{'data-id': contact.public_id},
		onpick &&
			h(
				'td',
				{class: 'pick'},
				h(
					'label',
					{},
					h('span', {class: 'visually-hidden'}, words.select(shownName)),
					h('input', {type: 'checkbox', onclick: onpick})
				)
			),
		h(
			'td',
			{class: 'main cut'},
			h(
				'a',
				{href: `/contact?id=${contact.public_id}`},
				name || h('span', {class: 'soft'}, contact.email ?? words.noName)
			),
			h('span', {class: 'under'}, contact.email ?? words.noAddress)
		),
		h(
			'td',
			{class: 'opt cut soft', title: contact.email},
			contact.email ?? h('span', {class: 'small'}, words.noAddress)
		),
		h(
			'td',
			{class: 'opt cut'},
			contact.account
				? h('a', {class: 'plain', href: `/account?id=${contact.account.public_id}`}, contact.account.name)
				: ''
		),
		h('td', {class: 'nowrap'}, badge(contact.consent_status)),
		h('td', {class: 'opt2 cut soft', title: why(contact)}, why(contact)),
		h('td', {class: 'opt2 nowrap soft'}, time(contact.created_at))
	);
}

// What stands there instead of a table. `filters`: names of those that are on; `create` adds a contact.
export function emptyContacts(filters, who, create) {
	if (filters.length === 1 && filters[0] === 'archived')
		return h(
			'div',
			{class: 'empty'},
			icon('archived', 'large'),
			h('p', {}, words.emptyArchived),
			h('a', {class: 'button', href: '/contacts'}, words.clearFilters)
		);
	if (filters.length)
		return h(
			'div',
			{class: 'empty'},
			h('p', {}, words.nothing),
			h('a', {class: 'button', href: '/contacts'}, words.clearFilters)
		);
	return h(
		'div',
		{class: 'empty'},
		icon('contacts', 'large'),
		h('h2', {}, words.emptyTitle),
		h('p', {}, words.empty),
		h(
			'div',
			{class: 'row'},
			may(who, 'contact.import') && h('a', {class: 'button primary', href: '/import'}, words.emptyImport),
			may(who, 'contact.write') &&
				h('button', {type: 'button', class: 'button', onclick: create}, words.emptyAdd)
		)
	);
}

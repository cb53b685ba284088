// SPDX-License-Identifier: GPL-3.0-or-later
// One account: its fields, the contacts that belong to it with their consent, its activities.
import {h, fill, $} from './dom.js';
import {del, get} from './api.js';
import {session, may} from './shell.js';
import {cancelButton, dialog, failure, loading, moreLink, onSubmit, tabs} from './ui.js';
import {badge, why} from './consent.js';
import {Thing, editable} from './inplace.js';
import {Timeline} from './timeline.js';
import {newContactDialog} from './contact-new.js';
import {time} from './text.js';
import common from './strings/common.js';
import contactWords from './strings/contacts.js';
import words from './strings/accounts.js';

const main = $('main');
const id = new URLSearchParams(location.search).get('id') ?? '';
const path = `/v1/accounts/${encodeURIComponent(id)}`;
const head = h('div', {class: 'page-head'});
const body = h('tbody');
const foot = h('div', {class: 'table-foot'});
const people = h('div');
let who;
let account;

async function start() {
	fill(main, loading());
	who = await session();
	try {
		account = new Thing(path, await get(path));
	} catch (error) {
		fill(
			main,
			error.status === 404 || error.status === 400 || !id
				? h(
						'div',
						{class: 'empty'},
						h('h1', {}, words.missing),
						h('a', {class: 'button', href: '/accounts'}, words.toList)
					)
				: failure(error, start)
		);
		return;
	}
	const timeline = new Timeline({
		owner: {account_id: id},
		path: '/v1/activities',
		query: {account_id: id},
		write: may(who, 'activity.write'),
	});
	const {element} = tabs(words.tabsLabel, [
		['contacts', words.tabs.contacts, people],
		['activities', words.tabs.activities, timeline.element],
	]);
	fill(
		main,
		head,
		h(
			'div',
			{class: 'two'},
			h('section', {class: 'panel pad', 'aria-label': words.fieldsTitle}, facts()),
			h('section', {class: 'panel', 'aria-label': words.tabsLabel}, element)
		)
	);
	drawHead();
	account.addEventListener('change', drawHead);
	await Promise.all([loadPeople(), timeline.load()]);
}

function drawHead() {
	document.title = `${account.data.name} · ${common.product}`;
	fill(
		head,
		h('h1', {tabindex: -1}, account.data.name),
		h(
			'div',
			{class: 'actions'},
			may(who, 'contact.write') &&
				h(
					'button',
					{type: 'button', class: 'button', onclick: () => newContactDialog({account: account.data})},
					words.addContact
				),
			may(who, 'account.write') &&
				h('button', {type: 'button', class: 'button danger', onclick: remove}, words.delete)
		)
	);
}

function facts() {
	const readonly = !may(who, 'account.write');
	const text = (name, extra) =>
		editable(account, {
			name,
			label: words.fields[name],
			read: (data) => data[name],
			patch: (value) => ({[name]: value}),
			readonly,
			...extra,
		});
	return h(
		'dl',
		{class: 'facts'},
		text('name'),
		text('domain', {maxlength: 253}),
		text('phone', {type: 'tel', maxlength: 60}),
		text('note', {type: 'textarea', maxlength: 10000, show: (value) => h('span', {class: 'pre'}, value)}),
		h('div', {}, h('dt', {}, words.fields.created), h('dd', {}, time(account.data.created_at, 'full', true)))
	);
}

function row(contact) {
	const name = [contact.first_name, contact.last_name].filter(Boolean).join(' ');
	return h(
		'tr',
		{},
		h(
			'td',
			{class: 'main cut'},
			h('a', {href: `/contact?id=${contact.public_id}`}, name || contact.email || contactWords.noName),
			h('span', {class: 'under'}, contact.email ?? contactWords.noAddress)
		),
		h('td', {class: 'opt cut soft'}, contact.email ?? contactWords.noAddress),
		h('td', {class: 'opt2 cut soft'}, contact.title ?? ''),
		h('td', {class: 'nowrap'}, badge(contact.consent_status)),
		h('td', {class: 'opt2 cut soft'}, why(contact))
	);
}

async function loadPeople() {
	try {
		const {data} = await get('/v1/contacts', {account_id: id});
		if (!data.items.length) {
			fill(people, h('div', {class: 'empty'}, h('p', {}, words.noContacts)));
			return;
		}
		const {columns} = contactWords;
		fill(body, data.items.map(row));
		fill(
			people,
			h(
				'table',
				{class: 'table fixed'},
				h('caption', {class: 'visually-hidden'}, words.tabs.contacts),
				h(
					'thead',
					{},
					h(
						'tr',
						{},
						h('th', {scope: 'col'}, columns.name),
						h('th', {scope: 'col', class: 'opt'}, columns.email),
						h('th', {scope: 'col', class: 'opt2'}, contactWords.fields.title),
						h('th', {scope: 'col', class: 'w-consent'}, columns.consent),
						h('th', {scope: 'col', class: 'opt2'}, columns.why)
					)
				),
				body
			),
			foot
		);
		drawFoot(data.items, data.next);
	} catch (error) {
		fill(people, failure(error, loadPeople));
	}
}

function drawFoot(items, next) {
	const [lead, figure] = words.ofThese(
		items.length,
		items.filter((contact) => contact.consent_status === 'confirmed' && !contact.suppressed && contact.email)
			.length
	);
	fill(
		foot,
		h('span', {}, lead, h('strong', {class: 'good'}, figure)),
		h(
			'div',
			{class: 'end-side'},
			h('a', {href: `/contacts?account_id=${id}`}, words.allContacts),
			moreLink(next, async (after) => {
				const {data} = await get('/v1/contacts', {account_id: id, after});
				body.append(...data.items.map(row));
				drawFoot([...items, ...data.items], data.next);
			})
		)
	);
}

function remove() {
	const {name, contacts} = account.data;
	const form = h(
		'form',
		{},
		h('p', {}, contacts ? words.deleteDetach(contacts) : words.deleteEmpty),
		h('p', {class: 'soft'}, words.deleteStays),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button danger primary'}, words.deleteDo)
		)
	);
	onSubmit(form, async () => {
		await del(path, null, {query: contacts ? {detach: 'true'} : {}});
		sessionStorage.setItem('pact.message', words.deleted(name));
		location.assign('/accounts');
	});
	dialog(words.deleteTitle(name), form);
}

await start();

// SPDX-License-Identifier: GPL-3.0-or-later
// The list of accounts: search by the beginning of the name, sort, keyset pages.
import {h, icon, fill, $} from './dom.js';
import {get, post} from './api.js';
import {session, may} from './shell.js';
import {announce, cancelButton, dialog, failure, field, loading, moreLink, onSubmit} from './ui.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/accounts.js';

const main = $('main');
const who = await session();
let state = {};
let shown = 0;
let request;

const readUrl = () => {
	state = Object.fromEntries(
		['q', 'sort', 'after'].map((name) => [name, new URLSearchParams(location.search).get(name) ?? ''])
	);
};
const urlOf = (next) => {
	const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value));
	return `/accounts${query.size ? `?${query}` : ''}`;
};
function go(changes, replace) {
	state = {...state, after: '', ...changes};
	history[replace ? 'replaceState' : 'pushState'](null, '', urlOf(state));
	return load();
}

const search = h('input', {
	type: 'search',
	'aria-label': words.search,
	placeholder: words.search,
	autocomplete: 'off',
	'aria-keyshortcuts': '/',
});
const box = h('div', {class: 'table-box'});
const head = h('thead');
const body = h('tbody');
const foot = h('div', {class: 'table-foot'});
const table = h(
	'table',
	{class: 'table sticky fixed', id: 'accounts'},
	h('caption', {class: 'visually-hidden'}, words.caption),
	head,
	body
);

function row(account) {
	return h(
		'tr',
		{},
		h(
			'td',
			{class: 'main cut'},
			h('a', {href: `/account?id=${account.public_id}`}, account.name),
			account.domain && h('span', {class: 'under'}, account.domain)
		),
		h('td', {class: 'opt cut soft'}, account.domain ?? ''),
		h('td', {class: 'opt cut soft'}, account.phone ?? ''),
		h(
			'td',
			{class: 'end num'},
			account.contacts === undefined
				? ''
				: h('a', {href: `/contacts?account_id=${account.public_id}`}, words.count(account.contacts))
		),
		h('td', {class: 'opt2 nowrap soft'}, time(account.created_at))
	);
}

function drawHead() {
	const sort = state.sort || 'name';
	const column = (name, to, label, className) =>
		h(
			'th',
			{
				scope: 'col',
				class: className,
				'aria-sort': sort === to ? (to.startsWith('-') ? 'descending' : 'ascending') : null,
			},
			h(
				'a',
				{
					href: urlOf({...state, after: '', sort: to}),
					onclick: (event) => {
						if (event.ctrlKey || event.metaKey) return;
						event.preventDefault();
						go({sort: to, q: ''}).then(() => {
							announce(words.sortedBy(label));
							$('th[aria-sort] a', head)?.focus();
						});
					},
				},
				label,
				icon(sort === to ? (to.startsWith('-') ? 'down' : 'up') : 'both')
			)
		);
	fill(
		head,
		h(
			'tr',
			{},
			column('name', 'name', words.columns.name),
			h('th', {scope: 'col', class: 'opt'}, words.columns.domain),
			h('th', {scope: 'col', class: 'opt'}, words.columns.phone),
			h('th', {scope: 'col', class: 'end w-few'}, words.columns.contacts),
			column('created', '-created_at', words.columns.created, 'opt2 w-date')
		)
	);
}

async function load() {
	request?.abort();
	request = new AbortController();
	if (document.activeElement !== search) search.value = state.q;
	if (!table.isConnected) fill(box, loading());
	try {
		const {data} = await get('/v1/accounts', state, {signal: request.signal});
		shown = data.items.length;
		if (!shown) {
			fill(box, emptyState());
			announce(state.q ? words.nothing : words.emptyTitle);
			return;
		}
		drawHead();
		fill(body, data.items.map(row));
		fill(box, table, foot);
		drawFoot(data.next);
		if (state.q) announce(words.shown(shown));
	} catch (error) {
		if (error.name !== 'AbortError') fill(box, failure(error, load));
	}
}

function drawFoot(next) {
	fill(
		foot,
		h('span', {}, words.shown(shown)),
		h(
			'div',
			{class: 'end-side'},
			state.after && h('a', {href: urlOf({...state, after: ''})}, words.first),
			moreLink(next, async (after) => {
				const {data} = await get('/v1/accounts', {...state, after});
				const rows = data.items.map(row);
				shown += rows.length;
				body.append(...rows);
				drawFoot(data.next);
				rows[0]?.querySelector('a')?.focus({preventScroll: true});
				announce(common.moreLoaded(rows.length, shown));
			})
		)
	);
}

function emptyState() {
	if (state.q)
		return h(
			'div',
			{class: 'empty'},
			h('p', {}, words.nothing),
			h('a', {class: 'button', href: '/accounts'}, words.clear)
		);
	return h(
		'div',
		{class: 'empty'},
		icon('accounts', 'large'),
		h('h2', {}, words.emptyTitle),
		h('p', {}, words.empty),
		may(who, 'account.write') &&
			h('button', {type: 'button', class: 'button primary', onclick: create}, words.create)
	);
}

function create() {
	const form = h(
		'form',
		{},
		h(
			'div',
			{class: 'fields'},
			field({
				name: 'name',
				label: words.fields.name,
				required: true,
				maxlength: 200,
				autocomplete: 'off',
				'data-missing': words.nameMissing,
			}),
			field({
				name: 'domain',
				label: words.fields.domain,
				help: words.domainHelp,
				maxlength: 253,
				autocomplete: 'off',
			}),
			field({name: 'phone', label: words.fields.phone, type: 'tel', maxlength: 60, autocomplete: 'off'})
		),
		field({name: 'note', label: words.fields.note, type: 'textarea', maxlength: 10000}),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.add)
		)
	);
	onSubmit(form, async (data, key) => {
		const {data: made} = await post(
			'/v1/accounts',
			Object.fromEntries(
				Object.entries(data)
					.map(([name, value]) => [name, value.trim()])
					.filter(([, value]) => value)
			),
			{key}
		);
		location.assign(`/account?id=${made.public_id}`);
	});
	dialog(words.newTitle, form);
}

fill(
	main,
	h(
		'div',
		{class: 'page-head'},
		h('h1', {tabindex: -1}, common.accounts),
		h(
			'div',
			{class: 'actions'},
			may(who, 'account.write') &&
				h('button', {type: 'button', class: 'button primary', onclick: create}, words.create)
		)
	),
	h(
		'div',
		{class: 'bar'},
		h(
			'form',
			{class: 'search', role: 'search', onsubmit: (event) => event.preventDefault()},
			search,
			h('kbd', {'aria-hidden': 'true'}, '/')
		)
	),
	box
);
let timer;
search.addEventListener('input', () => {
	clearTimeout(timer);
	timer = setTimeout(() => go({q: search.value.trim(), sort: ''}, true), 200);
});
document.addEventListener('keydown', (event) => {
	if (
		event.key === '/' &&
		!event.target.closest('input, textarea, select, dialog') &&
		!event.ctrlKey &&
		!event.metaKey
	) {
		event.preventDefault();
		search.focus();
	}
});
window.addEventListener('popstate', () => {
	readUrl();
	load();
});
readUrl();
await load();

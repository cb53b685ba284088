// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Audit Log: filters that live in the URL, UTC times, what changed as old → new, CSV of the same selection.
import {h, icon, fill, $} from './dom.js';
import {get, download} from './api.js';
import {session, may} from './shell.js';
import {announce, failure, field, loading, moreLink, problemText, toast} from './ui.js';
import {utc} from './text.js';
import common from './strings/common.js';
import words from './strings/audit.js';
import advice from './strings/refusals.js';

const FILTERS = ['from', 'to', 'actor', 'action', 'resource_type', 'resource_id', 'ip'];
const PAGES = {contact: '/contact?id=', account: '/account?id=', import: '/import?id='};
const main = $('main');
const who = await session();
let state = {};
let shown = 0;

const readUrl = () => {
	state = Object.fromEntries(
		[...FILTERS, 'after'].map((name) => [name, new URLSearchParams(location.search).get(name) ?? ''])
	);
};
const urlOf = (next) => {
	const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value));
	return `/audit${query.size ? `?${query}` : ''}`;
};
// a day in the form is a span of instants for the server
function queryOf() {
	const day = (value, end) =>
		/^\d{4}-\d\d-\d\d$/.test(value)
			? end
				? new Date(Date.parse(`${value}T00:00:00Z`) + 864e5).toISOString().replace('.000', '')
				: `${value}T00:00:00Z`
			: value;
	return {...state, from: day(state.from), to: day(state.to, true)};
}
function go(changes) {
	state = {...state, after: '', ...changes};
	history.pushState(null, '', urlOf(state));
	drawFilters();
	return load();
}

// ── filters ─────────────────────────────────────────────────────────────────────────────────────────────────────
const filters = h('form', {id: 'filters'});
// on a narrow screen the filters fold away until asked for
const fold = h(
	'details',
	{class: 'fold', open: !matchMedia('(max-width: 760px)').matches},
	h('summary', {}, words.more),
	filters
);
const chips = h('div', {class: 'chips'});

// The log answers one of these at a time, with any span of time; what happened to one thing can be narrowed by them too.
const KINDS = ['actor', 'action', 'resource_type', 'ip'];

function drawFilters() {
	const text = (name, extra) =>
		field({
			name,
			label: words.filters[name],
			value: state[name],
			autocomplete: 'off',
			pointer: `/${name}`,
			...extra,
		});
	const choose = (name, options) => {
		const select = h(
			'select',
			{},
			h('option', {value: ''}, words.any),
			Object.entries(options).map(([value, label]) => h('option', {value}, label))
		);
		if (state[name] && !(state[name] in options)) select.append(h('option', {value: state[name]}, state[name]));
		select.value = state[name];
		return text(name, {control: select});
	};
	const value = h('div', {class: 'value'});
	const draw = (kind) =>
		fill(
			value,
			kind === 'action'
				? choose(kind, words.actions)
				: kind === 'resource_type'
					? choose(kind, words.types)
					: kind === 'actor'
						? text(kind, {inputmode: 'email', spellcheck: 'false'})
						: kind
							? text(kind)
							: null
		);
	const kind = KINDS.find((name) => state[name]) ?? '';
	const only = h(
		'select',
		{
			onchange: () => {
				draw(only.value);
				value.hidden = !only.value;
			},
		},
		h('option', {value: ''}, words.everything),
		KINDS.map((name) => h('option', {value: name, selected: name === kind}, words.kinds[name]))
	);
	draw(kind);
	value.hidden = !kind;
	fill(
		filters,
		h(
			'div',
			{class: 'filters'},
			text('from', {type: 'date'}),
			text('to', {type: 'date'}),
			field({name: 'only', label: words.onlyLabel, control: only}),
			value,
			h('div', {class: 'row'}, h('button', {type: 'submit', class: 'button'}, words.apply))
		)
	);
	fill(
		chips,
		FILTERS.filter((name) => state[name]).map((name) =>
			h(
				'span',
				{class: 'chip'},
				h('span', {}, h('strong', {}, words.filters[name]), words.is, label(name, state[name])),
				h(
					'button',
					{
						type: 'button',
						class: 'x',
						'aria-label': words.removeFilter(words.filters[name]),
						onclick: () => {
							go({[name]: ''});
							$('input', filters).focus();
						},
					},
					icon('close')
				)
			)
		),
		FILTERS.some((name) => state[name]) && h('a', {href: '/audit', class: 'small'}, words.clear)
	);
	chips.hidden = !chips.children.length;
}

const label = (name, value) =>
	name === 'action'
		? (words.actions[value] ?? value)
		: name === 'resource_type'
			? (words.types[value] ?? value)
			: value;

filters.addEventListener('submit', (event) => {
	event.preventDefault();
	const typed = Object.fromEntries([...new FormData(filters)].map(([name, value]) => [name, value.trim()]));
	delete typed.only;
	go({...Object.fromEntries(KINDS.map((name) => [name, ''])), ...typed});
});

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────
const shorten = (all) => (all.length > 160 ? `${all.slice(0, 160)}…` : all);
const isNothing = (value) => value === null || value === undefined || value === '';
function text(value) {
	if (isNothing(value)) return words.nothing;
	// a list of objects, such as the mapping of an import: the values of each, as far as there is room
	if (Array.isArray(value))
		return (
			shorten(
				value.map((one) => (typeof one === 'object' ? Object.values(one).join(' ') : one)).join(', ')
			) || words.nothing
		);
	if (typeof value === 'object')
		return (
			Object.entries(value)
				.map(([key, one]) => `${key}: ${typeof one === 'object' ? JSON.stringify(one) : one}`)
				.join(', ') || words.nothing
		);
	return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? utc(value) : String(value);
}
const mark = (tag, value) =>
	isNothing(value) ? h('span', {class: 'soft'}, words.nothing) : h(tag, {}, text(value));

// What changed, each column as old → new; more than four fold away.
function diff({old, new: now}) {
	const keys = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])].filter(
		(key) => JSON.stringify(old?.[key] ?? null) !== JSON.stringify(now?.[key] ?? null)
	);
	const lines = keys.map((key) =>
		h(
			'div',
			{},
			h('span', {class: 'key'}, `${key.replaceAll('_', ' ')} `),
			old && key in old && mark('del', old[key]),
			old && now && key in old && key in now && ' → ',
			now && key in now && mark('ins', now[key])
		)
	);
	if (lines.length <= 4) return h('div', {class: 'diff'}, lines);
	return h(
		'div',
		{class: 'diff'},
		lines.slice(0, 3),
		h('details', {}, h('summary', {class: 'soft'}, words.moreChanges(lines.length - 3)), lines.slice(3))
	);
}

// A login by single sign-on that was refused: what whoever set it up can do.
const refusal = ({action, new: now}) =>
	action === 'auth.login_refused' && now?.method && now.reason && h('p', {class: 'help'}, advice(now.method, now.reason));

function row(event) {
	const {resource_type: type, resource_id: id} = event;
	const what = words.types[type] ?? type ?? '';
	const person = event.actor_email ?? (event.actor_kind === 'operator' ? words.operator('') : words.system);
	const link =
		id &&
		(PAGES[type] && event.action !== `${type}.delete` && event.action !== `${type}.erase`
			? h('a', {href: PAGES[type] + id}, what)
			: what);
	return h(
		'tr',
		{'data-action': event.action},
		h('td', {class: 'nowrap num'}, h('time', {datetime: event.at}, utc(event.at).replace(' UTC', ''))),
		h(
			'td',
			{class: 'cut', 'data-label': words.columns.actor},
			event.actor_kind === 'operator'
				? words.operator(event.actor_email ?? '')
				: event.key_id
					? words.key(person)
					: person
		),
		h('td', {}, words.actions[event.action] ?? event.action),
		h(
			'td',
			{class: 'opt2 nowrap'},
			link || what,
			id &&
				h(
					'span',
					{},
					' ',
					h(
						'a',
						{class: 'mono tiny', href: urlOf({resource_id: id}), title: words.only(id)},
						`…${id.slice(-8)}`
					)
				)
		),
		h('td', {class: 'small'}, diff(event), refusal(event)),
		h('td', {class: 'opt2 soft mono wrap'}, event.ip ?? '')
	);
}

const body = h('tbody');
const foot = h('div', {class: 'table-foot'});
const {columns} = words;
const table = h(
	'table',
	{class: 'table tall sticky fixed stack-narrow', id: 'events'},
	h('caption', {class: 'visually-hidden'}, words.caption),
	h(
		'thead',
		{},
		h(
			'tr',
			{},
			h('th', {scope: 'col', class: 'w-time'}, columns.at),
			h('th', {scope: 'col', class: 'w-why'}, columns.actor),
			h('th', {scope: 'col', class: 'w-less'}, columns.action),
			h('th', {scope: 'col', class: 'opt2 w-less'}, columns.resource),
			h('th', {scope: 'col'}, columns.change),
			h('th', {scope: 'col', class: 'opt2 w-few'}, columns.ip)
		)
	),
	body
);
const box = h('div', {class: 'table-box'});

async function load() {
	if (!table.isConnected) fill(box, loading());
	table.setAttribute('aria-busy', 'true');
	try {
		const {data} = await get('/v1/audit/events', queryOf());
		shown = data.items.length;
		if (!shown) {
			fill(
				box,
				h(
					'div',
					{class: 'empty'},
					h('p', {}, FILTERS.some((name) => state[name]) ? words.empty : words.emptyAll)
				)
			);
			announce(words.empty);
			return;
		}
		fill(body, data.items.map(row));
		fill(box, table, foot);
		drawFoot(data.next);
		announce(words.shown(shown));
	} catch (error) {
		fill(
			box,
			error.errors?.length
				? h(
						'div',
						{class: 'empty', role: 'alert'},
						h('p', {}, error.errors.map(({detail}) => detail).join(' '))
					)
				: failure(error, load)
		);
	} finally {
		table.removeAttribute('aria-busy');
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
				const {data} = await get('/v1/audit/events', {...queryOf(), after});
				const rows = data.items.map(row);
				body.append(...rows);
				shown += rows.length;
				drawFoot(data.next);
				announce(common.moreLoaded(rows.length, shown));
				rows[0]?.querySelector('a, summary')?.focus({preventScroll: true});
			})
		)
	);
}

if (!may(who, 'audit.read'))
	fill(main, h('div', {class: 'empty'}, h('h1', {}, words.title), h('p', {}, common.notAllowed)));
else {
	readUrl();
	drawFilters();
	fill(
		main,
		h(
			'div',
			{class: 'page-head'},
			h('h1', {tabindex: -1}, words.title),
			h('span', {class: 'soft'}, words.lead),
			h(
				'div',
				{class: 'actions'},
				may(who, 'audit.export') &&
					h(
						'button',
						{
							type: 'button',
							class: 'button',
							onclick: () =>
								download('/v1/audit/export', {...queryOf(), after: '', format: 'csv'}).catch(
									(error) => toast(problemText(error))
								),
						},
						words.export
					)
			)
		),
		h('div', {class: 'stack'}, h('div', {class: 'stack-s no-print'}, fold, chips), box)
	);
	window.addEventListener('popstate', () => {
		readUrl();
		drawFilters();
		load();
	});
	await load();
}

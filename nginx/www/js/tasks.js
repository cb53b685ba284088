// SPDX-License-Identifier: GPL-3.0-or-later
// Open tasks, the earliest first; a tick closes one, and can be taken back.
import {h, icon, fill, $} from './dom.js';
import {get, patch} from './api.js';
import {session, may} from './shell.js';
import {announce, failure, loading, moreLink, problemText, toast} from './ui.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/tasks.js';

const main = $('main');
const who = await session();
const box = h('div', {class: 'table-box'});
const total = h('span', {class: 'soft num'});
const body = h('tbody');
const foot = h('div', {class: 'table-foot'});
const {columns} = words;
const table = h(
	'table',
	{class: 'table tall fixed', id: 'tasks'},
	h('caption', {class: 'visually-hidden'}, words.caption),
	h(
		'thead',
		{},
		h(
			'tr',
			{},
			may(who, 'activity.write') &&
				h('th', {scope: 'col', class: 'pick w-pick'}, h('span', {class: 'visually-hidden'}, columns.done)),
			h('th', {scope: 'col'}, columns.task),
			h('th', {scope: 'col', class: 'w-consent'}, columns.due),
			h('th', {scope: 'col', class: 'opt w-wide'}, columns.about)
		)
	),
	body
);
const isLate = (task) => task.due_at && new Date(task.due_at) < new Date();

function row(task) {
	const about = task.contact
		? h(
				'a',
				{href: `/contact?id=${task.contact.public_id}`},
				task.contact.name || task.contact.email || words.contact
			)
		: task.contact_id
			? h('a', {href: `/contact?id=${task.contact_id}`}, words.contact)
			: task.account
				? h('a', {href: `/account?id=${task.account.public_id}`}, task.account.name)
				: task.account_id
					? h('a', {href: `/account?id=${task.account_id}`}, words.account)
					: '';
	const line = h(
		'tr',
		{'data-late': isLate(task) || null},
		may(who, 'activity.write') &&
			h(
				'td',
				{class: 'pick'},
				h(
					'label',
					{},
					h('span', {class: 'visually-hidden'}, words.markDone(task.subject || words.unnamed)),
					h('input', {type: 'checkbox', onchange: () => close(task, line)})
				)
			),
		h(
			'td',
			{},
			h('strong', {}, task.subject || words.unnamed),
			task.body && h('div', {class: 'soft small pre'}, task.body),
			h('span', {class: 'under'}, about.cloneNode?.(true) ?? about)
		),
		h(
			'td',
			{class: 'nowrap'},
			task.due_at
				? [
						h('span', {class: isLate(task) ? 'bad' : null}, time(task.due_at, 'near', true)),
						isLate(task) && h('strong', {class: 'bad small'}, ` ${words.late}`),
					]
				: h('span', {class: 'soft'}, words.noDue)
		),
		h('td', {class: 'opt'}, about)
	);
	return line;
}

async function close(task, line) {
	try {
		await patch(`/v1/activities/${task.public_id}`, {done_at: new Date().toISOString()});
	} catch (error) {
		$('input', line).checked = false;
		toast(problemText(error));
		return;
	}
	const next = line.nextElementSibling ?? line.previousElementSibling;
	line.remove();
	(next?.querySelector('input') ?? $('h1')).focus();
	count();
	toast(words.done(task.subject || words.unnamed), async () => {
		await patch(`/v1/activities/${task.public_id}`, {done_at: null});
		await load();
	});
	if (!body.rows.length) load();
}

function count() {
	total.textContent = body.rows.length
		? words.count(body.rows.length, body.querySelectorAll('[data-late]').length)
		: '';
}

function drawFoot(next) {
	foot.hidden = !next;
	fill(
		foot,
		moreLink(next, async (after) => {
			const {data} = await get('/v1/activities', {open_tasks: true, after});
			body.append(...data.items.map(row));
			drawFoot(data.next);
			count();
			announce(common.moreLoaded(data.items.length, body.rows.length));
		})
	);
}

async function load() {
	if (!table.isConnected) fill(box, loading());
	try {
		const {data} = await get('/v1/activities', {open_tasks: true});
		fill(body, data.items.map(row));
		count();
		if (!data.items.length) {
			fill(
				box,
				h(
					'div',
					{class: 'empty'},
					icon('tasks', 'large'),
					h('h2', {}, words.empty),
					h('p', {}, words.emptyHelp),
					h('a', {class: 'button', href: '/contacts'}, words.toContacts)
				)
			);
			return;
		}
		drawFoot(data.next);
		fill(box, table, foot);
	} catch (error) {
		fill(box, failure(error, load));
	}
}

fill(main, h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, common.tasks), total), box);
await load();

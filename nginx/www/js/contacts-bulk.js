// SPDX-License-Identifier: GPL-3.0-or-later
// Consent of many contacts at once: up to a thousand named ones in one request, everything that matches a filter as a job.
import {h, fill} from './dom.js';
import {get, post} from './api.js';
import {cancelButton, dialog, poll, toast} from './ui.js';
import {consentDialog} from './consent-form.js';
import {plural} from './text.js';
import common from './strings/common.js';
import words from './strings/contacts.js';

const MOST = 1000;

export async function bulkConsent({ids, matching, total, filter, names, done}) {
	const count = matching ? total : ids.length;
	consentDialog({
		title: words.bulkTitle(count),
		lead: h('p', {class: 'soft'}, words.bulkLead),
		send: async (change, key) => {
			const result = matching ? await byFilter(filter, change, key, total) : await byIds(ids, change, key);
			done();
			if (result.refused.length) showRefused(result, names);
			else toast(words.bulkDone({...result, refused: result.refusedCount}));
		},
	});
}

async function byIds(ids, change, key) {
	const sum = {changed: 0, unchanged: 0, refused: [], refusedCount: 0};
	const show = ids.length > MOST ? progressDialog(ids.length) : null;
	for (let from = 0; from < ids.length; from += MOST) {
		const {data} = await post(
			'/v1/contacts/bulk-consent',
			{contacts: ids.slice(from, from + MOST), ...change},
			{key: `${key}-${from}`}
		);
		add(sum, data);
		show?.set(Math.min(from + MOST, ids.length), ids.length);
	}
	show?.close();
	return sum;
}

async function byFilter(filter, change, key, total) {
	const started = await post('/v1/contacts/bulk-consent', {filter, ...change}, {key});
	const sum = {changed: 0, unchanged: 0, refused: [], refusedCount: 0};
	if (started.status !== 202) {
		add(sum, started.data);
		return sum;
	}
	const show = progressDialog(total);
	try {
		const job = await poll(
			async () => {
				const {data} = await get(`/v1/jobs/${started.data.job}`);
				show.set(data.done ?? 0, data.total ?? total);
				return data;
			},
			({status}) => ['done', 'failed', 'dead', 'cancelled'].includes(status)
		);
		if (job.status !== 'done') throw new Error(job.status);
		add(sum, job.result ?? {});
	} finally {
		show.close();
	}
	return sum;
}

function add(sum, {changed = 0, unchanged = 0, refused = []}) {
	sum.changed += changed;
	sum.unchanged += unchanged;
	if (Array.isArray(refused)) sum.refused.push(...refused);
	sum.refusedCount += Array.isArray(refused) ? refused.length : refused;
}

function progressDialog(total) {
	const bar = h('progress', {max: total, value: 0, 'aria-label': words.bulkWorking});
	const text = h('p', {class: 'num', role: 'status'}, words.bulkProgress(0, total));
	const box = dialog(
		words.bulkWorking,
		h(
			'div',
			{class: 'stack'},
			bar,
			text,
			h('p', {class: 'help'}, words.leave),
			h('div', {class: 'form-foot'}, cancelButton(common.close))
		)
	);
	return {
		set: (count, all) => {
			bar.max = all;
			bar.value = count;
			fill(text, words.bulkProgress(count, all));
		},
		close: () => box.element.isConnected && box.close(),
	};
}

function showRefused(result, names) {
	const [contact, reason] = words.refusedColumns;
	dialog(
		words.refusedTitle,
		h(
			'div',
			{class: 'stack'},
			h('p', {}, words.bulkDone({...result, refused: result.refusedCount})),
			h(
				'div',
				{class: 'table-box scroll-x'},
				h(
					'table',
					{class: 'table'},
					h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, contact), h('th', {scope: 'col'}, reason))),
					h(
						'tbody',
						{},
						result.refused
							.slice(0, 100)
							.map((line) =>
								h(
									'tr',
									{},
									h(
										'td',
										{},
										h(
											'a',
											{href: `/contact?id=${line.contact}`},
											names.get(line.contact) ?? line.contact
										)
									),
									h('td', {}, words.refusedReasons[line.reason] ?? line.reason)
								)
							)
					)
				)
			),
			result.refused.length > 100 &&
				h('p', {class: 'help'}, plural(result.refused.length - 100, 'and one more', 'and # more')),
			h('div', {class: 'form-foot'}, cancelButton(common.close))
		),
		{wide: true}
	);
}

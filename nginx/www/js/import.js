// SPDX-License-Identifier: GPL-3.0-or-later
// Import: choose a file, check the guess, try it, read the answer in permission terms, run it. Each step can be left and
// come back to: the import lives on the server and its id in the URL.
import {h, icon, fill, $} from './dom.js';
import {get, setKnown} from './api.js';
import {session, may} from './shell.js';
import {announce, failure, loading, moreLink, poll} from './ui.js';
import {number, time} from './text.js';
import common from './strings/common.js';
import words from './strings/import.js';

const MOST = 256 * 1024 * 1024;
const main = $('main');
const query = new URLSearchParams(location.search);
const who = await session();
setKnown(who);

// ── choose and upload ───────────────────────────────────────────────────────────────────────────────────────────
function chooser() {
	const error = h('p', {class: 'bad', id: 'file-error', role: 'alert'});
	const input = h('input', {
		type: 'file',
		id: 'file',
		class: 'visually-hidden',
		accept: '.csv,.tsv,.txt,.vcf,text/csv,text/vcard',
		'aria-describedby': 'file-error',
		onchange: () => input.files[0] && take(input.files[0]),
	});
	const drop = h(
		'div',
		{class: 'drop'},
		icon('upload', 'large'),
		h('p', {}, h('strong', {}, words.drop)),
		h('label', {class: 'button primary', for: 'file'}, words.choose),
		input,
		h('p', {class: 'help'}, words.kinds),
		error
	);
	const take = async (file) => {
		error.textContent = '';
		const refusal = file.size > MOST ? words.tooLarge : file.size === 0 ? words.emptyFile : '';
		if (refusal) {
			error.textContent = refusal;
			return;
		}
		const bar = h('progress', {max: file.size, value: 0, 'aria-label': words.uploading(file.name)});
		const text = h('p', {class: 'num', role: 'status'}, words.uploading(file.name));
		const stop = new AbortController();
		const box = h(
			'div',
			{class: 'panel pad stack-s'},
			bar,
			h(
				'div',
				{class: 'row'},
				text,
				h('button', {type: 'button', class: 'link', onclick: () => stop.abort()}, common.cancel)
			)
		);
		drop.replaceWith(box);
		try {
			// the session must live before a long upload starts
			await get('/v1/auth/session');
			const made = await upload(
				file,
				(done) => {
					bar.value = done;
				},
				stop.signal
			);
			location.assign(`/import?id=${made.public_id}`);
		} catch (problem) {
			box.replaceWith(drop);
			input.value = '';
			if (!stop.signal.aborted) error.textContent = problem.detail ?? problem.message;
			input.focus();
		}
	};
	for (const [name, over] of [
		['dragenter', true],
		['dragover', true],
		['dragleave', false],
		['drop', false],
	])
		drop.addEventListener(name, (event) => {
			event.preventDefault();
			drop.classList.toggle('over', over);
			if (name === 'drop' && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
		});
	return drop;
}

// fetch() cannot say how much has been sent; XMLHttpRequest can.
function upload(file, progress, signal) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open('POST', `/v1/imports?mapping=manual&filename=${encodeURIComponent(file.name)}`);
		request.setRequestHeader('Accept', 'application/json');
		request.setRequestHeader('Idempotency-Key', crypto.randomUUID());
		request.responseType = 'json';
		request.upload.onprogress = (event) => progress(event.loaded);
		request.onload = () =>
			request.status < 300
				? resolve(request.response)
				: reject(
						new Error(
							request.status === 413
								? words.tooLarge
								: request.status === 415
									? words.wrongKind
									: (request.response?.errors?.[0]?.detail ??
										request.response?.detail ??
										words.uploadFailed)
						)
					);
		request.onerror = () => reject(new Error(words.uploadFailed));
		signal.addEventListener('abort', () => {
			request.abort();
			reject(new Error(''));
		});
		const form = new FormData();
		form.append('file', file);
		request.send(form);
	});
}

// ── earlier imports ─────────────────────────────────────────────────────────────────────────────────────────────
function stateText(one) {
	const kind = {failed: 'bad', running: 'good', queued: 'good', mapping: 'wait'}[one.status] ?? 'soft';
	const far =
		one.status === 'running' && one.rows_total
			? ` ${Math.floor((100 * one.rows_done) / one.rows_total)} %`
			: '';
	return [
		h('span', {class: kind}, words.status[one.status] ?? one.status, far),
		one.dry_run && one.status !== 'mapping'
			? h('span', {class: 'soft'}, ` · ${words.dryRun.toLowerCase()}`)
			: '',
	];
}

function row(one) {
	return h(
		'tr',
		{},
		h(
			'td',
			{class: 'main cut'},
			h('a', {href: `/import?id=${one.public_id}`}, one.filename || words.noName),
			h('span', {class: 'under'}, time(one.created_at))
		),
		h('td', {class: 'opt nowrap soft'}, time(one.created_at)),
		h('td', {class: 'nowrap'}, stateText(one)),
		h('td', {class: 'end num'}, number(one.rows_total)),
		h('td', {class: 'opt end num'}, number(one.mailable))
	);
}

async function earlier(place) {
	fill(place, loading());
	try {
		const {data} = await get('/v1/imports', {after: query.get('after')});
		if (!data.items.length) {
			fill(place, h('p', {class: 'soft'}, words.earlierNone));
			return;
		}
		const {columns} = words;
		const body = h('tbody', {}, data.items.map(row));
		// what is under way shows how far it has come, without a press
		const moving = (items) => items.some(({status}) => status === 'running' || status === 'queued');
		if (moving(data.items))
			poll(
				() => get('/v1/imports', {after: query.get('after')}).then((fresh) => fresh.data.items),
				(items) => {
					for (const [at, one] of items.entries())
						if (body.rows[at]?.querySelector('a')?.search === `?id=${one.public_id}`)
							fill(body.rows[at].cells[2], stateText(one));
					return !moving(items);
				}
			).catch(() => {});
		const foot = h('div', {class: 'table-foot'});
		const showFoot = (next) => {
			foot.hidden = !next;
			fill(
				foot,
				moreLink(next, async (after) => {
					const more = (await get('/v1/imports', {after})).data;
					body.append(...more.items.map(row));
					showFoot(more.next);
					announce(common.moreLoaded(more.items.length, body.rows.length));
				})
			);
		};
		showFoot(data.next);
		fill(
			place,
			h(
				'div',
				{class: 'table-box'},
				h(
					'table',
					{class: 'table fixed', id: 'imports'},
					h('caption', {class: 'visually-hidden'}, words.earlier),
					h(
						'thead',
						{},
						h(
							'tr',
							{},
							h('th', {scope: 'col'}, columns.file),
							h('th', {scope: 'col', class: 'opt w-date'}, columns.when),
							h('th', {scope: 'col', class: 'w-consent'}, columns.status),
							h('th', {scope: 'col', class: 'end w-few'}, columns.rows),
							h('th', {scope: 'col', class: 'opt end w-consent'}, columns.mailable)
						)
					),
					body
				),
				foot
			)
		);
	} catch (error) {
		fill(
			place,
			failure(error, () => earlier(place))
		);
	}
}

if (!may(who, 'contact.import'))
	fill(
		main,
		h(
			'div',
			{class: 'empty'},
			h('h1', {}, words.title),
			h('p', {}, common.notAllowed),
			h('a', {class: 'button', href: '/contacts'}, words.toContacts)
		)
	);
else if (query.get('id')) {
	const {showImport} = await import('./import-one.js');
	await showImport(main, query.get('id'), who);
} else {
	const place = h('div');
	fill(
		main,
		h(
			'div',
			{class: 'page-head'},
			h('h1', {tabindex: -1}, words.title),
			h('div', {class: 'actions'}, h('a', {class: 'button', href: '/contacts'}, words.toContacts))
		),
		h(
			'div',
			{class: 'stack'},
			chooser(),
			h('p', {class: 'soft'}, words.promise),
			h('h2', {}, words.earlier),
			place
		)
	);
	await earlier(place);
}

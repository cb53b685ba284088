// SPDX-License-Identifier: GPL-3.0-or-later
// One import, in whichever state it is: waiting for its mapping, running, or finished with an answer.
import {h, icon, svg, fill, $} from './dom.js';
import {get, post} from './api.js';
import {
	announce,
	cancelButton,
	dialog,
	failure,
	loading,
	moreLink,
	onSubmit,
	poll,
	problemText,
	toast,
} from './ui.js';
import {Mapping} from './import-mapping.js';
import {number} from './text.js';
import common from './strings/common.js';
import words from './strings/import.js';

const ENDED = ['done', 'failed', 'cancelled', 'reverted'];

let main;
let who;
let path;
let one;
let custom = [];
const body = h('div', {class: 'stack', id: 'import'});

export async function showImport(place, id, session) {
	[main, who, path] = [place, session, `/v1/imports/${encodeURIComponent(id)}`];
	fill(main, loading());
	try {
		[
			{data: one},
			{
				data: {items: custom},
			},
		] = await Promise.all([get(path), get('/v1/custom-fields').catch(() => ({data: {items: []}}))]);
	} catch (error) {
		fill(
			main,
			error.status === 404 || error.status === 400
				? h(
						'div',
						{class: 'empty'},
						h('h1', {}, words.missing),
						h('a', {class: 'button', href: '/import'}, words.toList)
					)
				: failure(error, () => showImport(place, id, session))
		);
		return;
	}
	document.title = `${one.filename || words.noName} · ${common.product}`;
	fill(
		main,
		h(
			'div',
			{class: 'page-head'},
			h('h1', {tabindex: -1}, one.filename || words.noName),
			h('div', {class: 'actions'}, h('a', {class: 'button', href: '/import'}, words.toList))
		),
		body
	);
	await draw();
}

async function draw() {
	if (one.status === 'mapping') await drawMapping();
	else if (ENDED.includes(one.status)) drawAnswer();
	else await drawProgress();
}

async function drawMapping() {
	const privacy = await get('/v1/settings/privacy').catch(() => null);
	const mapping = new Mapping({
		one,
		path,
		own: custom,
		policy: privacy?.data.default_consent_policy ?? 'pending',
		who,
		start,
		again: (read) => {
			one = read;
			return drawMapping();
		},
	});
	fill(body, mapping.element);
}

async function start(dry, key = crypto.randomUUID()) {
	const {data} = await post(`${path}/start`, {dry_run: dry}, {key});
	one = data?.public_id ? data : (await get(path)).data;
	await drawProgress();
}

// ── while it runs ───────────────────────────────────────────────────────────────────────────────────────────────
async function drawProgress(reverting = false) {
	const doing = reverting ? words.reverting : words.working(one.dry_run);
	const bar = h('progress', {'aria-label': doing});
	const text = h('p', {class: 'num', role: 'status', id: 'progress'});
	const cancel = h(
		'button',
		{
			type: 'button',
			class: 'button',
			onclick: async () => {
				cancel.setAttribute('aria-disabled', 'true');
				cancel.textContent = words.cancelling;
				await post(`${path}/cancel`).catch((error) => toast(problemText(error)));
			},
		},
		one.dry_run ? words.cancelDry : words.cancel
	);
	const heading = h('h2', {tabindex: -1}, doing);
	fill(
		body,
		h(
			'div',
			{class: 'panel pad stack-s'},
			heading,
			bar,
			text,
			h('p', {class: 'help'}, words.leave),
			!reverting && h('div', {}, cancel)
		)
	);
	heading.focus();
	try {
		one = await poll(
			async () => {
				const {data} = await get(path);
				if (data.rows_total && !reverting) {
					bar.max = data.rows_total;
					bar.value = data.rows_done;
				}
				text.textContent =
					data.status === 'queued'
						? words.queued
						: reverting
							? ''
							: words.progress(data.rows_done, data.rows_total);
				return data;
			},
			({status}) => ENDED.includes(status) || status === 'mapping'
		);
	} catch (error) {
		fill(
			body,
			failure(error, () => drawProgress(reverting))
		);
		return;
	}
	await draw();
	$('#verdict')?.focus();
}

// ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────
function share(parts) {
	const total = parts.reduce((sum, part) => sum + part, 0) || 1;
	let from = 0;
	return svg(
		'svg',
		{class: 'split', viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
		...parts.map((part, at) => {
			const width = (part / total) * 100;
			const bar = svg('rect', {x: from, y: 0, width, height: 1, class: 'abcd'[at]});
			from += width;
			return bar;
		})
	);
}

function drawAnswer() {
	const {dry_run: dry, status} = one;
	const sums = {
		rows: one.rows_total,
		mailable: one.mailable,
		confirm: one.needs_confirming,
		suppressed: one.suppressed,
		errors: one.errors,
	};
	const [lead, mail, rest] = words.verdict(sums, dry);
	const parts = [];
	if (status === 'failed')
		parts.push(
			h(
				'div',
				{class: 'banner declined', id: 'verdict', tabindex: -1},
				icon('warning', 'large'),
				h(
					'p',
					{class: 'text'},
					h('strong', {}, words.failed),
					' ',
					one.problem ?? '',
					' ',
					!dry && one.rows_done ? words.failedText : ''
				)
			)
		);
	else if (status === 'cancelled' || status === 'reverted')
		parts.push(
			h(
				'div',
				{class: 'banner', id: 'verdict', tabindex: -1},
				icon('info', 'large'),
				h(
					'p',
					{class: 'text'},
					h('strong', {}, words[status]),
					' ',
					status === 'cancelled'
						? `${words.cancelledText(one.rows_done)} ${dry ? words.nothingWritten : words.written(one)}`
						: words.revertedText
				)
			)
		);
	else
		parts.push(
			h(
				'section',
				{class: 'panel pad stack', 'aria-labelledby': 'verdict'},
				h(
					'div',
					{class: 'stack-s'},
					h('p', {class: 'label'}, dry ? words.tryTitle : words.runTitle),
					h(
						'h2',
						{class: 'verdict', id: 'verdict', tabindex: -1},
						lead,
						h('span', {class: sums.mailable ? 'good' : null}, mail),
						rest
					)
				),
				share([sums.mailable, sums.confirm, sums.suppressed, sums.errors]),
				h(
					'dl',
					{class: 'figures'},
					Object.entries(words.figures).map(([name, label]) =>
						h(
							'div',
							{},
							h('dt', {}, label),
							h(
								'dd',
								{
									class: sums[name]
										? {mailable: 'good', confirm: 'wait', suppressed: 'bad'}[name]
										: 'soft',
								},
								number(sums[name])
							)
						)
					)
				),
				h('p', {}, dry ? `${words.wouldWrite(one)} ${words.nothingWritten}` : words.written(one))
			)
		);
	parts.push(h('div', {class: 'form-foot'}, buttons()));
	const errors = h('div', {class: 'stack-s', id: 'errors'});
	fill(body, ...parts, errors);
	announce($('#verdict').textContent);
	if (one.errors) drawErrors(errors);
}

function buttons() {
	const write = one.rows_total - one.errors - one.skipped;
	if (one.dry_run && ['done', 'cancelled', 'failed'].includes(one.status))
		return [
			one.file_kept === false && h('p', {}, words.gone),
			one.status === 'done' &&
				one.file_kept !== false &&
				write > 0 &&
				h(
					'button',
					{type: 'button', class: 'button primary', onclick: (event) => act(event, () => start(false))},
					words.importNow(write)
				),
			one.file_kept !== false &&
				h(
					'button',
					{type: 'button', class: 'button', onclick: (event) => act(event, drawMapping)},
					words.changeMapping
				),
			h('a', {class: 'button', href: '/import'}, words.again),
		];
	return [
		h('a', {class: 'button primary', href: '/contacts'}, words.see),
		h('a', {class: 'button', href: '/import'}, words.again),
		!one.dry_run &&
			['done', 'cancelled', 'failed'].includes(one.status) &&
			one.imported + one.updated > 0 &&
			h('button', {type: 'button', class: 'button danger', onclick: revert}, words.revert),
	];
}

async function act(event, work) {
	const button = event.currentTarget;
	if (button.getAttribute('aria-disabled')) return;
	button.setAttribute('aria-disabled', 'true');
	try {
		await work();
	} catch (error) {
		button.removeAttribute('aria-disabled');
		toast(error.slug === 'conflict' ? words.gone : problemText(error));
	}
}

function revert() {
	const form = h(
		'form',
		{},
		h('p', {}, words.revertLead(one)),
		h('p', {class: 'soft'}, words.revertKeeps),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button danger primary'}, words.revertDo)
		)
	);
	onSubmit(form, async (data, key) => {
		await post(`${path}/revert`, {}, {key});
		box.close();
		one = (await get(path)).data;
		await drawProgress(true);
	});
	const box = dialog(words.revertTitle, form);
}

async function drawErrors(place) {
	const {errorColumns: columns} = words;
	const line = (error) =>
		h(
			'tr',
			{},
			h('td', {class: 'num', 'data-label': columns.line}, number(error.line)),
			h('td', {'data-label': columns.column}, error.column ?? ''),
			h('td', {'data-label': columns.value}, h('code', {}, error.value ?? '')),
			h('td', {}, error.detail)
		);
	const rows = h('tbody');
	const foot = h('div', {class: 'table-foot'});
	const showFoot = (next) => {
		foot.hidden = !next;
		fill(
			foot,
			moreLink(next, async (after) => {
				const {data} = await get(`${path}/errors`, {after});
				rows.append(...data.items.map(line));
				showFoot(data.next);
			})
		);
	};
	try {
		const {data} = await get(`${path}/errors`);
		fill(rows, data.items.map(line));
		showFoot(data.next);
		fill(
			place,
			h(
				'div',
				{class: 'page-head'},
				h('h2', {}, words.errorsTitle),
				h(
					'div',
					{class: 'actions'},
					h(
						'a',
						{class: 'button slim', href: `${path}/errors?format=csv`, download: ''},
						words.errorsDownload
					)
				)
			),
			h(
				'div',
				{class: 'table-box scroll-x', tabindex: 0, role: 'region', 'aria-label': words.errorsTitle},
				h(
					'table',
					{class: 'table tall stack-narrow'},
					h('caption', {class: 'visually-hidden'}, words.errorsCaption),
					h(
						'thead',
						{},
						h(
							'tr',
							{},
							[columns.line, columns.column, columns.value, columns.detail].map((label) =>
								h('th', {scope: 'col'}, label)
							)
						)
					),
					rows
				),
				foot
			)
		);
	} catch (error) {
		fill(
			place,
			failure(error, () => drawErrors(place))
		);
	}
}

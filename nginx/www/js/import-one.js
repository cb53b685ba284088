// SPDX-License-Identifier: GPL-3.0-or-later
// One import, in whichever state it is: waiting for its mapping, running, or finished with an answer.
import {h, icon, svg, fill, $} from './dom.js';
import {get, patch, post} from './api.js';
import {may} from './shell.js';
import {announce, cancelButton, dialog, failure, field, loading, moreLink, onSubmit, poll, problemText, toast, uid} from './ui.js';
import {number} from './text.js';
import common from './strings/common.js';
import words from './strings/import.js';

const PERSON = ['email', 'first_name', 'last_name', 'full_name', 'phone', 'title', 'account', 'tags', 'note'];
const CONSENT = ['consent_status', 'optin_time', 'confirm_time', 'consent_source', 'unsub_time', 'opted_out'];
const EVIDENCE = ['optin_time', 'confirm_time'];
const ENDED = ['done', 'failed', 'cancelled', 'reverted'];

let main;
let who;
let path;
let one;
let custom = [];
const body = h('div', {class: 'stack', id: 'import'});

export async function showImport(place, id, session)
{
	[main, who, path] = [place, session, `/v1/imports/${encodeURIComponent(id)}`];
	fill(main, loading());
	try {
		[{data: one}, {data: {items: custom}}] = await Promise.all([get(path), get('/v1/custom-fields').catch(() => ({data: {items: []}}))]);
	} catch (error) {
		fill(main, error.status === 404 || error.status === 400 ? h('div', {class: 'empty'}, h('h1', {}, words.missing), h('a', {class: 'button', href: '/import'}, words.toList)) : failure(error, () => showImport(place, id, session)));
		return;
	}
	document.title = `${one.filename || words.noName} · ${common.product}`;
	fill(main, h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, one.filename || words.noName), h('div', {class: 'actions'}, h('a', {class: 'button', href: '/import'}, words.toList))), body);
	await draw();
}

async function draw()
{
	if (one.status === 'mapping')
		await drawMapping();
	else if (ENDED.includes(one.status))
		drawAnswer();
	else
		await drawProgress();
}

// ── the mapping ─────────────────────────────────────────────────────────────────────────────────────────────────
function looksLike(guess)
{
	if (guess.format === 'vcard')
		return words.looks({tool: words.vcard, encoding: guess.encoding});
	return words.looks(guess);
}

async function drawMapping()
{
	const guess = one.guess ?? {};
	const mapping = one.mapping?.length ? one.mapping : guess.mapping ?? [];
	const columns = guess.header ?? [];
	const isCards = guess.format === 'vcard';
	const policy = await get('/v1/settings/privacy').then(({data}) => data.default_consent_policy, () => 'pending');
	const options = {...one.options};
	const warnings = h('div', {class: 'stack-s', role: 'status'});
	const consent = h('div', {class: 'stack-s'});
	const selects = columns.map((name, at) => {
		const select = h('select', {id: uid('goes'), 'data-pointer': `/mapping/${at}`, 'aria-label': words.goesTo(name || words.columnNumber(at + 1)), 'data-column': at, onchange: () => select.value === 'new' ? newField(select) : note()});
		select.setAttribute('aria-describedby', `${select.id}-error`);
		offer(select, mapping.find(({column}) => column === at)?.field ?? 'ignore');
		return select;
	});
	const read = () => selects.map((select) => ({column: Number(select.dataset.column), field: select.value}));

	function offer(select, value)
	{
		const options_ = (names) => names.map((name) => h('option', {value: name}, words.fields[name]));
		fill(select, h('option', {value: 'ignore'}, words.fields.ignore), h('optgroup', {label: words.groups.person}, options_(PERSON)), h('optgroup', {label: words.groups.consent}, options_(CONSENT)),
			h('optgroup', {label: words.groups.custom}, custom.map(({key, label}) => h('option', {value: `custom:${key}`}, label)), h('option', {value: 'new'}, words.newField)));
		select.value = value;
		if (select.selectedIndex < 0)
			select.value = 'ignore';
		select.dataset.last = select.value;
	}

	function newField(select)
	{
		const form = h('form', {}, field({name: 'label', label: words.newFieldLabel, value: guess.custom?.[select.dataset.column]?.label ?? columns[select.dataset.column], required: true, maxlength: 120, autocomplete: 'off'}),
			h('div', {class: 'form-foot'}, cancelButton(), h('button', {type: 'submit', class: 'button primary'}, words.newFieldAdd)));
		select.value = select.dataset.last;
		onSubmit(form, async ({label}, key) => {
			const {data} = await post('/v1/custom-fields', {label: label.trim()}, {key});
			custom.push(data);
			for (const other of selects)
				offer(other, other === select ? `custom:${data.key}` : other.value);
			note();
			box.close();
			select.focus();
		});
		const box = dialog(words.newFieldTitle, form);
	}

	// what follows from the assignment, in words
	function note()
	{
		for (const select of selects)
			select.dataset.last = select.value;
		const fields = read().map(({field: name}) => name);
		// that people have left is said by the banner, with a way to contradict
		const notes = (guess.warnings ?? []).filter((text) => !guess.departures || !text.includes('have left'));
		if (!fields.includes('email'))
			notes.push(words.noEmail);
		selects.forEach((select, at) => {
			const twice = select.value !== 'ignore' && fields.indexOf(select.value) < at;
			$(`#${select.id}-error`)?.replaceChildren(...twice ? [words.twice(select.selectedOptions[0].label)] : []);
			select.toggleAttribute('aria-invalid', twice);
			if (twice)
				select.setAttribute('aria-invalid', 'true');
		});
		fill(warnings, guess.departures && departures(), notes.map((text) => h('div', {class: 'banner pending'}, icon('warning', 'large'), h('p', {class: 'text'}, text))));
		const evidence = read().filter(({field: name}) => EVIDENCE.includes(name)).map(({column}) => columns[column]);
		fill(consent, h('h2', {}, words.consentTitle), h('p', {}, evidence.length ? words.evidence(evidence) : isCards ? '' : words.noEvidence, ' ', words.policy[policy], ' ',
			may(who, 'settings.read') && h('a', {href: '/settings?section=privacy'}, words.policyLink)));
	}

	function departures()
	{
		const on = options.departures !== false;
		return h('div', {class: `banner ${on ? 'declined' : 'pending'}`, id: 'departures'}, icon(on ? 'declined' : 'warning', 'large'), h('div', {class: 'text stack-s'}, h('p', {}, h('strong', {}, words.departures), ' ', on ? words.departuresText : words.departuresOff),
			h('label', {class: 'check'}, h('input', {type: 'checkbox', checked: on, onchange: (event) => {
				options.departures = event.target.checked;
				note();
				$('#departures input').focus();
			}}), h('span', {}, words.departuresOption))));
	}

	const form = h('form', {class: 'stack'}, h('div', {class: 'row soft'}, h('span', {}, looksLike(guess)), !isCards && h('button', {type: 'button', class: 'link', onclick: () => readDifferently(guess)}, words.readDifferently)), warnings,
		h('div', {class: 'stack-s'}, h('h2', {}, words.mapTitle), h('p', {class: 'help'}, words.mapHelp), h('div', {class: 'table-box scroll-x'},
			h('table', {class: 'table map', id: 'mapping'}, h('caption', {class: 'visually-hidden'}, words.mapTitle), h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, words.mapColumns.column), h('th', {scope: 'col', class: 'opt'}, words.mapColumns.sample), h('th', {scope: 'col'}, words.mapColumns.field))),
				h('tbody', {}, columns.map((name, at) => h('tr', {}, h('th', {scope: 'row'}, name || words.columnNumber(at + 1)),
					h('td', {class: 'opt sample'}, (guess.sample ?? []).map((line) => line[at]).filter(Boolean).slice(0, 3).join(' · ')), h('td', {}, h('div', {class: 'field'}, selects[at], h('p', {class: 'error', id: `${selects[at].id}-error`}))))))))),
		consent, h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button primary', value: 'dry'}, words.tryIt), h('button', {type: 'submit', class: 'button', value: 'run'}, words.runNow)));
	onSubmit(form, async (data, key, event) => {
		const twice = selects.filter((select) => select.hasAttribute('aria-invalid'));
		if (twice.length)
			throw {errors: twice.map((select) => ({pointer: select.dataset.pointer, detail: words.twice(select.selectedOptions[0].label)}))};
		const dry = event.submitter?.value !== 'run';
		const changes = {dry_run: dry};
		changes.mapping = read();
		if (Object.keys(options).length)
			changes.options = options;
		await patch(path, changes);
		await start(dry, key);
	});
	note();
	fill(body, form);
}

// What was detected can be wrong: the encoding, what separates the columns, how 03/04/2026 is meant.
function readDifferently(guess)
{
	const {encoding, separator, dates} = words.reading;
	const choose = (name, label, choices, chosen) => {
		const select = h('select', {}, Object.entries(choices).map(([value, text]) => h('option', {value}, text)));
		select.value = chosen ?? '';
		return field({name, label, control: select, pointer: `/options/${name}`});
	};
	const form = h('form', {}, h('p', {class: 'soft'}, words.reading.lead), choose('encoding', encoding.label, encoding.choices, one.options?.encoding ?? guess.encoding),
		choose('separator', separator.label, separator.choices, one.options?.separator ?? {',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe'}[guess.separator]),
		choose('dates', dates.label, dates.choices, one.options?.dates), h('div', {class: 'form-foot'}, cancelButton(), h('button', {type: 'submit', class: 'button primary'}, words.reading.apply)));
	onSubmit(form, async (data) => {
		const {data: read} = await patch(path, {options: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value || null]))});
		one = {...read, mapping: []};
		box.close();
		await drawMapping();
		announce(looksLike(one.guess));
	});
	const box = dialog(words.readDifferently, form);
}

async function start(dry, key = crypto.randomUUID())
{
	const {data} = await post(`${path}/start`, {dry_run: dry}, {key});
	one = data?.public_id ? data : (await get(path)).data;
	await drawProgress();
}

// ── while it runs ───────────────────────────────────────────────────────────────────────────────────────────────
async function drawProgress(reverting = false)
{
	const doing = reverting ? words.reverting : words.working(one.dry_run);
	const bar = h('progress', {'aria-label': doing});
	const text = h('p', {class: 'num', role: 'status', id: 'progress'});
	const cancel = h('button', {type: 'button', class: 'button', onclick: async () => {
		cancel.setAttribute('aria-disabled', 'true');
		cancel.textContent = words.cancelling;
		await post(`${path}/cancel`).catch((error) => toast(problemText(error)));
	}}, one.dry_run ? words.cancelDry : words.cancel);
	const heading = h('h2', {tabindex: -1}, doing);
	fill(body, h('div', {class: 'panel pad stack-s'}, heading, bar, text, h('p', {class: 'help'}, words.leave), !reverting && h('div', {}, cancel)));
	heading.focus();
	try {
		one = await poll(async () => {
			const {data} = await get(path);
			if (data.rows_total && !reverting) {
				bar.max = data.rows_total;
				bar.value = data.rows_done;
			}
			text.textContent = data.status === 'queued' ? words.queued : reverting ? '' : words.progress(data.rows_done, data.rows_total);
			return data;
		}, ({status}) => ENDED.includes(status) || status === 'mapping');
	} catch (error) {
		fill(body, failure(error, () => drawProgress(reverting)));
		return;
	}
	await draw();
	$('#verdict')?.focus();
}

// ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────
function share(parts)
{
	const total = parts.reduce((sum, part) => sum + part, 0) || 1;
	let from = 0;
	return svg('svg', {class: 'split', viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, ...parts.map((part, at) => {
		const width = part / total * 100;
		const bar = svg('rect', {x: from, y: 0, width, height: 1, class: 'abcd'[at]});
		from += width;
		return bar;
	}));
}

function drawAnswer()
{
	const {dry_run: dry, status} = one;
	const sums = {rows: one.rows_total, mailable: one.mailable, confirm: one.needs_confirming, suppressed: one.suppressed, errors: one.errors};
	const [lead, mail, rest] = words.verdict(sums, dry);
	const parts = [];
	if (status === 'failed')
		parts.push(h('div', {class: 'banner declined', id: 'verdict', tabindex: -1}, icon('warning', 'large'), h('p', {class: 'text'}, h('strong', {}, words.failed), ' ', one.problem ?? '', ' ', !dry && one.rows_done ? words.failedText : '')));
	else if (status === 'cancelled' || status === 'reverted')
		parts.push(h('div', {class: 'banner', id: 'verdict', tabindex: -1}, icon('info', 'large'), h('p', {class: 'text'}, h('strong', {}, words[status]), ' ', status === 'cancelled' ? words.cancelledText(one.rows_done) : words.revertedText)));
	else
		parts.push(h('section', {class: 'panel pad stack', 'aria-labelledby': 'verdict'}, h('div', {class: 'stack-s'}, h('p', {class: 'label'}, dry ? words.tryTitle : words.runTitle),
			h('h2', {class: 'verdict', id: 'verdict', tabindex: -1}, lead, h('span', {class: sums.mailable ? 'good' : null}, mail), rest)),
		share([sums.mailable, sums.confirm, sums.suppressed, sums.errors]),
		h('dl', {class: 'figures'}, Object.entries(words.figures).map(([name, label]) => h('div', {}, h('dt', {}, label), h('dd', {class: sums[name] ? {mailable: 'good', confirm: 'wait', suppressed: 'bad'}[name] : 'soft'}, number(sums[name]))))),
		h('p', {}, dry ? `${words.wouldWrite(one)} ${words.nothingWritten}` : words.written(one))));
	parts.push(h('div', {class: 'form-foot'}, buttons()));
	const errors = h('div', {class: 'stack-s', id: 'errors'});
	fill(body, ...parts, errors);
	announce($('#verdict').textContent);
	if (one.errors)
		drawErrors(errors);
}

function buttons()
{
	const write = one.rows_total - one.errors - one.skipped;
	if (one.dry_run && ['done', 'cancelled', 'failed'].includes(one.status))
		return [one.file_kept === false && h('p', {}, words.gone), one.status === 'done' && one.file_kept !== false && write > 0 && h('button', {type: 'button', class: 'button primary', onclick: (event) => act(event, () => start(false))}, words.importNow(write)),
			one.file_kept !== false && h('button', {type: 'button', class: 'button', onclick: (event) => act(event, drawMapping)}, words.changeMapping), h('a', {class: 'button', href: '/import'}, words.again)];
	return [h('a', {class: 'button primary', href: '/contacts'}, words.see), h('a', {class: 'button', href: '/import'}, words.again),
		!one.dry_run && ['done', 'cancelled', 'failed'].includes(one.status) && one.imported + one.updated > 0 && h('button', {type: 'button', class: 'button danger', onclick: revert}, words.revert)];
}

async function act(event, work)
{
	const button = event.currentTarget;
	if (button.getAttribute('aria-disabled'))
		return;
	button.setAttribute('aria-disabled', 'true');
	try {
		await work();
	} catch (error) {
		button.removeAttribute('aria-disabled');
		toast(error.slug === 'conflict' ? words.gone : problemText(error));
	}
}

function revert()
{
	const form = h('form', {}, h('p', {}, words.revertLead(one)), h('p', {class: 'soft'}, words.revertKeeps), h('div', {class: 'form-foot'}, cancelButton(), h('button', {type: 'submit', class: 'button danger primary'}, words.revertDo)));
	onSubmit(form, async (data, key) => {
		await post(`${path}/revert`, {}, {key});
		box.close();
		one = (await get(path)).data;
		await drawProgress(true);
	});
	const box = dialog(words.revertTitle, form);
}

async function drawErrors(place)
{
	const {errorColumns: columns} = words;
	const line = (error) => h('tr', {}, h('td', {class: 'num', 'data-label': columns.line}, number(error.line)), h('td', {'data-label': columns.column}, error.column ?? ''), h('td', {'data-label': columns.value}, h('code', {}, error.value ?? '')), h('td', {}, error.detail));
	const rows = h('tbody');
	const foot = h('div', {class: 'table-foot'});
	const showFoot = (next) => {
		foot.hidden = !next;
		fill(foot, moreLink(next, async (after) => {
			const {data} = await get(`${path}/errors`, {after});
			rows.append(...data.items.map(line));
			showFoot(data.next);
		}));
	};
	try {
		const {data} = await get(`${path}/errors`);
		fill(rows, data.items.map(line));
		showFoot(data.next);
		fill(place, h('div', {class: 'page-head'}, h('h2', {}, words.errorsTitle), h('div', {class: 'actions'}, h('a', {class: 'button slim', href: `${path}/errors?format=csv`, download: ''}, words.errorsDownload))),
			h('div', {class: 'table-box scroll-x', tabindex: 0, role: 'region', 'aria-label': words.errorsTitle}, h('table', {class: 'table tall stack-narrow'}, h('caption', {class: 'visually-hidden'}, words.errorsCaption),
				h('thead', {}, h('tr', {}, [columns.line, columns.column, columns.value, columns.detail].map((label) => h('th', {scope: 'col'}, label)))), rows), foot));
	} catch (error) {
		fill(place, failure(error, () => drawErrors(place)));
	}
}

// SPDX-License-Identifier: GPL-3.0-or-later
// One contact: first whether this person may be mailed and why, then what is known, what happened, and every change of consent.
import {h, icon, fill, $} from './dom.js';
import {call, get, post, download} from './api.js';
import {session, may} from './shell.js';
import {accountControl, announce, cancelButton, dialog, failure, field, loading, onSubmit, problemText, tabs, toast} from './ui.js';
import {answer, badge, evidenceText, sourceText} from './consent.js';
import {consentDialog} from './consent-form.js';
import {Thing, editable} from './inplace.js';
import {Timeline} from './timeline.js';
import {accountId, findAccounts, tagsInUse} from './contact-new.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/contact.js';

const main = $('main');
const id = new URLSearchParams(location.search).get('id') ?? '';
const path = `/v1/contacts/${encodeURIComponent(id)}`;
const nameOf = (contact) => [contact.first_name, contact.last_name].filter(Boolean).join(' ') || contact.email || words.noName;
let who;
let contact;
let fields = [];
let ledger = [];
let timeline;

async function start()
{
	fill(main, loading());
	try {
		const [person, one, history, custom] = await Promise.all([session(), get(path), get(`${path}/consent`), get('/v1/custom-fields').catch(() => ({data: {items: []}}))]);
		who = person;
		contact = new Thing(path, one);
		ledger = history.data.items;
		fields = custom.data.items;
	} catch (error) {
		fill(main, error.status === 404 || error.status === 400 || !id ? h('div', {class: 'empty'}, h('h1', {}, words.missing), h('a', {class: 'button', href: '/contacts'}, words.toList)) : failure(error, start));
		return;
	}
	draw();
}

// ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────
const head = h('div', {class: 'page-head'});
const answerPlace = h('div', {class: 'stack-s', role: 'status'});
const historyPlace = h('div');

function draw()
{
	timeline = new Timeline({owner: {contact_id: id}, path: `${path}/timeline`, write: may(who, 'activity.write'),
		fieldLabel: (name) => (words.fields[name.replace(/_id$/, '')] ?? words.ownFields).toLowerCase()});
	const {element} = tabs(words.tabsLabel, [
		['timeline', words.tabs.timeline, timeline.element],
		['consent', words.tabs.consent, historyPlace],
	], new URLSearchParams(location.search).get('tab'), (name) => {
		const url = new URL(location.href);
		url.searchParams.set('tab', name);
		if (name === 'timeline')
			url.searchParams.delete('tab');
		history.replaceState(null, '', url);
	});
	fill(main, head, answerPlace, h('div', {class: 'two'}, h('section', {class: 'panel pad', 'aria-label': words.fieldsTitle}, facts()),
		h('section', {class: 'panel', 'aria-label': words.tabsLabel}, element)));
	drawHead();
	drawHistory();
	contact.addEventListener('change', drawHead);
	timeline.load();
}

function drawHead()
{
	const {data} = contact;
	document.title = `${nameOf(data)} · ${common.product}`;
	fill(head, h('h1', {tabindex: -1}, nameOf(data)), badge(data.consent_status), h('div', {class: 'actions'},
		may(who, 'activity.write') && h('button', {type: 'button', class: 'button', onclick: () => {
			$('[data-tab="timeline"][role="tab"]').click();
			$('#compose textarea').focus();
		}}, words.addNote),
		may(who, 'contact.write') && h('button', {type: 'button', class: 'button', id: 'change-consent', onclick: changeConsent}, words.changeConsent),
		may(who, 'contact.export') && h('button', {type: 'button', class: 'button', onclick: exportData}, words.exportData),
		(may(who, 'contact.write') || may(who, 'contact.erase')) && h('button', {type: 'button', class: 'button danger', id: 'delete', onclick: deleteDialog}, words.deleteContact)));
	fill(answerPlace, answer(data, ledger.find((event) => event.status === data.consent_status)),
		data.archived_at && h('div', {class: 'banner', id: 'archived'}, icon('archived', 'large'), h('p', {class: 'text'}, h('strong', {}, words.archivedBanner), ' ',
			...words.archivedText(time(data.archived_at, 'date', true), time(new Date(Date.parse(data.archived_at) + 30 * 864e5).toISOString(), 'date', true))),
		may(who, 'contact.write') && h('button', {type: 'button', class: 'link', onclick: restore}, words.restore)));
}

function facts()
{
	const readonly = !may(who, 'contact.write');
	const text = (name, extra = {}) => editable(contact, {name, label: words.fields[name], read: (data) => data[name], patch: (value) => ({[name]: value}), readonly, ...extra});
	const list = h('dl', {class: 'facts'},
		text('email', {type: 'email', maxlength: 254, error: duplicateError}), text('first_name'), text('last_name'), text('phone', {type: 'tel', maxlength: 60}), text('title'),
		editable(contact, {
			name: 'account', label: words.fields.account, readonly, read: (data) => data.account?.name ?? null,
			control: (value, data) => {
				const control = accountControl(findAccounts, data.account);
				return {input: control.input, element: h('div', {class: 'stack-s'}, control.input, control.options, h('p', {class: 'help'}, words.accountHelp)),
					value: () => control.input.value.trim() || null, choice: control};
			},
			patch: async (value, control) => ({account_id: await accountId(control.choice)}),
			beside: (value, data) => data.account && h('a', {class: 'small', href: `/account?id=${data.account.public_id}`}, words.openAccount(data.account.name)),
		}),
		tagsRow(readonly));
	const custom = h('div', {class: 'facts'});
	const drawCustom = () => fill(custom, fields.map(({key, label}) => editable(contact, {name: `custom:${key}`, label, readonly, maxlength: 2000,
		read: (data) => data.custom?.[key] ?? null, patch: (value) => ({custom: {[key]: value}})})));
	drawCustom();
	list.append(...custom.children);
	const last = h('div', {}, h('dt', {}, words.fields.created), h('dd', {}, time(contact.data.created_at, 'full', true)));
	list.append(last);
	return [list, !readonly && h('button', {type: 'button', class: 'link small', onclick: () => newField((made) => {
		fields.push(made);
		drawCustom();
		list.querySelectorAll('[data-field^="custom:"]').forEach((row) => row.remove());
		last.before(...custom.children);
		$(`[data-field="custom:${CSS.escape(made.key)}"] button`, list)?.focus();
	})}, words.addField)];
}

function duplicateError(problem)
{
	return problem.slug === 'duplicate' ? [words.duplicate, ' ', h('a', {href: `/contact?id=${problem.body.existing}`}, words.openExisting)] : null;
}

function newField(made)
{
	const form = h('form', {}, field({name: 'label', label: words.fieldLabel, help: words.fieldHelp, required: true, maxlength: 120, autocomplete: 'off'}),
		h('div', {class: 'form-foot'}, cancelButton(), h('button', {type: 'submit', class: 'button primary'}, words.fieldAdd)));
	onSubmit(form, async ({label}, key) => {
		const {data} = await post('/v1/custom-fields', {label: label.trim()}, {key});
		box.close();
		made(data);
	});
	const box = dialog(words.fieldTitle, form);
}

function tagsRow(readonly)
{
	const place = h('dd');
	const save = async (next, message, focus) => {
		const conflict = await contact.save({tags: next(contact.data.tags)}, (data) => data.tags);
		// somebody else changed the tags: theirs are kept and this one is added or taken away on top
		if (conflict)
			await contact.save({tags: next(contact.data.tags)}, (data) => data.tags, {force: true});
		announce(message);
		$(focus, place)?.focus();
	};
	const view = () => fill(place, h('div', {class: 'chips'}, contact.data.tags.map((tag) => h('span', {class: `chip${readonly ? ' plain' : ''}`},
		h('a', {class: 'plain', href: `/contacts?tag=${encodeURIComponent(tag)}`, title: words.withTag(tag)}, tag),
		!readonly && h('button', {type: 'button', class: 'x', 'aria-label': words.removeTag(tag), onclick: () =>
			save((tags) => tags.filter((other) => other !== tag), words.tagRemoved(tag), '.dashed').catch((error) => toast(problemText(error)))}, icon('close')))),
	readonly ? !contact.data.tags.length && h('span', {class: 'soft'}, '—') : h('button', {type: 'button', class: 'button dashed slim', onclick: add}, words.addTag)));
	const add = () => {
		const options = h('datalist', {id: 'tags-in-use'});
		tagsInUse().then((tags) => fill(options, tags.map((tag) => h('option', {value: tag}))));
		const input = h('input', {type: 'text', maxlength: 60, list: options.id, 'aria-label': words.addTag, autocomplete: 'off', 'aria-describedby': 'tag-error'});
		const error = h('p', {class: 'error small bad', id: 'tag-error', role: 'alert'});
		const form = h('form', {class: 'inplace-form', onsubmit: async (event) => {
			event.preventDefault();
			const tag = input.value.trim();
			if (!tag || contact.data.tags.includes(tag)) {
				view();
				$('.dashed', place).focus();
				return;
			}
			try {
				form.remove();
				await save((tags) => [...tags.filter((other) => other !== tag), tag], words.tagAdded(tag), '.dashed');
			} catch (problem) {
				place.append(form);
				fill(error, problem.errors?.[0]?.detail ?? problemText(problem));
				input.focus();
			}
		}, onkeydown: (event) => {
			if (event.key === 'Escape') {
				event.preventDefault();
				view();
				$('.dashed', place).focus();
			}
		}}, input, options, error, h('div', {class: 'row'}, h('button', {type: 'submit', class: 'button primary slim'}, common.save)));
		$('.dashed', place).replaceWith(form);
		input.focus();
	};
	contact.addEventListener('change', view);
	view();
	return h('div', {'data-field': 'tags'}, h('dt', {}, words.fields.tags), place);
}

// ── consent ─────────────────────────────────────────────────────────────────────────────────────────────────────
function drawHistory()
{
	const {at, status, source, actor, evidence} = words.historyColumns;
	const events = ledger.filter((event) => event.status);
	fill(historyPlace, h('div', {class: 'page-head pad', id: 'history-head'}, h('h2', {}, words.history),
		h('div', {class: 'actions'}, may(who, 'contact.write') && h('button', {type: 'button', class: 'button slim', onclick: changeConsent}, words.changeConsent))),
	events.length ? h('table', {class: 'table tall stack-narrow', id: 'history'}, h('caption', {class: 'visually-hidden'}, words.historyCaption),
		h('thead', {}, h('tr', {}, [at, status, source, actor, evidence].map((label) => h('th', {scope: 'col'}, label)))),
		h('tbody', {}, events.map((event) => h('tr', {}, h('td', {class: 'nowrap'}, time(event.at, 'full', true)),
			h('td', {class: 'nowrap'}, badge(event.status)), h('td', {'data-label': source}, sourceText(event.source)),
			h('td', {'data-label': actor}, event.actor === 'system' ? words.system : event.actor),
			h('td', {'data-label': evidence, class: 'soft cap'}, evidenceText(event.evidence) || '—'))))) :
		h('div', {class: 'empty'}, h('p', {}, words.historyEmpty)));
}

async function refresh()
{
	const [, history] = await Promise.all([contact.reload(), get(`${path}/consent`)]);
	ledger = history.data.items;
	drawHead();
	drawHistory();
	timeline.load();
}

function changeConsent()
{
	consentDialog({current: contact.data.consent_status, send: async (change, key) => {
		await post(`${path}/consent`, change, {key});
		await refresh();
		toast(contact.data.consent_status === change.status ? words.consentSaved :
			words.consentUnchanged(common.consent[change.status].toLowerCase(), common.consent[contact.data.consent_status].toLowerCase()));
	}});
}

async function exportData()
{
	try {
		await download(`${path}/export`);
		toast(words.exported);
	} catch (error) {
		toast(problemText(error));
	}
}

// ── archiving and erasing ───────────────────────────────────────────────────────────────────────────────────────
async function archive()
{
	await post(`${path}/archive`);
	await refresh();
	toast(words.archived(nameOf(contact.data)), restore);
}

async function restore()
{
	try {
		await post(`${path}/restore`);
		await refresh();
		toast(words.restored(nameOf(contact.data)));
		$('h1').focus();
	} catch (error) {
		toast(problemText(error));
	}
}

function deleteDialog()
{
	const step = (title, text, button) => h('div', {class: 'panel pad stack-s'}, h('h3', {}, title), h('p', {class: 'soft'}, text), h('div', {}, button));
	const box = dialog(words.deleteTitle(nameOf(contact.data)), h('div', {class: 'stack'},
		may(who, 'contact.write') && !contact.data.archived_at && step(words.archiveTitle, words.archiveText, h('button', {type: 'button', class: 'button', onclick: async () => {
			box.close();
			await archive().catch((error) => toast(problemText(error)));
		}}, words.archiveDo)),
		may(who, 'contact.erase') && step(words.eraseTitle, words.eraseText, h('button', {type: 'button', class: 'button danger', onclick: () => {
			box.close();
			eraseDialog();
		}}, words.eraseNext)),
		h('div', {class: 'form-foot'}, cancelButton())));
}

async function eraseDialog()
{
	const {data} = contact;
	const text = data.email ?? nameOf(data);
	const counted = await get('/v1/activities', {contact_id: id, limit: 200}).catch(() => ({data: {items: [], next: 'unknown'}}));
	const filled = ['email', 'first_name', 'last_name', 'phone', 'title', 'account_id'].filter((name) => data[name]).length + data.tags.length + Object.keys(data.custom ?? {}).length;
	const form = h('form', {},
		h('div', {class: 'stack-s'}, h('h3', {}, words.goes), h('ul', {class: 'goes', id: 'goes'}, h('li', {}, words.goesFields(filled)),
			h('li', {}, words.goesActivities(counted.data.items.length, counted.data.next)), h('li', {}, words.goesConsent(ledger.length)))),
		h('div', {class: 'stack-s'}, h('h3', {}, words.stays), h('ul', {class: 'goes'}, h('li', {}, data.email ? words.staysHash : words.staysNothing), h('li', {}, words.staysAudit))),
		field({name: 'typed', label: data.email ? words.typeAddress : words.typeName, help: words.typeHelp(text), required: true, autocomplete: 'off', spellcheck: 'false', 'data-missing': words.typeWrong}),
		h('div', {class: 'form-foot'}, cancelButton(), h('button', {type: 'submit', class: 'button danger primary'}, words.eraseDo)));
	onSubmit(form, async ({typed}) => {
		if (typed.trim().toLowerCase() !== text.toLowerCase())
			throw {errors: [{pointer: '/typed', detail: words.typeWrong}]};
		await call('DELETE', path);
		sessionStorage.setItem('pact.message', words.erased);
		location.assign('/contacts');
	});
	dialog(words.eraseHead(nameOf(data)), form);
}

await start();

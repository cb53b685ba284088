// SPDX-License-Identifier: GPL-3.0-or-later
// Which column goes where: the guess with a sample, changed column by column; what follows from it stands beside it in words.
import {h, icon, fill, $} from './dom.js';
import {patch, post} from './api.js';
import {may} from './shell.js';
import {cancelButton, dialog, field, onSubmit, uid} from './ui.js';
import words from './strings/import.js';

const PERSON = ['email', 'first_name', 'last_name', 'full_name', 'phone', 'title', 'account', 'tags', 'note'];
const CONSENT = ['consent_status', 'optin_time', 'confirm_time', 'consent_source', 'unsub_time', 'opted_out'];
const EVIDENCE = ['optin_time', 'confirm_time'];
const SAMPLES = 3;

const optionsOf = (pairs) => pairs.map(([value, label]) => h('option', {value}, label));
const isTwice = (select) => select.getAttribute('aria-invalid') === 'true';

// `one`: the import; `own`: the workspace's own fields, to which new ones are added; `policy`: its default consent policy;
// `start(dry, key)`: what comes after saving; `again(import)`: the file was read differently.
export class Mapping {
	constructor({one, path, own, policy, who, start, again}) {
		Object.assign(this, {one, path, own, policy, who, start, again});
		this.guess = one.guess ?? {};
		this.columns = this.guess.header ?? [];
		this.options = {...one.options};
		this.warnings = h('div', {class: 'stack-s', role: 'status'});
		this.consent = h('div', {class: 'stack-s'});
		const mapping = one.mapping?.length ? one.mapping : (this.guess.mapping ?? []);
		this.selects = this.columns.map((name, at) =>
			this.select(name, at, mapping.find(({column}) => column === at)?.field)
		);
		this.element = this.form();
		this.note();
	}

	read() {
		return this.selects.map((select, column) => ({column, field: select.value}));
	}

	select(name, at, chosen) {
		const id = uid('goes');
		const select = h('select', {
			id,
			'aria-label': words.goesTo(name || words.columnNumber(at + 1)),
			'aria-describedby': `${id}-error`,
			'data-pointer': `/mapping/${at}`,
			onchange: () => (select.value === 'new' ? this.newField(select, at) : this.note()),
		});
		this.offer(select, at, chosen ?? 'ignore');
		return select;
	}

	offer(select, at, value) {
		const named = (names) => optionsOf(names.map((name) => [name, words.fields[name]]));
		const own = this.own.map(({key, label}) => [`custom:${key}`, label]);
		fill(
			select,
			optionsOf([['ignore', words.fields.ignore]]),
			h('optgroup', {label: words.groups.person}, named(PERSON)),
			h('optgroup', {label: words.groups.consent}, named(CONSENT)),
			h('optgroup', {label: words.groups.custom}, optionsOf([...own, ['new', words.newField]]))
		);
		select.value = value;
		// an own field that the import itself will make is not there yet
		if (select.selectedIndex < 0) {
			select.lastElementChild.prepend(h('option', {value}, this.guess.custom?.[at]?.label ?? value));
			select.value = value;
		}
		select.dataset.last = select.value;
	}

	newField(select, at) {
		const suggested = this.guess.custom?.[at]?.label ?? this.columns[at];
		const label = {name: 'label', label: words.newFieldLabel, value: suggested, maxlength: 120};
		const add = h('button', {type: 'submit', class: 'button primary'}, words.newFieldAdd);
		const form = h(
			'form',
			{},
			field({...label, required: true, autocomplete: 'off'}),
			h('div', {class: 'form-foot'}, cancelButton(), add)
		);
		select.value = select.dataset.last;
		onSubmit(form, async (typed, key) => {
			const {data} = await post('/v1/custom-fields', {label: typed.label.trim()}, {key});
			this.own.push(data);
			this.selects.forEach((other, place) =>
				this.offer(other, place, other === select ? `custom:${data.key}` : other.value)
			);
			this.note();
			box.close();
			select.focus();
		});
		const box = dialog(words.newFieldTitle, form);
	}

	// ── what follows ────────────────────────────────────────────────────────────────────────────────────────────
	note() {
		const fields = this.read().map((one) => one.field);
		this.selects.forEach((select, at) => {
			const twice = select.value !== 'ignore' && fields.indexOf(select.value) < at;
			const error = twice ? words.twice(select.selectedOptions[0].label) : '';
			select.dataset.last = select.value;
			select.setAttribute('aria-invalid', String(twice));
			this.element.querySelector(`#${select.id}-error`).replaceChildren(error);
		});
		// that people have left is said by the banner, with a way to contradict
		const {departures, warnings = []} = this.guess;
		const notes = warnings.filter((text) => !departures || !text.includes('have left'));
		if (!fields.includes('email')) notes.push(words.noEmail);
		const note = (text) => [icon('warning', 'large'), h('p', {class: 'text'}, text)];
		fill(
			this.warnings,
			departures && this.departures(),
			notes.map((text) => h('div', {class: 'banner pending'}, note(text)))
		);
		this.noteConsent();
	}

	noteConsent() {
		const evidence = this.columns.filter((name, at) => EVIDENCE.includes(this.selects[at].value));
		const where = evidence.length ? words.evidence(evidence) : words.noEvidence;
		const link = h('a', {href: '/settings?section=privacy'}, words.policyLink);
		this.consent.hidden = Boolean(this.guess.departures) && this.options.departures !== false;
		fill(
			this.consent,
			h('h2', {}, words.consentTitle),
			h('p', {}, where, ' ', words.policy[this.policy], ' ', may(this.who, 'settings.read') && link)
		);
	}

	departures() {
		const on = this.options.departures !== false;
		const change = (event) => {
			this.options.departures = event.target.checked;
			this.note();
			$('#departures input').focus();
		};
		const check = h('input', {type: 'checkbox', checked: on, onchange: change});
		return h(
			'div',
			{class: `banner ${on ? 'declined' : 'pending'}`, id: 'departures'},
			icon(on ? 'declined' : 'warning', 'large'),
			h(
				'div',
				{class: 'text stack-s'},
				h('p', {}, h('strong', {}, words.departures), ' ', on ? words.departuresText : words.departuresOff),
				h('label', {class: 'check'}, check, h('span', {}, words.departuresOption))
			)
		);
	}

	// ── the form ────────────────────────────────────────────────────────────────────────────────────────────────
	form() {
		const {guess} = this;
		const isCard = guess.format === 'vcard';
		const looks = words.looks(isCard ? {tool: words.vcard, encoding: guess.encoding} : guess);
		const again = h(
			'button',
			{type: 'button', class: 'link', onclick: () => this.readDifferently()},
			words.readDifferently
		);
		const form = h(
			'form',
			{class: 'stack'},
			h('div', {class: 'row soft'}, h('span', {}, looks), !isCard && again),
			this.warnings,
			h(
				'div',
				{class: 'stack-s'},
				h('h2', {}, words.mapTitle),
				h('p', {class: 'help'}, words.mapHelp),
				h('div', {class: 'table-box scroll-x'}, this.table())
			),
			this.consent,
			h(
				'div',
				{class: 'form-foot'},
				h('button', {type: 'submit', class: 'button primary', value: 'dry'}, words.tryIt),
				h('button', {type: 'submit', class: 'button', value: 'run'}, words.runNow)
			)
		);
		return onSubmit(form, (data, key, event) => this.send(key, event.submitter?.value !== 'run'));
	}

	table() {
		const {column, sample, field: goes} = words.mapColumns;
		const samples = (at) =>
			(this.guess.sample ?? [])
				.map((line) => line[at])
				.filter(Boolean)
				.slice(0, SAMPLES);
		const error = (select) => h('p', {class: 'error', id: `${select.id}-error`});
		const row = (name, at) =>
			h(
				'tr',
				{},
				h('th', {scope: 'row'}, name || words.columnNumber(at + 1)),
				h('td', {class: 'opt sample'}, samples(at).join(' · ')),
				h('td', {}, h('div', {class: 'field'}, this.selects[at], error(this.selects[at])))
			);
		return h(
			'table',
			{class: 'table map', id: 'mapping'},
			h('caption', {class: 'visually-hidden'}, words.mapTitle),
			h(
				'thead',
				{},
				h(
					'tr',
					{},
					h('th', {scope: 'col'}, column),
					h('th', {scope: 'col', class: 'opt'}, sample),
					h('th', {scope: 'col'}, goes)
				)
			),
			h('tbody', {}, this.columns.map(row))
		);
	}

	async send(key, dry) {
		const twice = this.selects.filter(isTwice);
		if (twice.length) {
			const error = (select) => ({
				pointer: select.dataset.pointer,
				detail: words.twice(select.selectedOptions[0].label),
			});
			throw {errors: twice.map(error)};
		}
		const changes = {dry_run: dry, mapping: this.read()};
		if (Object.keys(this.options).length) changes.options = this.options;
		await patch(this.path, changes);
		await this.start(dry, key);
	}

	// What was detected can be wrong: the encoding, what separates the columns, how 03/04/2026 is meant.
	readDifferently() {
		const {encoding, separator, dates, lead, apply} = words.reading;
		const found = {',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe'}[this.guess.separator];
		const choose = (name, {label, choices}, chosen) => {
			const control = h('select', {}, optionsOf(Object.entries(choices)));
			control.value = chosen ?? '';
			return field({name, label, control, pointer: `/options/${name}`});
		};
		const form = h(
			'form',
			{},
			h('p', {class: 'soft'}, lead),
			choose('encoding', encoding, this.options.encoding ?? this.guess.encoding),
			choose('separator', separator, this.options.separator ?? found),
			choose('dates', dates, this.options.dates),
			h(
				'div',
				{class: 'form-foot'},
				cancelButton(),
				h('button', {type: 'submit', class: 'button primary'}, apply)
			)
		);
		onSubmit(form, async (typed) => {
			const options = Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value || null]));
			const {data} = await patch(this.path, {options});
			box.close();
			await this.again({...data, mapping: []});
		});
		const box = dialog(words.readDifferently, form);
	}
}

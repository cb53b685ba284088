// SPDX-License-Identifier: GPL-3.0-or-later
// Fields that are changed where they stand. A save names the version it started from (If-Match); when somebody else was
// faster, nothing typed is lost: another field's change is taken over silently, the same field's change is shown to choose.
import {h, icon, fill, $} from './dom.js';
import {get, patch} from './api.js';
import {announce, problemText, toast, uid} from './ui.js';
import common from './strings/common.js';
import words from './strings/contact.js';

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

// One thing on the server: its path, its data and the ETag they came with.
export class Thing extends EventTarget {
	constructor(path, {data, etag}) {
		super();
		Object.assign(this, {path, data, etag});
	}

	async reload() {
		const {data, etag} = await get(this.path);
		this.take(data, etag);
	}

	take(data, etag) {
		Object.assign(this, {data, etag});
		this.dispatchEvent(new Event('change'));
	}

	// Save `change` (a merge patch). `read` gets from the data the value being changed, to tell whose change it was.
	// Returns null, or the other's value when both changed the same field.
	async save(change, read, {force = false} = {}) {
		for (let attempt = 0; ; attempt++) {
			const before = read(this.data);
			try {
				const {data, etag} = await patch(this.path, change, this.etag);
				if (data) this.take(data, etag);
				else await this.reload();
				return null;
			} catch (error) {
				if (error.status !== 412 || attempt > 2) throw error;
				await this.reload();
				if (!force && !same(before, read(this.data))) return {theirs: read(this.data)};
				if (!force) toast(words.merged);
			}
		}
	}
}

// A row of a description list. `options`: label, read(data) → value, patch(value) → merge patch, control(value) →
// {element, value()}, show(value, data) → node, error(problem) → nodes.
export function editable(thing, options) {
	const {label, read, show = (value) => value} = options;
	const place = h('dd');
	const view = () => {
		const value = read(thing.data);
		const none = value === null || value === undefined || value === '';
		fill(
			place,
			options.readonly
				? none
					? h('span', {class: 'soft'}, '—')
					: show(value, thing.data)
				: [
						h(
							'button',
							{type: 'button', class: `inplace${none ? ' none' : ''}`, onclick: edit},
							none ? '—' : show(value, thing.data),
							h('span', {class: 'visually-hidden'}, `, ${words.edit(label)}`),
							icon('edit')
						),
						options.beside?.(value, thing.data),
					]
		);
	};
	const edit = () => {
		const id = uid('field');
		const control = options.control?.(read(thing.data), thing.data) ?? plainControl(options, read(thing.data));
		const input = control.input;
		input.id = id;
		input.setAttribute('aria-label', label);
		input.setAttribute('aria-describedby', `${id}-error`);
		const error = h('p', {class: 'error small bad', id: `${id}-error`, role: 'alert'});
		const done = (message) => {
			view();
			$('button', place)?.focus();
			if (message) announce(message);
		};
		const save = async (force) => {
			const value = control.value();
			if (same(value, read(thing.data)) && !control.changed?.()) return done();
			input.removeAttribute('aria-invalid');
			error.replaceChildren();
			form.setAttribute('aria-busy', 'true');
			try {
				const conflict = await thing.save(await options.patch(value, control), read, {force});
				if (!conflict) return done(words.saved(label));
				fill(
					error,
					...words.conflict(
						h('strong', {}, conflict.theirs ? show(conflict.theirs, thing.data) : words.conflictEmpty)
					),
					' ',
					h('button', {type: 'button', class: 'link', onclick: () => save(true)}, words.saveMine),
					' · ',
					h('button', {type: 'button', class: 'link', onclick: () => done()}, words.useTheirs)
				);
			} catch (problem) {
				fill(error, options.error?.(problem) ?? problem.errors?.[0]?.detail ?? problemText(problem));
			} finally {
				form.removeAttribute('aria-busy');
			}
			input.setAttribute('aria-invalid', 'true');
			input.focus();
		};
		const form = h(
			'form',
			{
				class: 'inplace-form',
				novalidate: true,
				onsubmit: (event) => {
					event.preventDefault();
					if (form.getAttribute('aria-busy') !== 'true') save(false);
				},
				onkeydown: (event) => {
					if (event.key === 'Escape') {
						event.preventDefault();
						done();
					}
				},
			},
			control.element ?? input,
			error,
			h(
				'div',
				{class: 'row'},
				h('button', {type: 'submit', class: 'button primary slim'}, common.save),
				h('button', {type: 'button', class: 'button slim', onclick: () => done()}, common.cancel)
			)
		);
		fill(place, form);
		input.focus();
		input.select?.();
	};
	// an open form is never redrawn: what is being typed stays
	thing.addEventListener('change', () => $('form', place) || view());
	view();
	return h('div', {'data-field': options.name ?? label}, h('dt', {}, label), place);
}

function plainControl({type = 'text', maxlength = 200}, value) {
	const input =
		type === 'textarea'
			? h('textarea', {rows: 4, maxlength})
			: h('input', {type, maxlength, autocomplete: 'off'});
	input.value = value ?? '';
	return {input, value: () => input.value.trim() || null};
}
